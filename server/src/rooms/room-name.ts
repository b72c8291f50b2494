import type { RoomId } from "@novax/protocol/ids";
import { isBlank, isLegibleName } from "@novax/protocol/names";
import type { RoomKind } from "@novax/protocol/permissions";
import { isUniqueViolation, type Sql } from "../db/database.ts";
import { lockOnly } from "../db/lock-queries.ts";
import { nameKeys } from "../lib/name-keys.ts";
import { Refusal } from "../lib/refusal.ts";
import { findRoomNameLike } from "./queries.ts";

/**
 * Asserts that a room can have this name: it can be read, and no public room has one that looks like it. `except` is
 * the room itself when it is renamed. Names of public rooms are locked until the transaction ends, because no index can
 * hold two keys apart. Refuses with `room_invalid`.
 */
export async function assertRoomName(
  tx: Sql,
  { name, kind, except }: { name: string; kind: RoomKind; except: RoomId | null },
): Promise<void> {
  if (isBlank(name)) throw new Refusal("room_invalid", (t) => t.roomNeedsName, { field: "name" });
  if (!isLegibleName(name)) throw new Refusal("room_invalid", (t) => t.visibleName, { field: "name" });
  if (kind !== "public") return;
  await lockOnly(tx, "roomNames");
  const like = await findRoomNameLike(tx, nameKeys(name), except);
  if (like === null) return;
  throw like.toLowerCase() === name.toLowerCase()
    ? nameTaken()
    : new Refusal("room_invalid", (t) => t.roomNameLike(like), { field: "name" });
}

/**
 * Turns a unique violation into the usual refusal: if two people use the same name at the same moment, both pass the
 * check and the second insert fails.
 */
export async function refuseNameTwice<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isUniqueViolation(error) ? nameTaken() : error;
  }
}

function nameTaken(): Refusal {
  return new Refusal("room_invalid", (t) => t.roomNameTaken, { field: "name" });
}
