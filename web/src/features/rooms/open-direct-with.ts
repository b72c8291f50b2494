import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { ChatStore } from "../../stores/chat-store.ts";

/** Opens the direct messages with a person, which are created if there are none. A refusal is shown as a toast. */
export async function openDirectWith(
  chat: ChatStore,
  person: Person,
  open: (room: RoomId) => void,
): Promise<void> {
  const reply = await chat.command("direct.open", { people: [person.id] });
  if (!reply?.room) return;
  chat.rooms.put(reply.room);
  open(reply.room.id);
}
