import { searchCharsMax } from "@novax/protocol/limits";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { CloseIcon, SearchIcon } from "../../components/icons.tsx";
import { isTouch } from "../../lib/element.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { SearchOrder, SearchStore } from "../../stores/search-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import type { Suggestion } from "../messages/completion.ts";
import { SuggestionList } from "../messages/suggestion-list.tsx";
import { filterAt, suggestFilter } from "./suggest-filter.ts";

const none = { typed: null, list: [] };
const orders: readonly SearchOrder[] = ["newest", "relevant"];

/** The words to search for, with what fits a filter that is being typed, and where and how to search. */
export function SearchField({ chat, ui, search }: { chat: ChatStore; ui: UiStore; search: SearchStore }) {
  const field = useRef<HTMLInputElement>(null);
  const [caret, setCaret] = useState<number | null>(null);
  const [found, setFound] = useState<{ typed: string | null; list: readonly Suggestion[] }>(none);
  const [chosen, setChosen] = useState(0);
  const words = search.words.value;
  const requests = search.focusRequests.value;
  const room = chat.room.value;
  const isRefused = search.answer.value.kind === "refused" && search.suggested.value === 0;

  useLayoutEffect(() => {
    // From now on the field takes the keys.
    ui.awaitsSearch = false;
    // Back from a message it is the message in the list that has the focus.
    if (search.focused.peek() !== null && requests === search.handledRequests) return;
    search.handledRequests = requests;
    const input = field.current!;
    if (ui.typedAhead !== "") search.setWords(ui.typedAhead);
    ui.typedAhead = "";
    input.focus();
    if (requests > 0 && !words.endsWith(":")) input.select();
    setCaret(input.value.length);
  }, [requests]);

  const filter = caret === null ? null : filterAt(words, caret);
  const typed = filter ? `${filter.name}:${filter.typed}` : null;
  // Those for what was typed before are not what the next key means.
  const suggestions = found.typed === typed ? found.list : [];
  useEffect(() => {
    search.suggested.value = suggestions.length;
    return () => {
      search.suggested.value = 0;
    };
  }, [suggestions.length]);
  const dismiss = () => setFound({ typed, list: [] });
  useEffect(() => {
    setChosen(0);
    if (!filter) return;
    let isNewest = true;
    void suggestFilter(chat, filter).then((list) => {
      if (isNewest) setFound({ typed, list });
    });
    return () => {
      isNewest = false;
    };
  }, [typed, chat]);

  const accept = ({ insert }: Suggestion) => {
    if (!filter) return;
    const after = words.slice(filter.end).replace(/^\s*/, " ");
    const before = `${words.slice(0, filter.start)}${filter.name}:${insert}`;
    search.setWords(before + after);
    dismiss();
    const input = field.current!;
    input.focus();
    // At once, because the next key may come before the field is drawn again.
    input.value = before + after;
    input.setSelectionRange(before.length + 1, before.length + 1);
    setCaret(before.length + 1);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (suggestions.length > 0) {
      if (step !== 0) setChosen((chosen + step + suggestions.length) % suggestions.length);
      else if (event.key === "Enter" || event.key === "Tab") accept(suggestions[chosen]!);
      else if (event.key === "Escape") dismiss();
      else return;
      event.preventDefault();
      event.stopPropagation();
    } else if (event.key === "Enter") {
      event.preventDefault();
      search.setWords(words);
      search.remember();
      // A finger has what it wanted: the keyboard gives way to the results.
      if (isTouch()) field.current!.blur();
    } else if (event.key === "Escape" && words !== "") {
      event.preventDefault();
      event.stopPropagation();
      search.setWords("");
    }
  };

  return (
    <div className="search-tools" role="search">
      <div className="search-box">
        <SearchIcon />
        <input
          ref={field}
          type="text"
          className="search-field"
          role="combobox"
          aria-label={more.search.label}
          aria-expanded={suggestions.length > 0}
          aria-controls="search-suggestions"
          aria-autocomplete="list"
          aria-invalid={isRefused}
          aria-describedby={isRefused ? "search-refused" : undefined}
          aria-activedescendant={suggestions.length > 0 ? `search-suggestions-${chosen}` : undefined}
          placeholder={more.search.label}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          enterkeyhint="search"
          maxLength={searchCharsMax}
          dir="auto"
          value={words}
          onInput={(event) => {
            search.setWords(event.currentTarget.value);
            setCaret(event.currentTarget.selectionStart);
          }}
          onKeyUp={(event) => setCaret(event.currentTarget.selectionStart)}
          onClick={(event) => setCaret(event.currentTarget.selectionStart)}
          onBlur={dismiss}
          onKeyDown={onKeyDown}
        />
        {words === "" ? null : (
          <button
            type="button"
            className="button-icon"
            aria-label={more.search.clear}
            onClick={() => {
              search.setWords("");
              field.current!.focus();
            }}
          >
            <CloseIcon />
          </button>
        )}
        {search.isAsking.value ? <span className="search-progress" aria-hidden="true" /> : null}
      </div>
      {suggestions.length > 0 ? (
        <SuggestionList id="search-suggestions" suggestions={suggestions} chosen={chosen} onAccept={accept} />
      ) : null}
      <div className="tabs search-options">
        <div role="group" aria-label={more.search.where}>
          <button
            type="button"
            className="tab"
            aria-pressed={search.room.value === null}
            onClick={() => search.setRoom(null)}
          >
            {more.search.allRooms}
          </button>
          {room ? (
            <button
              type="button"
              className="tab"
              aria-pressed={search.room.value === room.id}
              title={chat.nameOf(room)}
              aria-label={`${more.search.thisRoom}: ${chat.nameOf(room)}`}
              onClick={() => search.setRoom(room.id)}
            >
              {more.search.thisRoom}
            </button>
          ) : null}
        </div>
        <label className="search-order">
          <span className="visually-hidden">{more.search.order}</span>
          <select
            className="field"
            value={search.order.value}
            onChange={(event) => search.setOrder(event.currentTarget.value as SearchOrder)}
          >
            {orders.map((order) => (
              <option key={order} value={order}>
                {more.search.orders[order]}
              </option>
            ))}
          </select>
        </label>
      </div>
    </div>
  );
}
