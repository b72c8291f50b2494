import { isDirect } from "@novax/protocol/permissions";
import { nameOf } from "@novax/protocol/person";
import { mentionsIn } from "@novax/protocol/text";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { RoomStore } from "../../stores/room-store.ts";
import { more } from "../../texts/more.ts";

/** More names are a list, and nobody waits for the people in it. */
const namesAskedMax = 5;

/** Says whom a text that was sent mentions and does not reach, because they are not in the room. */
export async function hintNotHere(chat: ChatStore, store: RoomStore, text: string): Promise<void> {
  const room = chat.rooms.get(store.id);
  if (!room || isDirect(room.kind) || !chat.may("member.add", room)) return;
  const names = mentionsIn(text).names.slice(0, namesAskedMax);
  const answers = await Promise.all(
    names.map((q) => chat.api.read("people.search", { q, room: store.id }).catch(() => ({ people: [] }))),
  );
  const away = answers.flatMap(({ people }, index) =>
    people.filter((person) => person.username.toLowerCase() === names[index] && !person.isMember),
  );
  if (away.length === 0) return;
  chat.toasts.show(more.message.notHere(away.map(nameOf)), {
    label: more.message.addThem,
    run: () => void chat.command("member.add", { room: store.id, people: away.map(({ id }) => id) }),
  });
}
