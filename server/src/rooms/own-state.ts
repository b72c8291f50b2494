import type { AccountId } from "@novax/protocol/ids";
import { scheduleAheadMsMax } from "@novax/protocol/limits";
import { recordAudit } from "../audit/audit-log.ts";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import { assertMayOnServer } from "./create-room.ts";
import type { RoomNeeds } from "./in-room.ts";
import {
  deleteBlock,
  insertBlock,
  listKnownTo,
  replaceFilterWords,
  replaceKeywords,
  setDndUntil,
  setSharesReadReceipts,
  setStatus,
} from "./people-queries.ts";

// What a person decides for themselves, and what the server's admins decide for all: words and silence.

/** Blocks a person: neither can write to the other alone, and nothing of theirs calls one. Refuses with `not_found`. */
export async function blockPerson(app: RoomNeeds, actor: Actor, id: AccountId): Promise<void> {
  if (id === actor.id) throw new Refusal("not_found", (t) => t.notOneself);
  const [person] = await listKnownTo(app.db.sql, actor, [id]);
  if (!person) throw new Refusal("not_found", (t) => t.nobody);
  await insertBlock(app.db.sql, actor.id, id, app.clock.now());
  publishProfileChange(app, actor.id);
}

export async function unblockPerson(app: RoomNeeds, actor: Actor, id: AccountId): Promise<void> {
  await deleteBlock(app.db.sql, actor.id, id);
  publishProfileChange(app, actor.id);
}

/** What others see beside one's name, until then. Refuses with `time_invalid`. */
export async function changeStatus(
  app: RoomNeeds,
  actor: Actor,
  status: { emoji: string; text: string; until: number | null },
): Promise<void> {
  assertWithinYear(status.until, app.clock.now());
  await setStatus(app.db.sql, actor.id, status);
  publishProfileChange(app, actor.id);
}

/** Not to be disturbed until then; null: to be. Refuses with `time_invalid`. */
export async function setDoNotDisturb(app: RoomNeeds, actor: Actor, until: number | null): Promise<void> {
  assertWithinYear(until, app.clock.now());
  await setDndUntil(app.db.sql, actor.id, until);
  publishProfileChange(app, actor.id);
}

/** Whether others may know what one has read, and one what they have. */
export async function setReadReceipts(app: RoomNeeds, actor: Actor, isShared: boolean): Promise<void> {
  await setSharesReadReceipts(app.db.sql, actor.id, isShared);
  publishProfileChange(app, actor.id);
}

/** The words one wants to hear of as of one's own name. */
export async function setKeywords(app: RoomNeeds, actor: Actor, words: readonly string[]): Promise<void> {
  const keywords = normalise(words);
  if (keywords.some((word) => !/^[\p{L}\p{N}][\p{L}\p{N}_'-]*$/u.test(word)))
    throw new Refusal("message_invalid", (t) => t.alertWord);
  await app.db.transact((tx) => replaceKeywords(tx, actor.id, keywords));
  app.bus.publish({ kind: "words_changed" });
  publishProfileChange(app, actor.id);
}

/** The words that no message may hold. Refuses with `forbidden`. */
export async function setFilterWords(app: RoomNeeds, actor: Actor, words: readonly string[]): Promise<void> {
  const blockedWords = normalise(words);
  await app.db.transact(async (tx) => {
    await assertMayOnServer(tx, actor, "word_filter.change");
    await replaceFilterWords(tx, blockedWords);
    await recordAudit(app, tx, {
      action: "word_filter.changed",
      actor,
      detail: `${blockedWords.length} words`,
    });
  });
  app.bus.publish({ kind: "words_changed" });
}

function normalise(words: readonly string[]): string[] {
  return [...new Set(words.map((word) => word.trim().toLowerCase()).filter((word) => word !== ""))];
}

function assertWithinYear(until: number | null, now: number): void {
  if (until !== null && (until <= now || until > now + scheduleAheadMsMax))
    throw new Refusal("time_invalid", (t) => t.timeWithinYear);
}

function publishProfileChange(app: RoomNeeds, account: AccountId): void {
  app.bus.publish({ kind: "profile_changed", account });
  app.bus.publish({ kind: "account_signal", account, signal: { type: "me.changed", part: "profile" } });
}
