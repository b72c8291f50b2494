// What this device keeps of the chat, to show it without a connection: the rooms, and the newest messages of those that were
// open.
import type { Bootstrap } from "@novax/protocol/bootstrap";
import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { ReadInput, TimelinePage } from "@novax/protocol/reads";
import { type Api, ReadRefused } from "../client/api.ts";
import type { SealedStore } from "./sealed-store.ts";

/** `at`: when the server was last reached, in ms since 1970. */
export type KeptChat = { at: number; bootstrap: Bootstrap; people: readonly Person[] };

export const chatName = "chat";
const roomPrefix = "room ";
export const nameOfRoom = (room: RoomId) => roomPrefix + room;
export const roomOfName = (name: string): RoomId | null =>
  name.startsWith(roomPrefix) ? (name.slice(roomPrefix.length) as RoomId) : null;

/** A clock that was wrong and has been set back. */
const clockErrorMaxMs = 24 * 3_600_000;
/** A server that does not answer is waited for this long, if there is something to show. */
const patienceMs = 1500;

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

/** As `api`, but the newest messages of a room come from this device where there is no connection. */
export function withKept(api: Api, opening: Promise<SealedStore | null>, isConnected: () => boolean): Api {
  const findKept = async (room: RoomId) => (await opening)?.read<TimelinePage>(nameOfRoom(room)) ?? null;
  const readTimeline = async (input: ReadInput<"room.timeline">): Promise<TimelinePage> => {
    const asked = api.read("room.timeline", input);
    const kept = isConnected() ? null : await findKept(input.room).catch(() => null);
    const first = kept?.entries[0]?.seq ?? 0;
    const fits = input.before === undefined && input.after === undefined && (input.around ?? first) >= first;
    if (!kept || !fits) return asked;
    // Once there is a connection only the server's page goes with the events that arrive.
    const late = new Promise((resolve) => setTimeout(resolve, patienceMs)).then(() =>
      isConnected() ? asked : kept,
    );
    return Promise.race([asked, late]).catch((error: unknown) => {
      if (error instanceof ReadRefused || isConnected()) throw error;
      return kept;
    });
  };
  const read = (type: string, input: never) =>
    type === "room.timeline"
      ? readTimeline(input)
      : (api.read as (type: string, input: never) => unknown)(type, input);
  return { ...api, read: read as Api["read"] };
}
