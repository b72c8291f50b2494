import { isDirect } from "@novax/protocol/permissions";
import { nameOf } from "@novax/protocol/person";
import { matchPeople, matchRooms } from "../../lib/matching.ts";
import { formatMonth } from "../../lib/time.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import { more } from "../../texts/more.ts";
import type { Suggestion } from "../messages/completion.ts";

const names = ["from", "in", "has", "is", "before", "after", "on"] as const;
type FilterName = (typeof names)[number];

/** A filter whose value is being typed, from `start` to `end` in the words. */
export type TypedFilter = { name: FilterName; typed: string; start: number; end: number };

const suggestedMax = 8;
const monthsSuggested = 12;

/** The filter in which the caret is; null if it is in no filter's value. */
export function filterAt(words: string, caret: number): TypedFilter | null {
  // As long as it was, so that places stay.
  for (const match of words.replace(/[„“”«»]/g, '"').matchAll(/(?<=^|\s)([a-z]+):("[^"]*"?|\S*)/gi)) {
    const [whole, name = "", value = ""] = match;
    const start = match.index;
    const end = start + whole.length;
    const known = names.find((candidate) => candidate === name.toLowerCase());
    const isClosed = value.length > 1 && value.endsWith('"');
    if (!known || isClosed || caret < start + name.length + 1 || caret > end) continue;
    return { name: known, typed: value.replace(/^["@#]*/, ""), start, end };
  }
  return null;
}

/** Resolves with what can be meant by it, by name. What is typed completely is not suggested again. */
export async function suggestFilter(chat: ChatStore, { name, typed }: TypedFilter): Promise<Suggestion[]> {
  const fitting = (list: readonly Suggestion[]) =>
    list.filter(
      ({ insert, label }) =>
        [insert, label.toLowerCase()].some((name) => name.startsWith(typed.toLowerCase())) &&
        insert !== typed.toLowerCase(),
    );
  switch (name) {
    case "from":
      return suggestPeople(chat, typed);
    case "in":
      return suggestRooms(chat, typed);
    case "has":
      return fitting(entries(more.search.has));
    case "is":
      return fitting(entries(more.search.is));
    case "before":
    case "after":
    case "on":
      return fitting(suggestDays());
  }
}

const entries = (hints: Record<string, string>): Suggestion[] =>
  Object.entries(hints).map(([insert, hint]) => ({ insert, label: insert, hint }));

async function suggestPeople(chat: ChatStore, typed: string): Promise<Suggestion[]> {
  const me = { insert: "me", label: "me", hint: more.search.me };
  const near = [...chat.people.known.values()].filter(({ id }) => id !== chat.you.id);
  const known = matchPeople(near, typed, suggestedMax);
  const asked =
    typed !== "" && known.length === 0
      ? await chat.api.read("people.search", { q: typed }).catch(() => null)
      : null;
  const people = matchPeople([...known, ...(asked?.people ?? [])], typed, suggestedMax);
  const isDone = people.some(({ username }) => username.toLowerCase() === typed.toLowerCase());
  if (isDone && people.length === 1) return [];
  return [
    ...("me".startsWith(typed.toLowerCase()) && typed !== "me" ? [me] : []),
    ...people.map((person) => ({
      insert: person.username,
      label: nameOf(person),
      hint: `@${person.username}`,
      person,
    })),
  ].slice(0, suggestedMax);
}

function suggestRooms(chat: ChatStore, typed: string): Suggestion[] {
  const named = [...chat.rooms.all.peek().values()].map((room) => ({ room, name: chat.nameOf(room) }));
  return matchRooms(named, typed, suggestedMax).flatMap((room) => {
    const name = chat.nameOf(room);
    const usernames =
      room.people.length > 0 ? room.people.map(({ username }) => username) : [chat.you.username];
    const insert = isDirect(room.kind) && room.name === "" ? `@${usernames.join(",")}` : quoted(room.name);
    if (insert === typed || insert === quoted(typed)) return [];
    const [person] = room.kind === "direct" ? room.people : [];
    return [{ insert, label: name, hint: room.topic, ...(person ? { person } : {}) }];
  });
}

const quoted = (name: string) => (/^[^\s"]+$/.test(name) ? name : `"${name.replaceAll('"', "")}"`);

/** Days near now, the months of a year by name, and the year. */
function suggestDays(): Suggestion[] {
  const now = new Date();
  const two = (number: number) => String(number).padStart(2, "0");
  const month = (at: Date) => `${at.getFullYear()}-${two(at.getMonth() + 1)}`;
  const day = (at: Date) => `${month(at)}-${two(at.getDate())}`;
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  const months = Array.from({ length: monthsSuggested }, (_, index) => {
    const at = new Date(now.getFullYear(), now.getMonth() - index, 1);
    return { insert: month(at), label: formatMonth(at.getTime()), hint: month(at) };
  });
  const year = String(now.getFullYear());
  return [
    { insert: "today", label: more.search.today, hint: day(now) },
    { insert: "yesterday", label: more.search.yesterday, hint: day(yesterday) },
    ...months,
    { insert: year, label: year, hint: more.search.thisYear },
  ];
}
