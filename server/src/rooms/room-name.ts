import type { RoomId } from "@novax/protocol/ids";
import type { RoomKind } from "@novax/protocol/permissions";
import { isUniqueViolation, type Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { isRoomNameTaken } from "./queries.ts";

/**
 * Asserts that a room can have this name. `except` is the room itself when it is renamed. Refuses with `room_invalid`.
 */
export async function assertRoomName(
  tx: Sql,
  { name, kind, except }: { name: string; kind: RoomKind; except: RoomId | null },
): Promise<void> {
  if (name === "") throw new Refusal("room_invalid", (t) => t.roomNeedsName, { field: "name" });
  if (/[\p{Cf}\p{Co}]/u.test(name.replace(/\u200d/g, "")))
    throw new Refusal("room_invalid", (t) => t.visibleName, { field: "name" });
  if (kind === "public" && (await isRoomNameTaken(tx, name, except))) throw nameTaken();
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
