import type { SearchStore } from "../../stores/search-store.ts";
import { more } from "../../texts/more.ts";

const filters = ["from:", "in:", "has:", "is:", "before:", "after:", "on:"] as const;

/** What is shown before anything is typed: what was searched for last, and what else can be asked. */
export function SearchStart({ search }: { search: SearchStore }) {
  const recent = search.recent.value;
  const use = (words: string) => {
    search.setWords(words);
    search.focusRequests.value += 1;
  };
  return (
    <>
      {recent.length > 0 ? (
        <section aria-label={more.search.recent}>
          <div className="search-recent-head">
            <h3>{more.search.recent}</h3>
            <button type="button" className="button-subtle" onClick={() => search.clearRecent()}>
              {more.search.clearRecent}
            </button>
          </div>
          <ul className="previews">
            {recent.map((words) => (
              <li key={words}>
                <button
                  type="button"
                  className="menu-item search-recent"
                  dir="auto"
                  onClick={() => use(words)}
                >
                  {words}
                </button>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      <section aria-label={more.search.narrow}>
        <h3>{more.search.narrow}</h3>
        <ul className="previews">
          {filters.map((filter) => (
            <li key={filter}>
              <button type="button" className="menu-item search-recent" onClick={() => use(filter)}>
                <code>{filter}</code>
                <span className="suggestion-hint">{more.search.filters[filter]}</span>
              </button>
            </li>
          ))}
        </ul>
        <p className="panel-note">{more.search.tips}</p>
      </section>
    </>
  );
}
