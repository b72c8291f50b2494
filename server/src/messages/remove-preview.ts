import type { FieldsOf } from "@novax/protocol/commands";
import type { Actor } from "../auth/sessions.ts";
import { deleteFilesOf } from "../files/queries.ts";
import { assertMayInRoom, inRoom } from "../rooms/in-room.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { setPreviews } from "./change-queries.ts";
import { fileIdsIn } from "./message-files.ts";
import { messageGone, requireMessage } from "./require-message.ts";

/**
 * Takes the preview of a link away from the actor's own message, or with the right `message.delete_any` from anyone's. It does not
 * come back, unless the link is taken out and put in again. Refuses as `inRoom` does, and with `message_gone`.
 */
export async function removePreview(
  app: TransactionNeeds,
  actor: Actor,
  { room, seq, url }: FieldsOf<"message.remove_preview">,
): Promise<void> {
  await inRoom(app, actor, { room, right: "message.delete_own" }, async (transaction) => {
    const { sql, record, actor: person } = transaction;
    const message = await requireMessage(sql, room, seq);
    if (message.sender.id !== actor.id) assertMayInRoom(transaction, "message.delete_any");
    if (message.body.kind !== "text") return;
    const { previews: before = [], ...rest } = message.body;
    const previews = before.filter((preview) => preview.url !== url);
    if (previews.length === before.length) return;
    const body = { ...rest, ...(previews.length > 0 ? { previews } : {}) };
    if (!(await setPreviews(sql, { room, seq, text: rest.text, previews }))) throw messageGone();
    await deleteFilesOf(sql, { room, seq }, { except: fileIdsIn(body) });
    await record({ room, type: "message.previewed", actor: person, target: seq, body });
    if (message.sender.id !== actor.id)
      transaction.audit({ action: "preview.removed", subject: message.sender, detail: `${room} #${seq}` });
  });
}
