import type { RoomId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import { ReadRefused } from "../client/api.ts";
import { nameOfRoom, nameOfThread } from "./kept-chat.ts";
import type { SealedStore } from "./sealed-store.ts";

/** A server that does not answer is waited for this long, if there is something to show. */
const patienceMs = 1500;

/** Where in a room or a thread one reads. */
type PlaceInput = { room: RoomId; seq?: number; before?: number; after?: number; around?: number };

/**
 * Returns what the server answers to a read, or else what this device has of it: the newest messages of a room or of a thread, where
 * there is no connection.
 */
export async function readOrKept<T>(
  asked: Promise<T>,
  {
    type,
    input,
    store,
    isConnected,
  }: { type: string; input: unknown; store: SealedStore | null; isConnected: () => boolean },
): Promise<T> {
  const { room, seq, before, after, around } = input as PlaceInput;
  const name =
    type === "room.timeline" ? nameOfRoom(room) : type === "room.thread" ? nameOfThread(room, seq!) : null;
  const kept = name === null || isConnected() ? null : ((await store?.read<TimelinePage>(name)) ?? null);
  const first = kept?.entries[0]?.seq ?? 0;
  if (!kept || before !== undefined || after !== undefined || (around ?? first) < first) return asked;
  // Once there is a connection only the server's page goes with the events that arrive.
  const late = new Promise((resolve) => setTimeout(resolve, patienceMs)).then(() =>
    isConnected() ? asked : (kept as T),
  );
  return Promise.race([asked, late]).catch((error: unknown) => {
    if (error instanceof ReadRefused || isConnected()) throw error;
    return kept as T;
  });
}
