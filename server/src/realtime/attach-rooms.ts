import type { JoinedRoom } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { isDirect } from "@novax/protocol/permissions";
import { readEventTimes } from "../events/queries.ts";
import { roomNotFound } from "../lib/refusal.ts";
import { findJoinedRoom, listJoinedRooms, listRecentJoins } from "../rooms/queries.ts";
import { isOld, type NovaxConnection } from "./connection.ts";
import { type ResumePoint, resume } from "./novax-subscriber.ts";
import type { Realtime } from "./realtime.ts";
import { hideView, showView } from "./view-signals.ts";

const parallelMax = 8;
const recentMs = 60_000;
const recentMax = 10_000;

/**
 * Lets a connection receive every room of its account, including rooms joined later: those in `positions` from their
 * `afterSeq` on, the others from the head in its greeting. One query for all rooms at most. Direct rooms also send presence.
 */
export async function attachRooms(
  realtime: Realtime,
  connection: NovaxConnection,
  positions: readonly Position[],
  epoch: string,
): Promise<void> {
  // Set before the list is read: a room that is joined after that arrives by the bus.
  connection.attachesAll = true;
  try {
    const { greeted } = connection;
    const isFresh = !connection.hasJoinedSince && greeted !== null && !isOld(greeted);
    const rooms =
      isFresh && greeted.rooms
        ? [...greeted.rooms]
        : await listJoinedRooms(realtime.db.sql, connection.actor.id);
    const afterSeqs = await checkPositions(realtime, positions);
    const attachNext = async (): Promise<void> => {
      for (let room = rooms.shift(); room && connection.isOpen; room = rooms.shift()) {
        const head = greeted?.heads.get(room.id);
        // A room that was joined after the greeting is new to the client.
        const begin = head === undefined ? announce(connection, room) : undefined;
        const position = afterSeqs.get(room.id);
        const afterSeq = position === undefined ? (head ?? room.headSeq) : position;
        await attachKnown(realtime, connection, room, { afterSeq, epoch, begin });
      }
    };
    // A few at a time: a replay of missed events may be a query for each room.
    await Promise.all(Array.from({ length: parallelMax }, attachNext));
    connection.greeted = null;
  } catch (error) {
    // So that the same command can be sent again.
    connection.attachesAll = false;
    throw error;
  }
}

/** How far a client has a room's log: the last event's `seq` and time. */
export type Position = { room: RoomId; afterSeq: number; at?: number | undefined };

/**
 * Returns where each position is in the log of now, or null if the log has no such event: the database may have gone back to
 * an older copy. One query for all of them.
 */
export async function checkPositions(
  { db, feeds }: Pick<Realtime, "db" | "feeds">,
  positions: readonly Position[],
): Promise<Map<RoomId, number | null>> {
  const named = positions.filter(
    ({ room, at, afterSeq }) => at !== undefined && afterSeq > 0 && feeds.find(room)?.timeOf(afterSeq) !== at,
  );
  const times = await readEventTimes(
    db.sql,
    named.map(({ room, afterSeq }) => ({ room, seq: afterSeq })),
  );
  const isElsewhere = new Set(named.filter(({ room, at }) => times.get(room) !== at).map(({ room }) => room));
  return new Map(positions.map(({ room, afterSeq }) => [room, isElsewhere.has(room) ? null : afterSeq]));
}

function announce(connection: NovaxConnection, room: JoinedRoom): () => void {
  return () => connection.send({ type: "room.joined", room });
}

/** Attaches a room that an account joined to the connections of the account that receive all rooms. */
export async function attachJoinedRoom(realtime: Realtime, account: AccountId, id: RoomId): Promise<void> {
  for (const connection of realtime.hub.listNovax(account))
    if (!connection.attachesAll) connection.hasJoinedSince = true;
  // One that is just being attached to the rooms of its greeting gets this one with them, from its own position on.
  const connections = realtime.hub
    .listAttachingAll(account)
    .filter((connection) => !connection.rooms.has(id) && !connection.greeted?.heads.has(id));
  if (connections.length === 0) return;
  const room = await findJoinedRoom(realtime.db.sql, account, id);
  if (!room) return;
  for (const connection of connections) {
    // Only the feed's queue knows whether to announce it: a removal may already be waiting in it.
    const begin = announce(connection, room);
    await attachKnown(realtime, connection, room, { afterSeq: room.headSeq, epoch: realtime.epoch, begin });
  }
}

/**
 * Attaches rooms that were joined in the last minute, for connections that nobody told: the bus may be
 * silent without looking so. One query, by time.
 */
export async function attachRecentJoins(realtime: Realtime): Promise<void> {
  if (realtime.hub.size === 0) return;
  const since = realtime.clock.now() - recentMs;
  for (const { account, room } of await listRecentJoins(realtime.db.sql, since, recentMax))
    await attachJoinedRoom(realtime, account, room);
}

/** Attaches rooms that were joined while the bus lost messages. */
export async function attachMissedRooms(realtime: Realtime): Promise<void> {
  const accounts = new Set(realtime.hub.listAttachingAll().map((connection) => connection.actor.id));
  for (const account of accounts) {
    for (const room of await listJoinedRooms(realtime.db.sql, account))
      await attachJoinedRoom(realtime, account, room.id);
  }
}

/** Views a room instead of the one before; null views none. Refuses with `not_found`. */
export async function viewRoom(
  realtime: Realtime,
  connection: NovaxConnection,
  room: RoomId | null,
): Promise<void> {
  const before = connection.viewed;
  if (room === before) return;
  // Only a room that it receives: a removal from it then ends the view too.
  if (room !== null && !connection.rooms.has(room)) throw roomNotFound();
  connection.viewed = room;
  // A direct room keeps sending presence.
  if (before !== null && !connection.keepsView(before)) stopViewing(realtime, connection, before);
  if (room !== null) await startViewing(realtime, connection, room);
}

export function stopViewing(realtime: Realtime, connection: NovaxConnection, room: RoomId): void {
  if (!connection.views.delete(room)) return;
  hideView(connection, room);
  realtime.presence.unview(room);
}

async function startViewing(
  realtime: Realtime,
  connection: NovaxConnection,
  room: RoomId,
  members?: readonly AccountId[],
): Promise<void> {
  // Presence counts viewing connections: once for each, until `stopViewing` takes the room off its list.
  if (!connection.views.has(room)) {
    connection.views.add(room);
    realtime.presence.view(room, members);
  }
  await showView(realtime, connection, room);
}

async function attachKnown(
  realtime: Realtime,
  connection: NovaxConnection,
  room: JoinedRoom,
  from: ResumePoint,
): Promise<void> {
  const isAttached = await realtime.feeds
    .open(room.id)
    .attachMember(connection, room.headSeq, resume(connection, from));
  if (!isAttached || !isDirect(room.kind) || room.people.length === 0) return;
  connection.keepView(room.id);
  const members = [connection.actor.id, ...room.people.map((person) => person.id)];
  await startViewing(realtime, connection, room.id, members);
}
