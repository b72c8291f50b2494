import { namesAskedMax } from "@novax/protocol/limits";
import { mayOnServer } from "@novax/protocol/permissions";
import type { ReadInput, ReadResult } from "@novax/protocol/reads";
import { usernameKey } from "../accounts/username.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import { nameCursorSchema, parseCursor, timeCursorSchema, toPage } from "../lib/cursor.ts";
import { Refusal } from "../lib/refusal.ts";
import { assertMayInRoom } from "./in-room.ts";
import { listBans, listMembersNamed, listMembersPage } from "./member-queries.ts";
import { browseRooms, listJoinedRooms } from "./queries.ts";
import { requireMembership } from "./require-membership.ts";

type Needs = { db: Database };

const pageRows = 100;

export async function readRooms(
  app: Needs & { epoch: string },
  actor: Actor,
): Promise<ReadResult<"rooms.list">> {
  return { epoch: app.epoch, rooms: await listJoinedRooms(app.db.sql, actor.id) };
}

/** Refuses guests with `forbidden`: they only see the rooms they were added to. */
export async function readPublicRooms(
  app: Needs,
  actor: Actor,
  { q = "", after, limit = pageRows }: ReadInput<"rooms.browse">,
): Promise<ReadResult<"rooms.browse">> {
  if (!mayOnServer(actor.serverRole, "room.browse")) throw new Refusal("forbidden", (t) => t.guestRooms);
  const cursor = parseCursor(after, nameCursorSchema);
  const rows = await browseRooms(app.db.sql, actor.id, { search: q, after: cursor, limit: limit + 1 });
  const { page, next } = toPage(rows, limit, ({ name, id }) => [name, id]);
  return { rooms: page, next };
}

export async function readMembers(
  app: Needs,
  actor: Actor,
  { room: id, q = "", after, limit = pageRows }: ReadInput<"room.members">,
): Promise<ReadResult<"room.members">> {
  const { room } = await requireMembership(app.db.sql, actor, id);
  const [key] = parseCursor(after, nameCursorSchema) ?? [""];
  const query = { search: q, after: key, limit: limit + 1 };
  const rows = await listMembersPage(app.db.sql, room.id, query);
  const { page, next } = toPage(rows, limit, (member) => [usernameKey(member.username), member.id]);
  return { members: page, next };
}

/** Names of others than members are left out. */
export async function readPeopleByName(
  app: Needs,
  actor: Actor,
  { room, names }: ReadInput<"room.people">,
): Promise<ReadResult<"room.people">> {
  await requireMembership(app.db.sql, actor, room);
  const keys = names.split(",", namesAskedMax).map(usernameKey);
  return { people: await listMembersNamed(app.db.sql, room, keys) };
}

export async function readBans(
  app: Needs,
  actor: Actor,
  { room: id, after, limit = pageRows }: ReadInput<"room.bans">,
): Promise<ReadResult<"room.bans">> {
  const membership = await requireMembership(app.db.sql, actor, id);
  assertMayInRoom(membership, "member.ban");
  const cursor = parseCursor(after, timeCursorSchema);
  const rows = await listBans(app.db.sql, membership.room.id, { after: cursor, limit: limit + 1 });
  const { page, next } = toPage(rows, limit, ({ at, person }) => [at, person.id]);
  return { bans: page, next };
}
