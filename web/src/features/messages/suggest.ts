import type { Person } from "@novax/protocol/entities";
import { isDirect } from "@novax/protocol/permissions";
import { nameOf } from "@novax/protocol/person";
import { fuzzyScore, matchPeople } from "../../lib/matching.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import { customEmoji } from "../../stores/custom-emoji.ts";
import type { RoomStore } from "../../stores/room-store.ts";
import { more } from "../../texts/more.ts";
import type { Suggestion, Token } from "./completion.ts";
import { loadEmoji } from "./emoji.ts";
import { matchEmoji } from "./emoji-list.ts";
import { slashCommands } from "./slash-commands.ts";

const shownMax = 8;

/** Resolves with the suggestions for a token: people (recent senders first), rooms, emoji, or commands. */
export async function suggest(chat: ChatStore, store: RoomStore, token: Token): Promise<Suggestion[]> {
  switch (token.kind) {
    case "person":
      return suggestPeople(chat, store, token.text);
    case "room":
      return [...chat.rooms.all.peek().values()]
        .filter((room) => !isDirect(room.kind) && !room.isArchived)
        .flatMap((room) => {
          const score = fuzzyScore(room.name, token.text);
          return score === null ? [] : [{ room, score }];
        })
        .sort((a, b) => b.score - a.score)
        .slice(0, shownMax)
        .map(({ room }) => ({
          insert: `#${room.name}`,
          label: `#${room.name}`,
          hint: room.topic,
        }));
    case "emoji":
      return [
        ...ownEmoji(token.text),
        ...matchEmoji(await loadEmoji(), token.text, shownMax).map(({ emoji, name }) => ({
          insert: emoji,
          label: name,
          hint: "",
          sign: emoji,
        })),
      ].slice(0, shownMax);
    case "command":
      return Object.entries(slashCommands)
        .filter(([name]) => name.startsWith(token.text))
        .map(([name, { hint, takes }]) => ({
          insert: `/${name}`,
          label: `/${name}${takes ? ` ${takes()}` : ""}`,
          hint: hint(),
        }));
  }
}

/** The server's own emoji whose name has what was typed in it. */
function ownEmoji(typed: string): Suggestion[] {
  const wanted = typed.toLowerCase();
  return [...customEmoji.list.peek().keys()]
    .filter((name) => name.includes(wanted))
    .sort((a, b) => Number(b.startsWith(wanted)) - Number(a.startsWith(wanted)))
    .map((name) => ({ insert: `:${name}:`, label: name, hint: "", sign: `:${name}:` }));
}

async function suggestPeople(chat: ChatStore, store: RoomStore, typed: string): Promise<Suggestion[]> {
  const spoke = store.entries
    .peek()
    .toReversed()
    .flatMap((entry) => (entry.kind === "message" ? [entry.sender] : []));
  const here = [...chat.people.presentIn(store.id).people.values()];
  const near = matchPeople([...spoke, ...here], typed, shownMax).filter(
    (person) => person.id !== chat.you.id,
  );
  const room = chat.rooms.get(store.id);
  const asked =
    near.length < shownMax
      ? await chat.api.read("room.members", { room: store.id, q: typed, limit: shownMax }).catch(() => null)
      : null;
  const others: readonly Person[] = asked?.members ?? [];
  const people = matchPeople([...near, ...others], typed, shownMax);
  const everybody = [
    { insert: "@room", label: "@room", hint: more.composer.everyone },
    { insert: "@here", label: "@here", hint: more.composer.everyoneOnline },
  ].filter(
    // By what it means too: "@all" and "@alle".
    ({ insert, hint }) =>
      room &&
      chat.may("mention.everyone", room) &&
      [insert.slice(1), hint.toLowerCase()].some((words) => words.startsWith(typed.toLowerCase())),
  );
  return [
    ...people.map((person) => ({
      insert: `@${person.username}`,
      label: nameOf(person),
      hint: `@${person.username}`,
      person,
    })),
    ...everybody,
  ].slice(0, shownMax);
}
