import type { JoinedRoom } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { isDirect } from "@novax/protocol/permissions";
import { roomNotFound } from "../lib/refusal.ts";
import { findJoinedRoom, listJoinedRooms } from "../rooms/queries.ts";
import type { NovaxConnection } from "./connection.ts";
import { type ResumePoint, resume } from "./novax-subscriber.ts";
import type { Realtime } from "./realtime.ts";
import { viewTopic } from "./room-feed.ts";

const parallelMax = 8;

/**
 * Lets a connection receive every room of its person, now and later: those named from their `afterSeq` on, the others
 * from where it was greeted. One query, however many rooms; of direct rooms it also hears who is there.
 */
export async function attachRooms(
  realtime: Realtime,
  connection: NovaxConnection,
  positions: ReadonlyMap<RoomId, number>,
  epoch: string,
): Promise<void> {
  // Before the list is read: whoever comes into a room after it is told by the bus.
  connection.attachesAll = true;
  try {
    const rooms = await listJoinedRooms(realtime.db.sql, connection.actor.id);
    const greeted = connection.greetedHeads;
    const attachNext = async (): Promise<void> => {
      for (let room = rooms.shift(); room && connection.isOpen; room = rooms.shift()) {
        const head = greeted.get(room.id);
        // One that came between the greeting and this is news.
        const begin = head === undefined ? announce(connection, room) : undefined;
        const afterSeq = positions.get(room.id) ?? head ?? room.headSeq;
        await attachKnown(realtime, connection, room, { afterSeq, epoch, begin });
      }
    };
    // A few at a time: what each missed may be a query of its own.
    await Promise.all(Array.from({ length: parallelMax }, attachNext));
    connection.greetedHeads = new Map();
  } catch (error) {
    // Ordered again, it is done again.
    connection.attachesAll = false;
    throw error;
  }
}

function announce(connection: NovaxConnection, room: JoinedRoom): () => void {
  return () => connection.send({ type: "room.joined", room });
}

/** Somebody has come into a room: their connections that receive all rooms receive it too. */
export async function attachJoinedRoom(realtime: Realtime, account: AccountId, id: RoomId): Promise<void> {
  const connections = realtime.hub.listAttachingAll(account);
  if (connections.length === 0) return;
  const room = await findJoinedRoom(realtime.db.sql, account, id);
  if (!room) return;
  for (const connection of connections) {
    // Whether it receives the room is known in the feed's turn alone: a removal may still be on its way through it.
    const begin = announce(connection, room);
    await attachKnown(realtime, connection, room, { afterSeq: room.headSeq, epoch: realtime.epoch, begin });
  }
}

/** After the bus lost something: whoever came into a room meanwhile receives it now. */
export async function attachMissedRooms(realtime: Realtime): Promise<void> {
  const accounts = new Set(realtime.hub.listAttachingAll().map((connection) => connection.actor.id));
  for (const account of accounts) {
    for (const room of await listJoinedRooms(realtime.db.sql, account))
      await attachJoinedRoom(realtime, account, room.id);
  }
}

/** Looks at a room, and no longer at the one before; null: at none. Refuses with `not_found`. */
export async function viewRoom(
  realtime: Realtime,
  connection: NovaxConnection,
  room: RoomId | null,
): Promise<void> {
  const before = connection.viewed;
  if (room === before) return;
  // Only of a room that it receives: then its removal is heard here too.
  if (room !== null && !connection.rooms.has(room)) throw roomNotFound();
  connection.viewed = room;
  // Of a direct room one hears all the time.
  if (before !== null && !connection.keepsView(before)) stopViewing(realtime, connection, before);
  if (room !== null) await startViewing(realtime, connection, room);
}

export function stopViewing(realtime: Realtime, connection: NovaxConnection, room: RoomId): void {
  if (!connection.views.delete(room)) return;
  connection.unsubscribe(viewTopic(room));
  realtime.presence.unview(room);
}

async function startViewing(
  realtime: Realtime,
  connection: NovaxConnection,
  room: RoomId,
  members?: readonly AccountId[],
): Promise<void> {
  // Counted once for each connection, however often it looks; taken back by whoever takes it off the list.
  if (!connection.views.has(room)) {
    connection.views.add(room);
    realtime.presence.view(room, members);
    connection.subscribe(viewTopic(room));
  }
  const signal = await realtime.presence.snapshot(room);
  if (signal && connection.isOpen && connection.views.has(room)) connection.send(signal);
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
