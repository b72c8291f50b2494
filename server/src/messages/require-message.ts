import type { RoomId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { findMessage, type StoredMessage } from "./queries.ts";

/** Returns a message by its `seq`. Refuses with `message_gone` if there is none or it is deleted. */
export async function requireMessage(sql: Sql, room: RoomId, seq: number): Promise<StoredMessage> {
  return assertThere(await findMessage(sql, room, seq));
}

/** Refuses with `message_gone` where {@link findMessage} found nothing. */
export function assertThere(message: StoredMessage | null): StoredMessage {
  if (!message) throw messageGone();
  return message;
}

export function messageGone(): Refusal {
  return new Refusal("message_gone", (t) => t.messageGone);
}
