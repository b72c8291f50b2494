import type { OwnRoom } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { isDirect } from "@novax/protocol/permissions";
import { requireMembership } from "../rooms/memberships.ts";
import { findOwnRoom, listOwnRooms } from "../rooms/room-queries.ts";
import type { Connection } from "./connection.ts";
import type { Realtime } from "./realtime.ts";
import { viewTopic } from "./room-feed.ts";

/**
 * Lets a connection receive every room of its person, now and later: those named from their `afterSeq` on, the others
 * from where it was greeted. One query, however many rooms; of direct rooms it also hears who is there.
 */
export async function attachRooms(
  realtime: Realtime,
  connection: Connection,
  positions: ReadonlyMap<RoomId, number>,
  epoch: string,
): Promise<void> {
  // Before the list is read: whoever comes into a room after it is told by the bus.
  connection.attachesAll = true;
  const rooms = await listOwnRooms(realtime.db.sql, connection.actor.id);
  const greeted = connection.greetedHeads;
  connection.greetedHeads = new Map();
  await Promise.all(
    rooms.map(async (room) => {
      const head = greeted.get(room.id);
      // One that came between the greeting and this is news.
      if (head === undefined && !connection.rooms.has(room.id)) connection.send({ type: "entered", room });
      await attachKnown(realtime, connection, room, positions.get(room.id) ?? head ?? room.headSeq, epoch);
    }),
  );
}

/** Somebody has come into a room: their connections that receive all rooms receive it too. */
export async function enterRoom(realtime: Realtime, account: AccountId, id: RoomId): Promise<void> {
  const connections = realtime.hub
    .listAttachingAll(account)
    .filter((connection) => !connection.rooms.has(id));
  if (connections.length === 0) return;
  const room = await findOwnRoom(realtime.db.sql, account, id);
  if (!room) return;
  for (const connection of connections) {
    connection.send({ type: "entered", room });
    await attachKnown(realtime, connection, room, room.headSeq, realtime.epoch);
  }
}

/** After the bus lost something: whoever came into a room meanwhile receives it now. */
export async function enterMissedRooms(realtime: Realtime): Promise<void> {
  const accounts = new Set(realtime.hub.listAttachingAll().map((connection) => connection.actor.id));
  for (const account of accounts) {
    for (const room of await listOwnRooms(realtime.db.sql, account))
      await enterRoom(realtime, account, room.id);
  }
}

/** Looks at a room, and no longer at the one before; null: at none. Refuses with `not_found`. */
export async function viewRoom(
  realtime: Realtime,
  connection: Connection,
  room: RoomId | null,
): Promise<void> {
  const before = connection.viewed;
  if (room === before) return;
  if (room !== null) await requireMembership(realtime.db.sql, connection.actor, room);
  connection.viewed = room;
  // Of a direct room one hears all the time.
  if (before !== null && !connection.keepsView(before)) stopViewing(realtime, connection, before);
  if (room !== null) await startViewing(realtime, connection, room);
}

export function stopViewing(realtime: Realtime, connection: Connection, room: RoomId): void {
  if (!connection.views.delete(room)) return;
  connection.unsubscribe(viewTopic(room));
  realtime.presence.unview(room);
}

async function startViewing(
  realtime: Realtime,
  connection: Connection,
  room: RoomId,
  members?: readonly AccountId[],
): Promise<void> {
  const isNew = !connection.views.has(room);
  connection.views.add(room);
  if (isNew) connection.subscribe(viewTopic(room));
  const signal = await realtime.presence.view(room, members);
  // Counted once for each connection, however often it looks.
  if (!isNew) realtime.presence.unview(room);
  if (!connection.isOpen || !connection.views.has(room)) {
    if (isNew) realtime.presence.unview(room);
    return;
  }
  connection.send(signal);
}

async function attachKnown(
  realtime: Realtime,
  connection: Connection,
  room: OwnRoom,
  afterSeq: number,
  epoch: string,
): Promise<void> {
  await realtime.feeds.open(room.id).attachMember(connection, room.headSeq, afterSeq, epoch);
  if (!isDirect(room.kind) || room.people.length === 0) return;
  connection.keepView(room.id);
  const members = [connection.actor.id, ...room.people.map((person) => person.id)];
  await startViewing(realtime, connection, room.id, members);
}
