// What this device keeps of the chat, to show it without a connection: the rooms, and the newest messages of those and of the
// threads that were open.
import type { Bootstrap } from "@novax/protocol/bootstrap";
import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { ReadResult, TimelinePage } from "@novax/protocol/reads";
import type { SealedStore } from "./sealed-store.ts";

/** `at`: when the server was last reached, in ms since 1970. */
export type KeptChat = { at: number; bootstrap: Bootstrap; people: readonly Person[] };

export type ThreadPage = ReadResult<"room.thread">;

export const chatName = "chat";
const roomPrefix = "room ";
export const nameOfRoom = (room: RoomId) => roomPrefix + room;
export const nameOfThread = (room: RoomId, root: number) => `thread ${room} ${root}`;
export const roomOfName = (name: string): RoomId | null =>
  name.startsWith(roomPrefix) ? (name.slice(roomPrefix.length) as RoomId) : null;

/** A clock that was wrong and has been set back. */
const clockErrorMaxMs = 24 * 3_600_000;

/**
 * Returns the chat as it was last seen, with one of `wanted` open if it is kept, or else another room. Null if nothing is
 * kept; what is too old is wiped.
 */
export async function readKeptChat(
  store: SealedStore,
  wanted: readonly RoomId[],
): Promise<(KeptChat & { bootstrap: { open: NonNullable<Bootstrap["open"]> } }) | null> {
  const kept = await store.read<KeptChat>(chatName);
  if (!kept) return null;
  const ageMs = Date.now() - kept.at;
  if (ageMs > kept.bootstrap.keptForMs || ageMs < -clockErrorMaxMs) {
    await store.wipe();
    return null;
  }
  const others = (await store.namesByTime()).flatMap((name) => roomOfName(name) ?? []);
  for (const room of [...wanted, ...others]) {
    const page = await store.read<TimelinePage>(nameOfRoom(room));
    const isThere = kept.bootstrap.rooms.some(({ id }) => id === room);
    if (page && isThere) return { ...kept, bootstrap: { ...kept.bootstrap, open: { room, page } } };
  }
  return null;
}
