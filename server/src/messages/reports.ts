import type { AccountId, RoomId } from "@novax/protocol/ids";
import { mayInRoom, mayOnServer } from "@novax/protocol/permissions";
import { asPerson } from "@novax/protocol/person";
import { findServerRole } from "../accounts/queries.ts";
import { recordAudit } from "../audit/audit-log.ts";
import { type Actor, assertLiveSession } from "../auth/sessions.ts";
import type { Sql } from "../db/database.ts";
import { transactWithEvents } from "../events/record-events.ts";
import type { Random } from "../lib/random.ts";
import { Refusal } from "../lib/refusal.ts";
import { inRoom, type RoomNeeds } from "../rooms/in-room.ts";
import { findMembership, findRoom, lockRoom } from "../rooms/room-queries.ts";
import { deleteStored, requireMessage } from "./change-message.ts";
import { findMessage } from "./change-queries.ts";
import { findOpenReport, insertReport, listReportReaders, settleReports } from "./report-queries.ts";

/**
 * Asks the moderators of a room, and of the server, to look at a message. What it says now is kept for them. Reported
 * again by the same person it waits once. Refuses with `message_gone`, and with `message_invalid` one's own.
 */
export async function reportMessage(
  app: RoomNeeds & { random: Random },
  actor: Actor,
  room: RoomId,
  seq: number,
  reason: string,
): Promise<void> {
  await inRoom(app, actor, room, "message.report", async ({ tx, publishAfterCommit }) => {
    const message = await requireMessage(tx, room, seq);
    if (message.sender.id === actor.id) throw new Refusal("message_invalid", (t) => t.ownMessage);
    const isNew = await insertReport(tx, {
      id: app.random.uuid(),
      room,
      seq,
      reporter: actor.id,
      sender: message.sender.id,
      reason,
      body: message.body,
      at: app.clock.now(),
    });
    if (isNew) await notifyModerators(tx, room, message.sender.id, publishAfterCommit);
  });
}

/**
 * Settles the reports of a message, with what was decided; `deleted` deletes it. Refuses with `not_found` where none
 * waits or the actor may not see it.
 */
export async function resolveReport(
  app: RoomNeeds,
  actor: Actor,
  id: string,
  outcome: "dismissed" | "deleted" | "acted",
  note: string,
): Promise<void> {
  await transactWithEvents(app, async (tx, recordEvent, publishAfterCommit) => {
    const report = await findOpenReport(tx, id);
    // Nobody settles what is said of themselves.
    if (!report || report.sender === actor.id) throw noReport();
    await lockRoom(tx, report.room);
    await assertLiveSession(tx, actor);
    await assertMayResolve(tx, actor, report.room);
    const room = (await findRoom(tx, report.room))!;
    const now = app.clock.now();
    const message = await findMessage(tx, report.room, report.seq);
    if (outcome === "deleted" && message)
      await deleteStored({ tx, recordEvent, actor: asPerson(actor), room }, report.room, message, now);
    await settleReports(tx, report.room, report.seq, actor.id, outcome, note, now);
    await notifyModerators(tx, report.room, report.sender, publishAfterCommit);
    const detail = `${report.room} #${report.seq}: ${outcome}`;
    await recordAudit(app, tx, {
      action: "report.resolved",
      actor,
      ...(message ? { subject: message.sender } : {}),
      detail,
    });
  });
}

async function assertMayResolve(tx: Sql, actor: Actor, room: RoomId): Promise<void> {
  const serverRole = await findServerRole(tx, actor.id);
  if (serverRole !== null && mayOnServer(serverRole, "report.resolve_any")) return;
  const membership = await findMembership(tx, actor, room);
  if (!membership || !mayInRoom(membership.role, "report.resolve", membership.room.kind)) throw noReport();
}

async function notifyModerators(
  tx: Sql,
  room: RoomId,
  about: AccountId,
  publishAfterCommit: Parameters<Parameters<typeof transactWithEvents>[1]>[2],
): Promise<void> {
  for (const account of await listReportReaders(tx, room, about))
    publishAfterCommit({ kind: "account_signal", account, signal: { type: "me.changed", part: "reports" } });
}

function noReport(): Refusal {
  return new Refusal("not_found", (t) => t.noReport);
}
