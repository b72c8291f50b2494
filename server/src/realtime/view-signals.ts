// Presence and typing, which go to the connections that view a room.
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { PresenceSignal, TypingSignal } from "@novax/protocol/signals";
import { listBlockers } from "../people/queries.ts";
import type { NovaxConnection } from "./connection.ts";
import type { Realtime } from "./realtime.ts";

type ViewSignal = PresenceSignal | TypingSignal;

/** The topic of a room's presence and typing, for connections that view it. Events go to all that receive the room. */
function viewTopic(room: RoomId): string {
  return `view:${room}`;
}

/** Lets a connection receive the presence and typing of a room, and sends it who is online now. */
export async function showView(
  realtime: Pick<Realtime, "presence">,
  connection: NovaxConnection,
  room: RoomId,
): Promise<void> {
  // One whose account is blocked by somebody gets what the others get through `sendToViewers`, but for those people.
  if (connection.blockers.size === 0) connection.subscribe(viewTopic(room));
  else connection.unsubscribe(viewTopic(room));
  const signal = await realtime.presence.snapshot(room);
  if (signal && connection.isOpen && connection.views.has(room)) sendWithout(connection, signal);
}

export function hideView(connection: NovaxConnection, room: RoomId): void {
  connection.unsubscribe(viewTopic(room));
}

/** Sends presence or typing to the connections that view the room. */
export function sendToViewers(
  { hub, publishToSockets }: Pick<Realtime, "hub" | "publishToSockets">,
  signal: ViewSignal,
): void {
  publishToSockets(viewTopic(signal.room), JSON.stringify(signal));
  for (const connection of hub.blocked)
    if (connection.views.has(signal.room)) sendWithout(connection, signal);
}

/** Reads who blocked the accounts of these connections, and shows them what they view without those people. */
export async function refreshBlockers(
  realtime: Pick<Realtime, "db" | "presence" | "hub">,
  connections: readonly NovaxConnection[],
): Promise<void> {
  const accounts = [...new Set(connections.map(({ actor }) => actor.id))];
  const blockers = await listBlockers(realtime.db.sql, accounts);
  for (const connection of connections) {
    const now = blockers.get(connection.actor.id) ?? new Set<AccountId>();
    const isSame =
      now.size === connection.blockers.size && [...now].every((id) => connection.blockers.has(id));
    if (isSame) continue;
    realtime.hub.setBlockers(connection, now);
    for (const room of connection.views) await showView(realtime, connection, room);
  }
}

function sendWithout(connection: NovaxConnection, signal: ViewSignal): void {
  const { blockers } = connection;
  if (signal.type === "typing") {
    if (!blockers.has(signal.person.id)) connection.send(signal);
    return;
  }
  const joined = signal.joined.filter(({ id }) => !blockers.has(id));
  connection.send({ ...signal, joined, count: signal.count - (signal.joined.length - joined.length) });
}
