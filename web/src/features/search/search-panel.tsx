import type { JoinedRoom, Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import { isDirect } from "@novax/protocol/permissions";
import { nameOf } from "@novax/protocol/person";
import type { SearchHit } from "@novax/protocol/reads";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Avatar } from "../../components/avatar.tsx";
import { matchRooms } from "../../lib/matching.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import { type SearchStore, searchOf } from "../../stores/search-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { PanelProps } from "../props.ts";
import { openDirectWith } from "../rooms/open-direct-with.ts";
import { RoomIcon } from "../rooms/room-icon.tsx";
import { HitRow } from "./hit-row.tsx";
import { SearchField } from "./search-field.tsx";
import { SearchStart } from "./search-start.tsx";

const roomsMax = 4;
const peopleMax = 4;

/** Searches messages, rooms and people. The results stay while the viewer goes through them. */
export function SearchPanel(props: PanelProps) {
  const { chat, ui } = props;
  const search = searchOf(chat);
  const results = useRef<HTMLDivElement>(null);
  const isEmpty = search.words.value.trim() === "";
  const current = chat.navigation.current.value;

  // "This room" is the one that is open.
  useEffect(() => {
    if (search.room.peek() !== null && current !== null) search.setRoom(current);
  }, [search, current]);

  // Back from a message, the list is where it was, with the message that was opened. A hidden pane is shown by then.
  useEffect(() => {
    const list = results.current?.closest<HTMLElement>(".panel-body");
    if (!list) return;
    const resume = () => list.querySelector<HTMLElement>("[data-resume] button")?.focus();
    list.scrollTop = search.scrollTop;
    if (search.focused.peek() !== null) resume();
    const keep = () => {
      search.scrollTop = list.scrollTop;
    };
    list.addEventListener("scroll", keep);
    addEventListener("popstate", resume);
    return () => {
      list.removeEventListener("scroll", keep);
      removeEventListener("popstate", resume);
    };
  }, [search]);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons in it have the focus, and the keys
    <div className="search" ref={results} onKeyDown={moveThroughResults}>
      <SearchField chat={chat} ui={ui} search={search} />
      {isEmpty ? <SearchStart search={search} /> : <Results {...props} search={search} />}
    </div>
  );
}

function Results(props: PanelProps & { search: SearchStore }) {
  const { chat, search } = props;
  const answer = search.answer.value;
  const hits =
    answer.kind === "found"
      ? answer.hits.filter((hit) => chat.rooms.get(hit.room) && !chat.me.isBlocked(hit.sender.id))
      : [];
  const places = usePlaces(chat, search);
  const placeCount = places.rooms.length + places.people.length;
  // A filter is still being typed, and what is suggested for it says more.
  const isCompleting = search.suggested.value > 0;
  const open = (hit: SearchHit) => {
    search.remember();
    search.focused.value = keyOf(hit);
    if (hit.threadRoot === null) props.onOpenRoom(hit.room, hit.seq);
    else props.onOpenThread(hit.room, hit.threadRoot);
  };
  const status = useRef("");
  /** The first of the new hits takes the focus from the button, which moves down or goes. */
  const showMore = async (button: HTMLElement) => {
    const list = button.closest(".search");
    const shown = list?.querySelectorAll(".search-hits .preview-message").length ?? 0;
    const hadFocus = document.activeElement === button;
    if (!(await search.loadMore())) {
      chat.toasts.show(t.errors.notLoaded);
      return;
    }
    if (!hadFocus) return;
    requestAnimationFrame(() =>
      list?.querySelectorAll<HTMLElement>(".search-hits .preview-message")[shown]?.focus(),
    );
  };
  // While it asks, the words stay: a screen reader would speak them again after each letter.
  if (!search.isAsking.value) status.current = statusOf(search, { hits: hits.length, places: placeCount });
  return (
    <>
      <p
        className={answer.kind === "refused" ? "panel-note search-refused" : "search-count"}
        id={answer.kind === "refused" ? "search-refused" : undefined}
        role="status"
      >
        {status.current}
      </p>
      {placeCount > 0 ? <Places {...props} {...places} /> : null}
      {answer.kind === "offline" ? (
        <div className="panel-note">
          <p>{more.search.offline}</p>
          <button type="button" className="button-subtle" onClick={() => search.retry()}>
            {more.search.retry}
          </button>
        </div>
      ) : null}
      {answer.kind === "found" && answer.indexed !== null ? (
        <p className="panel-note">{more.search.indexing(Math.floor(answer.indexed * 100))}</p>
      ) : null}
      {answer.kind === "found" && hits.length === 0 && answer.next === null && !isCompleting ? (
        <Nothing search={search} words={answer.words} hasPlaces={placeCount > 0} />
      ) : null}
      <div className="search-hits">
        {groupsOf(hits).map((group, index, groups) => (
          <section key={keyOf(group.hits[0]!)} aria-label={labelOf(chat, group)}>
            {group.match === "word" || group.match === groups[index - 1]?.match ? null : (
              <p className="search-divider" aria-hidden="true">
                {more.search.dividers[group.match]}
              </p>
            )}
            <h3 dir="auto">{placeOf(chat, group)}</h3>
            <ul className="previews">
              {group.hits.map((hit) => (
                <li key={keyOf(hit)} data-resume={search.focused.value === keyOf(hit) ? "" : undefined}>
                  <HitRow hit={hit} place={labelOf(chat, group)} onOpen={() => open(hit)} />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
      {answer.kind === "found" && answer.next !== null ? (
        <button
          type="button"
          className="button-subtle"
          onClick={(event) => void showMore(event.currentTarget)}
        >
          {more.app.loadMore}
        </button>
      ) : null}
    </>
  );
}

/** The rooms and people whose names fit. Those beside the viewer's own are found by their direct messages. */
function usePlaces(chat: ChatStore, search: SearchStore) {
  const words = search.words.value.trim();
  const all = chat.rooms.all.value;
  const isInRoom = search.room.value !== null;
  const rooms = useMemo(() => {
    if (isInRoom || /[:"]/.test(words)) return [];
    const named = [...all.values()].map((room) => ({ room, name: chat.nameOf(room) }));
    return matchRooms(named, words, roomsMax);
  }, [all, words, isInRoom, chat]);
  const partners = new Set(
    rooms.flatMap((room) => (room.kind === "direct" ? room.people.map(({ id }) => id) : [])),
  );
  const people = search.people.value
    .filter((person) => person.id !== chat.you.id && !partners.has(person.id))
    .slice(0, peopleMax);
  return { rooms, people };
}

function Places(
  props: PanelProps & { search: SearchStore; rooms: readonly JoinedRoom[]; people: readonly Person[] },
) {
  const { chat, search, rooms, people } = props;
  const go = (room: RoomId) => {
    search.remember();
    props.onOpenRoom(room);
  };
  return (
    <section aria-label={more.search.places}>
      <h3>{more.search.places}</h3>
      <ul className="previews">
        {rooms.map((room) => (
          <li key={room.id}>
            <button type="button" className="preview-message search-place" onClick={() => go(room.id)}>
              <RoomIcon room={room} />
              <span dir="auto">{chat.nameOf(room)}</span>
              <span className="suggestion-hint" dir="auto">
                {room.topic}
              </span>
            </button>
          </li>
        ))}
        {people.map((person) => (
          <li key={person.id}>
            <button
              type="button"
              className="preview-message search-place"
              onClick={() => void openDirectWith(chat, person, go)}
            >
              <Avatar person={person} size="tiny" />
              <span dir="auto">{nameOf(person)}</span>
              <span className="suggestion-hint">@{person.username}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Nothing(props: { search: SearchStore; words: string; hasPlaces: boolean }) {
  const { search, words, hasPlaces } = props;
  if (isTooShort(words)) return <p className="panel-note">{more.search.tooShort}</p>;
  // The words were meant for what is above.
  if (hasPlaces) return null;
  const hasFilters = /\b[a-z]+:\S/i.test(words);
  if (!/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(words))
    return <p className="panel-note">{more.search.noWords}</p>;
  return (
    <div className="panel-note search-nothing">
      <p>
        <strong dir="auto">{more.search.none(words)}</strong>
      </p>
      <p>{hasFilters ? more.search.noneWithFilters : more.search.noneHint}</p>
      {search.room.value === null ? null : (
        <button type="button" className="button-subtle" onClick={() => search.setRoom(null)}>
          {more.search.everywhere}
        </button>
      )}
    </div>
  );
}

const keyOf = ({ room, seq }: SearchHit) => `${room} ${seq}`;

type Group = { room: RoomId; match: SearchHit["match"]; hits: SearchHit[] };

/** Hits that follow each other in one room, and fit in the same way, have one heading. */
function groupsOf(hits: readonly SearchHit[]): Group[] {
  const groups: Group[] = [];
  for (const hit of hits) {
    const last = groups.at(-1);
    if (last?.room === hit.room && last.match === hit.match) last.hits.push(hit);
    else groups.push({ room: hit.room, match: hit.match, hits: [hit] });
  }
  return groups;
}

function placeOf(chat: ChatStore, { room: id }: Group): string {
  const room = chat.rooms.get(id);
  const known = room ? chat.nameOf(room) : "";
  return room && isDirect(room.kind) ? more.search.directWith(known) : known;
}

function labelOf(chat: ChatStore, group: Group): string {
  const name = placeOf(chat, group);
  return group.match === "word" ? name : more.search.matches[group.match](name);
}

/** A single letter stands for itself alone, and hardly anybody means it. */
function isTooShort(words: string): boolean {
  return /^[\p{L}\p{N}]$/u.test(words);
}

function statusOf(search: SearchStore, { hits, places }: { hits: number; places: number }): string {
  const answer = search.answer.value;
  if (search.suggested.value > 0) return more.search.suggestions(search.suggested.value);
  if (answer.kind === "refused") return answer.detail;
  if (answer.kind !== "found") return "";
  if (answer.next !== null) return more.search.countOrMore(hits);
  if (hits > 0) return more.search.count(hits);
  if (places > 0) return more.search.placesOnly(places);
  return isTooShort(answer.words) ? "" : more.search.count(0);
}

/** The arrow keys go from the field through the results and back, and from the field to the one that was opened last. */
function moveThroughResults(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  if (event.defaultPrevented || event.altKey || event.ctrlKey || event.metaKey) return;
  const field = event.currentTarget.querySelector<HTMLElement>(".search-field");
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>(".preview-message, .search-recent")];
  const stops = field ? [field, ...rows] : rows;
  const index = stops.indexOf(document.activeElement as HTMLElement);
  const isField = document.activeElement === field;
  const opened = event.currentTarget.querySelector<HTMLElement>("[data-resume] button");
  const targets: Record<string, HTMLElement | null | undefined> = {
    ArrowDown: isField && opened ? opened : stops[index + 1],
    ArrowUp: stops[index - 1],
    // In the field they are for what is typed.
    ...(isField ? {} : { Home: rows[0], End: rows.at(-1) }),
  };
  const next = targets[event.key];
  if (index < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
