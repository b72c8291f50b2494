import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { openReportsMax } from "@novax/protocol/limits";
import { mayInRoom, mayOnServer } from "@novax/protocol/permissions";
import { asPerson } from "@novax/protocol/person";
import { findServerRole } from "../accounts/queries.ts";
import { assertLiveSession } from "../auth/session-queries.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Sql } from "../db/database.ts";
import { lockLimitsOf } from "../db/lock-queries.ts";
import { Refusal } from "../lib/refusal.ts";
import { deleteStored } from "../messages/delete-message.ts";
import { findMessage } from "../messages/queries.ts";
import { requireMessage } from "../messages/require-message.ts";
import { inRoom } from "../rooms/in-room.ts";
import { inTurn } from "../rooms/in-turn.ts";
import { findMembership, findRoom, lockRoom } from "../rooms/queries.ts";
import { type Transaction, type TransactionNeeds, transact } from "../transaction/transact.ts";
import {
  countOpenReportsBy,
  findOpenReport,
  hasOpenReport,
  insertReport,
  listReportReaders,
  settleReports,
} from "./report-queries.ts";

/**
 * Reports a message to the moderators of the room and of the server, with a copy of its current content. A second
 * report by the same person changes nothing. Refuses as `inRoom` does, with `message_gone`, with `message_invalid`
 * for the actor's own message, and with `too_many` while `openReportsMax` of the actor's reports are open.
 */
export async function reportMessage(
  app: TransactionNeeds,
  actor: Actor,
  { room, seq, reason }: FieldsOf<"message.report">,
): Promise<void> {
  await inRoom(app, actor, { room, right: "message.report" }, async (transaction) => {
    const { sender, body } = await requireMessage(transaction.sql, room, seq);
    if (sender.id === actor.id) throw new Refusal("message_invalid", (t) => t.ownMessage);
    await lockLimitsOf(transaction.sql, [actor.id]);
    if (await hasOpenReport(transaction.sql, { room, seq, reporter: actor.id })) return;
    if ((await countOpenReportsBy(transaction.sql, actor.id)) >= openReportsMax)
      throw new Refusal("too_many", (t) => t.tooManyReports(openReportsMax));
    await insertReport(transaction.sql, {
      id: app.random.uuid(),
      room,
      seq,
      reporter: actor.id,
      sender: sender.id,
      reason,
      body,
      at: app.clock.now(),
    });
    await notifyModerators(transaction, room, sender.id);
  });
}

/**
 * Resolves all open reports of a message. The outcome `deleted` also deletes the message. Refuses with `not_found` if
 * the report is not open or the actor cannot see it.
 */
export async function resolveReport(
  app: TransactionNeeds,
  actor: Actor,
  { report: id, outcome, note }: FieldsOf<"report.resolve">,
): Promise<void> {
  const found = await findOpenReport(app.db.sql, id);
  if (!found) throw noReport();
  const work = async (transaction: Transaction) => {
    const { sql, audit } = transaction;
    await lockRoom(sql, found.room);
    // Another moderator may have resolved it while this one waited for the room.
    const report = await findOpenReport(sql, id);
    // No one resolves a report about themselves.
    if (!report || report.sender === actor.id) throw noReport();
    await assertLiveSession(sql, actor);
    await assertMayResolve(sql, actor, report.room);
    const room = (await findRoom(sql, report.room))!;
    const now = app.clock.now();
    const message = await findMessage(sql, report.room, report.seq);
    if (outcome === "deleted" && message)
      await deleteStored({ ...transaction, actor: asPerson(actor), room }, message, now);
    await settleReports(sql, { ...report, by: actor.id, outcome, note, at: now });
    await notifyModerators(transaction, report.room, report.sender);
    const detail = `${report.room} #${report.seq}: ${outcome}`;
    audit({ action: "report.resolved", actor, ...(message ? { subject: message.sender } : {}), detail });
  };
  await inTurn(app.db, found.room, () => transact(app, work));
}

async function assertMayResolve(tx: Sql, actor: Actor, room: RoomId): Promise<void> {
  const serverRole = await findServerRole(tx, actor.id);
  if (serverRole !== null && mayOnServer(serverRole, "report.resolve_any")) return;
  const membership = await findMembership(tx, actor, room);
  if (!membership || !mayInRoom(membership.role, "report.resolve", membership.room.kind)) throw noReport();
}

/**
 * Notifies everyone who can resolve a report that there is a new one or that it is resolved. Never the person it is
 * about.
 */
async function notifyModerators(
  { sql, publishAfterCommit }: Pick<Transaction, "sql" | "publishAfterCommit">,
  room: RoomId,
  about: AccountId,
): Promise<void> {
  const signal = { type: "me.changed", part: "reports" } as const;
  for (const account of await listReportReaders(sql, room, about))
    publishAfterCommit({ kind: "account_signal", account, signal });
}

function noReport(): Refusal {
  return new Refusal("not_found", (t) => t.noReport);
}
