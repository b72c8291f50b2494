import type { AccountId } from "@novax/protocol/ids";
import { laterMsMax } from "@novax/protocol/limits";
import { recordAudit } from "../audit/audit-log.ts";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import type { RoomNeeds } from "./act-in-room.ts";
import { assertMayOnServer } from "./create-room.ts";
import {
  deleteBlock,
  insertBlock,
  listKnownTo,
  replaceAlertWords,
  replaceFilterWords,
  setQuietUntil,
  setSharesReading,
  setStatus,
} from "./people-queries.ts";

// What a person decides for themselves, and what the server's admins decide for all: words and silence.

/** Blocks a person: neither can write to the other alone, and nothing of theirs calls one. Refuses with `not_found`. */
export async function blockPerson(app: RoomNeeds, actor: Actor, id: AccountId): Promise<void> {
  if (id === actor.id) throw new Refusal("not_found", (t) => t.notOneself);
  const [person] = await listKnownTo(app.db.sql, actor, [id]);
  if (!person) throw new Refusal("not_found", (t) => t.nobody);
  await insertBlock(app.db.sql, actor.id, id, app.clock.now());
  tellProfile(app, actor.id);
}

export async function unblockPerson(app: RoomNeeds, actor: Actor, id: AccountId): Promise<void> {
  await deleteBlock(app.db.sql, actor.id, id);
  tellProfile(app, actor.id);
}

/** What others see beside one's name, until then. Refuses with `time_invalid`. */
export async function changeStatus(
  app: RoomNeeds,
  actor: Actor,
  status: { emoji: string; text: string; until: number | null },
): Promise<void> {
  assertWithinYear(status.until, app.clock.now());
  await setStatus(app.db.sql, actor.id, status);
  tellProfile(app, actor.id);
}

/** Not to be disturbed until then; null: to be. Refuses with `time_invalid`. */
export async function changeQuiet(app: RoomNeeds, actor: Actor, until: number | null): Promise<void> {
  assertWithinYear(until, app.clock.now());
  await setQuietUntil(app.db.sql, actor.id, until);
  tellProfile(app, actor.id);
}

/** Whether others may know what one has read, and one what they have. */
export async function shareReading(app: RoomNeeds, actor: Actor, isShared: boolean): Promise<void> {
  await setSharesReading(app.db.sql, actor.id, isShared);
  tellProfile(app, actor.id);
}

/** The words one wants to hear of as of one's own name. */
export async function setAlertWords(app: RoomNeeds, actor: Actor, words: readonly string[]): Promise<void> {
  const wanted = normalise(words);
  if (wanted.some((word) => !/^[\p{L}\p{N}][\p{L}\p{N}_'-]*$/u.test(word)))
    throw new Refusal("message_invalid", (t) => t.alertWord);
  await app.db.transact((tx) => replaceAlertWords(tx, actor.id, wanted));
  app.bus.publish({ kind: "words_changed" });
  tellProfile(app, actor.id);
}

/** The words that no message may hold. Refuses with `forbidden`. */
export async function setFilterWords(app: RoomNeeds, actor: Actor, words: readonly string[]): Promise<void> {
  const unwanted = normalise(words);
  await app.db.transact(async (tx) => {
    await assertMayOnServer(tx, actor, "word_filter.change");
    await replaceFilterWords(tx, unwanted);
    await recordAudit(app, tx, { action: "word_filter.changed", actor, detail: `${unwanted.length} words` });
  });
  app.bus.publish({ kind: "words_changed" });
}

function normalise(words: readonly string[]): string[] {
  return [...new Set(words.map((word) => word.trim().toLowerCase()).filter((word) => word !== ""))];
}

function assertWithinYear(until: number | null, now: number): void {
  if (until !== null && (until <= now || until > now + laterMsMax))
    throw new Refusal("time_invalid", (t) => t.timeWithinYear);
}

function tellProfile(app: RoomNeeds, account: AccountId): void {
  app.bus.publish({ kind: "profile_changed", account });
  app.bus.publish({ kind: "own", account, signal: { type: "own", what: "profile" } });
}
