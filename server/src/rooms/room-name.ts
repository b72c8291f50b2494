import type { RoomId } from "@novax/protocol/ids";
import type { RoomKind } from "@novax/protocol/permissions";
import { isUniqueViolation, type Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { isRoomNameTaken } from "./queries.ts";

/** Asserts that a room can have this name; `except` is the room itself. Refuses with `room_invalid`. */
export async function assertRoomName(
  tx: Sql,
  { name, kind, except }: { name: string; kind: RoomKind; except: RoomId | null },
): Promise<void> {
  if (name === "") throw new Refusal("room_invalid", (t) => t.roomNeedsName, { field: "name" });
  if (/[\p{Cf}\p{Co}]/u.test(name.replace(/\u200d/g, "")))
    throw new Refusal("room_invalid", (t) => t.visibleName, { field: "name" });
  if (kind === "public" && (await isRoomNameTaken(tx, name, except))) throw nameTaken();
}

/** Of two people who give a room the same name at the same moment, the second is refused as anyone later would be. */
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
