import { isDeepStrictEqual } from "node:util";
import type { FieldsOf } from "@novax/protocol/commands";
import type { TextBody } from "@novax/protocol/entities";
import type { FileInfo } from "@novax/protocol/files";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { filesOf, mentionsIn } from "@novax/protocol/text";
import type { Actor } from "../auth/sessions.ts";
import type { Database, Sql } from "../db/database.ts";
import { claimFiles, deleteFilesOf, lockFiles } from "../files/queries.ts";
import { fileGone } from "../files/receive-file.ts";
import type { Uploads } from "../files/uploads.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Keywords } from "../people/keywords.ts";
import type { LinkPreviews } from "../previews/link-previews.ts";
import { assertMaySpeakNow, inRoom } from "../rooms/in-room.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { readFiles } from "./attach-files.ts";
import { replaceBody } from "./change-queries.ts";
import { insertMentions, takeMentions } from "./mention-queries.ts";
import { mentionSignal, publishCountsOf } from "./mention-step.ts";
import { fileIdsIn } from "./message-files.ts";
import { type ParseNeeds, parseTextBody } from "./parse-body.ts";
import { queuePreviews } from "./preview-step.ts";
import { findMessage } from "./queries.ts";
import { assertThere } from "./require-message.ts";

type EditNeeds = {
  db: Database;
  uploads: Pick<Uploads, "describe">;
  keywords: Pick<Keywords, "findListeners">;
  linkPreviews: LinkPreviews;
};

/**
 * Replaces the text and files of the actor's own message and keeps the old text as a revision. Without `files` it keeps its
 * files; those left out are deleted. Links that stay keep their previews, and new ones get some. Refuses as `inRoom`, `assertMaySpeakNow` and `attachFiles` do, with `forbidden` if the
 * message is someone else's, with `message_gone`, `message_invalid` and `message_filtered`.
 */
export async function editMessage(
  app: TransactionNeeds & ParseNeeds & EditNeeds,
  actor: Actor,
  { room, seq, text: given, files: drafts }: FieldsOf<"message.edit">,
): Promise<void> {
  // A message of files alone may have no text; whether it has files is known below.
  const text = given.trim() === "" && !drafts ? "" : parseTextBody(app, given, drafts).text;
  const files = drafts && (await readFiles(app, actor, drafts));
  const read = (sql: Sql) => findMessage(sql, room, seq);
  await inRoom(app, actor, { room, right: "message.edit_own", read }, async (transaction, found) => {
    const { sql, record, publishAfterCommit, queue, actor: person } = transaction;
    await assertMaySpeakNow(app, transaction);
    const message = assertThere(found);
    if (message.sender.id !== actor.id) throw new Refusal("forbidden", (t) => t.authorsEdit);
    if (message.body.kind !== "text") throw new Refusal("message_invalid", (t) => t.pollNotEdited);
    const before = filesOf(message.body);
    const after = files?.map((file) => keptFile(file, before)) ?? before;
    if (text === "" && after.length === 0)
      throw new Refusal("message_invalid", (t) => t.cannotBeSent("a message can't be empty"));
    const links = app.linkPreviews.linksOf(text);
    const shown = message.body.previews ?? [];
    const previews = links.flatMap((link) => shown.find(({ url }) => url === link) ?? []);
    const body: TextBody = {
      ...{ kind: "text", text },
      ...(after.length > 0 ? { files: [...after] } : {}),
      ...(previews.length > 0 ? { previews } : {}),
    };
    if (isDeepStrictEqual(body, message.body)) return;
    await replaceFiles(sql, actor, { room, seq, before: message.body, after: body });
    // A link that was there before had its chance: its preview may have been taken away.
    const known = app.linkPreviews.linksOf(message.body.text);
    const fresh = links.filter((link) => !known.includes(link));
    await queuePreviews(app.linkPreviews, queue, { ...message, room: transaction.room, links: fresh });
    const at = app.clock.now();
    const { threadRoot } = message;
    const mentioning = {
      seq,
      threadRoot,
      sender: actor.id,
      names: mentionsIn(body.text).names,
      accounts: app.keywords.findListeners(body.text),
    };
    const [mentionedBefore, mentions] = await Promise.all([
      takeMentions(sql, room, seq),
      insertMentions(sql, { room, at, mentioning: [mentioning] }),
      record({ room, type: "message.edited", actor: person, target: seq, body }, at),
      replaceBody(sql, { room, seq, body, at }),
    ]);
    for (const { account } of mentions) {
      // People whom the message mentioned before are not notified again.
      if (mentionedBefore.delete(account)) continue;
      publishAfterCommit({ kind: "account_signal", account, signal: mentionSignal(room, seq, threadRoot) });
    }
    // Those who are left are not mentioned any more, and count anew.
    publishCountsOf(publishAfterCommit, mentionedBefore, "mentions");
  });
}

/** A file that the message had keeps what its sender said of it, but for the words that they may have changed now. */
function keptFile(file: FileInfo, before: readonly FileInfo[]): FileInfo {
  const known = before.find(({ id }) => id === file.id);
  if (!known) return file;
  const { alt: _, ...rest } = known;
  return { ...rest, ...(file.alt === undefined ? {} : { alt: file.alt }) };
}

/**
 * Makes the new files part of the message and deletes those that it no longer has, with the pictures of previews. Refuses with
 * `file_gone`.
 */
async function replaceFiles(
  sql: Sql,
  owner: { id: AccountId },
  { room, seq, before, after }: { room: RoomId; seq: number; before: TextBody; after: TextBody },
): Promise<void> {
  const old = new Set(fileIdsIn(before));
  const ids = fileIdsIn(after);
  const added = ids.filter((id) => !old.has(id));
  if (added.length > 0) await lockFiles(sql, added);
  const claims = added.map((id) => ({ id, seq, owner: owner.id }));
  if (claims.length > 0 && (await claimFiles(sql, room, claims)) < claims.length) throw fileGone();
  if ([...old].some((id) => !ids.includes(id))) await deleteFilesOf(sql, { room, seq }, { except: ids });
}
