import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { EmojiSign } from "../../components/emoji-sign.tsx";
import { usePlacement } from "../../components/menu.tsx";
import { useAnnounced } from "../../lib/announce.ts";
import { useBackdrop } from "../../lib/backdrop.ts";
import { isTouch, type Spot } from "../../lib/element.ts";
import { moveFocus } from "../../lib/move-focus.ts";
import { customEmoji } from "../../stores/custom-emoji.ts";
import { more } from "../../texts/more.ts";
import { loadEmoji, noteRecent, readRecent, readTone, toneOf, tones, writeTone } from "./emoji.ts";
import { type EmojiEntry, matchEmoji } from "./emoji-list.ts";

const matchesMax = 200;

/** All emoji, by group or by search, with the recently used ones first. `onPick` gets the chosen one. */
export function EmojiPicker(props: {
  spot: Spot;
  onPick: (emoji: string) => void;
  /** Opens the list of the server's own emoji. Null for those who may not add any. */
  onManage: (() => void) | null;
  onClose: () => void;
}) {
  const { spot, onPick, onManage, onClose } = props;
  const own = [...customEmoji.list.value.keys()];
  const box = usePlacement(spot);
  const [all, setAll] = useState<readonly EmojiEntry[]>([]);
  const [search, setSearch] = useState("");
  const [tone, setTone] = useState(readTone);
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    // On a phone the keyboard would cover the emoji.
    if (!isTouch()) field.current?.focus();
  }, []);
  useEffect(() => {
    loadEmoji().then(setAll, () => {});
  }, []);
  const words = search.toLowerCase().trim();
  const found =
    words === ""
      ? null
      : [...own.filter((name) => name.includes(words)).map(asEntry), ...matchEmoji(all, words, matchesMax)];
  useAnnounced(found && (found.length === 0 ? more.app.nothingFound : more.emoji.found(found.length)));
  const pick = (emoji: string) => {
    noteRecent(emoji);
    // While the dialog is open, the page behind it cannot take the focus.
    box.current?.closest("dialog")?.close();
    onPick(emoji);
  };
  const recent = readRecent();
  const groups: [title: string, entries: readonly EmojiEntry[]][] = found
    ? [["", found]]
    : [
        [
          more.emoji.recent,
          [...own.filter((name) => recent.includes(`:${name}:`)).map(asEntry), ...all]
            .filter((entry) => recent.includes(entry.emoji))
            .sort((a, b) => recent.indexOf(a.emoji) - recent.indexOf(b.emoji)),
        ],
        [more.emoji.ofServer, own.map(asEntry)],
        ...more.emoji.groups.map((title, group): [string, readonly EmojiEntry[]] => [
          title,
          all.filter((entry) => entry.group === group),
        ]),
      ];
  return (
    <dialog
      className="overlay-place"
      aria-label={more.emoji.title}
      onClose={onClose}
      onKeyDown={moveInGrid}
      {...useBackdrop(onClose)}
    >
      <div className="emoji-picker" ref={box}>
        <div className="emoji-head">
          <input
            ref={field}
            type="text"
            role="searchbox"
            enterkeyhint="search"
            className="field"
            placeholder={more.emoji.search}
            aria-label={more.emoji.search}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
            onKeyDown={(event) => {
              const [first] = found ?? [];
              if (event.key === "Enter" && first) {
                event.preventDefault();
                pick(toneOf(first, tone));
              }
            }}
          />
          <select
            className="field emoji-tone"
            aria-label={more.emoji.tone}
            value={String(tone)}
            onInput={(event) => {
              const chosen = Number(event.currentTarget.value);
              writeTone(chosen);
              setTone(chosen);
            }}
          >
            {tones.map((sign, index) => (
              <option key={sign} value={String(index)}>
                {sign}
              </option>
            ))}
          </select>
        </div>
        <div className="emoji-groups">
          {found?.length === 0 ? <p className="panel-note">{more.app.nothingFound}</p> : null}
          {groups.map(([title, entries]) =>
            entries.length === 0 ? null : (
              <section
                key={title}
                className="emoji-group"
                aria-label={title || more.emoji.found(entries.length)}
              >
                {title === "" ? null : <h3>{title}</h3>}
                <div className="emoji-grid">
                  {entries.map((entry, index) => (
                    <button
                      key={entry.emoji}
                      type="button"
                      className="emoji-cell"
                      // Each group is one stop of Tab. The arrow keys move inside.
                      tabIndex={index === 0 ? 0 : -1}
                      aria-label={entry.name}
                      title={entry.name}
                      onClick={() => pick(toneOf(entry, tone))}
                    >
                      <EmojiSign emoji={toneOf(entry, tone)} />
                    </button>
                  ))}
                </div>
              </section>
            ),
          )}
        </div>
        {onManage ? (
          <button type="button" className="button-subtle emoji-manage" onClick={onManage}>
            {more.emoji.manage}
          </button>
        ) : null}
        <p className="visually-hidden dialog-news" role="status" />
      </div>
    </dialog>
  );
}

function asEntry(name: string): EmojiEntry {
  return { emoji: `:${name}:`, name, words: name, shortcodes: [], group: -1, hasTones: false };
}

/** Moves the focus to the next cell of a line, or to the nearest one of the line above or below. */
function moveInGrid(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const cells = [...event.currentTarget.querySelectorAll<HTMLElement>(".emoji-cell")];
  const cell = document.activeElement as HTMLElement;
  const isInGrid = cells.includes(cell);
  if (isInGrid && moveFocus(event, cells, { isSideways: true })) return;
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0 || (!isInGrid && (step < 0 || cell.tagName === "SELECT"))) return;
  event.preventDefault();
  if (!isInGrid) {
    cells[0]?.focus();
    return;
  }
  const from = cell.getBoundingClientRect();
  const others = cells
    .map((other) => ({ other, rect: other.getBoundingClientRect() }))
    .filter(({ rect }) => (rect.top - from.top) * step > 1)
    .map(({ other, rect }) => ({
      other,
      lines: Math.abs(rect.top - from.top),
      aside: Math.abs(rect.left - from.left),
    }))
    .toSorted((a, b) => a.lines - b.lines || a.aside - b.aside);
  if (others[0]) others[0].other.focus();
  else if (step < 0) event.currentTarget.querySelector<HTMLElement>("input")?.focus();
}
