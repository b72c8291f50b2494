import type { FieldsOf } from "@novax/protocol/commands";
import { customEmojiMax, customEmojiPerPersonMax } from "@novax/protocol/limits";
import type { ReadResult } from "@novax/protocol/reads";
import { assertMayOnServer } from "../auth/assert-may-on-server.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import { deletePicture, findFile, usePicture } from "../files/queries.ts";
import { fileGone } from "../files/receive-file.ts";
import type { Uploads } from "../files/uploads.ts";
import { FreshList } from "../jobs/fresh-list.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TextFilter } from "../lib/text-filter.ts";
import type { Log } from "../log/log.ts";
import { type TransactionNeeds, transact } from "../transaction/transact.ts";
import { findEmoji, insertEmoji, listEmoji, type StoredEmoji } from "./queries.ts";

/** The server's own emoji, in memory because every reaction asks for them. */
export class CustomEmoji {
  readonly list: FreshList<ReadonlyMap<string, StoredEmoji>>;

  constructor(app: { db: Database; bus: Bus; log: Log }) {
    this.list = new FreshList<ReadonlyMap<string, StoredEmoji>>(app, {
      name: "emoji.reread_failed",
      changedBy: "emoji_changed",
      initial: new Map(),
      read: async () => new Map((await listEmoji(app.db.sql)).map((emoji) => [emoji.name, emoji])),
    });
  }

  find(name: string): StoredEmoji | null {
    return this.list.current.get(name) ?? null;
  }
}

/**
 * Adds an emoji. Refuses with `forbidden`, `message_filtered`, `file_gone`, `name_taken`, with `too_many` above
 * `customEmojiMax` or `customEmojiPerPersonMax`, and as `Uploads.describe` does.
 */
export async function addEmoji(
  app: TransactionNeeds & { uploads: Pick<Uploads, "describe">; textFilter: TextFilter },
  actor: Actor,
  { name, picture }: FieldsOf<"emoji.add">,
): Promise<void> {
  app.textFilter.assertAllowed(name);
  const file = await findFile(app.db.sql, picture);
  if (file?.owner !== actor.id) throw fileGone();
  await app.uploads.describe(file);
  await transact(app, async ({ sql, publishAfterCommit }) => {
    await assertMayOnServer(sql, actor, "emoji.add");
    if (!(await usePicture(sql, actor.id, { id: picture, purpose: "emoji" }))) throw fileGone();
    const emoji = { name, picture, by: actor.id };
    const outcome = await insertEmoji(sql, emoji, {
      at: app.clock.now(),
      max: customEmojiMax,
      maxPerPerson: customEmojiPerPersonMax,
    });
    if (outcome === "taken") throw new Refusal("name_taken", (t) => t.emojiTaken(name));
    if (outcome === "full") throw new Refusal("too_many", (t) => t.tooManyEmoji(customEmojiMax));
    if (outcome === "full of theirs")
      throw new Refusal("too_many", (t) => t.tooManyOwnEmoji(customEmojiPerPersonMax));
    publishAfterCommit({ kind: "emoji_changed" });
  });
}

/** Removes an emoji; where it was used, its name is shown. Refuses with `not_found` and `forbidden`. */
export async function removeEmoji(
  app: TransactionNeeds,
  actor: Actor,
  { name }: FieldsOf<"emoji.remove">,
): Promise<void> {
  await transact(app, async ({ sql, audit, publishAfterCommit }) => {
    await assertMayOnServer(sql, actor, "me.change");
    const emoji = await findEmoji(sql, name);
    if (!emoji) throw new Refusal("not_found", (t) => t.noEmoji);
    if (emoji.by !== actor.id) {
      await assertMayOnServer(sql, actor, "emoji.remove_any");
      audit({ action: "emoji.removed", actor, detail: name });
    }
    // The emoji goes with its picture.
    await deletePicture(sql, emoji.picture);
    publishAfterCommit({ kind: "emoji_changed" });
  });
}

export async function readEmoji(app: { db: Database }): Promise<ReadResult<"emoji.list">> {
  return { emoji: await listEmoji(app.db.sql) };
}
