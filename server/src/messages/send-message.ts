import { messageBodySchema } from "@novax/protocol/entities";
import type { RoomId, SendId } from "@novax/protocol/ids";
import { asPerson } from "@novax/protocol/person";
import type { Actor } from "../auth/sessions.ts";
import { isStorageFull } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import type { RoomWriters, Sent } from "./room-writer.ts";

/**
 * Sends a message to a room. Resolves when it is stored for good: `duplicate` when this `sendId` was sent before, with
 * the message as it was stored then.
 *
 * Refuses with `message_invalid`; with `not_found` when the actor is no member or their session has ended, checked in
 * the transaction that writes; with `unavailable` when it is not known whether it was stored (send it again, with the
 * same `sendId`), and `storage_full`.
 */
export async function sendMessage(
  app: { roomWriters: RoomWriters },
  actor: Actor,
  draft: { room: RoomId; sendId: SendId; body: unknown },
): Promise<Sent> {
  const body = messageBodySchema.safeParse(draft.body);
  if (!body.success)
    throw new Refusal("message_invalid", `This cannot be sent: ${body.error.issues[0]!.message}.`);
  try {
    return await app.roomWriters.send(draft.room, {
      sender: asPerson(actor),
      sessionId: actor.sessionId,
      sendId: draft.sendId,
      body: body.data,
    });
  } catch (error) {
    if (isStorageFull(error))
      throw new Refusal("storage_full", "The server's disk is full. Nothing was stored.");
    throw error;
  }
}
