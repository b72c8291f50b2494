import { type AccountId, accountIdSchema, type RoomId, roomIdSchema } from "@novax/protocol/ids";
import { pageMessagesMax } from "@novax/protocol/limits";
import { z } from "zod";
import { Refusal, roomNotFound } from "../lib/refusal.ts";

/** The page size of a list. */
export const limitSchema = z
  .string()
  .regex(/^\d{1,4}$/, "must be a whole number")
  .transform(Number)
  .pipe(z.int().min(1).max(pageMessagesMax));

/** A seq, or a time in milliseconds. */
export const seqSchema = z
  .string()
  .regex(/^\d{1,15}$/, "must be a whole number")
  .transform(Number);

/** Text that is not a room id is refused like an unknown room. Refuses with `not_found`. */
export function parseRoomId(text: string): RoomId {
  const parsed = roomIdSchema.safeParse(text);
  if (!parsed.success) throw roomNotFound();
  return parsed.data;
}

export function parseAccountId(text: string): AccountId {
  const parsed = accountIdSchema.safeParse(text);
  if (!parsed.success) throw new Refusal("not_found", (t) => t.nobody);
  return parsed.data;
}

export function parseSeq(text: string): number {
  const parsed = seqSchema.safeParse(text);
  if (!parsed.success || parsed.data === 0) throw new Refusal("message_gone", (t) => t.messageGone);
  return parsed.data;
}
