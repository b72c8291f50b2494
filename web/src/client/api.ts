import type { RoomEvent } from "@novax/protocol/events";
import type { RoomId } from "@novax/protocol/ids";

export type EventsPage = { epoch: string; headSeq: number; events: RoomEvent[] };

/** Whether this browser's session still holds. Throws when the server cannot be reached. */
export async function isSignedIn(): Promise<boolean> {
  const response = await fetch("/api/messages?limit=1");
  return response.status !== 401;
}

/** A page of a room's events: those before `before`, or the newest. Throws when the server does not answer with one. */
export async function fetchEvents(
  room: RoomId,
  options: { before?: number; limit: number },
): Promise<EventsPage> {
  const query = new URLSearchParams({ limit: String(options.limit) });
  if (options.before !== undefined) query.set("before", String(options.before));
  const response = await fetch(`/api/rooms/${encodeURIComponent(room)}/events?${query}`);
  if (!response.ok) throw new Error(`events: ${response.status}`);
  return (await response.json()) as EventsPage;
}
