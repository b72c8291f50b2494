import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId } from "@novax/protocol/ids";
import type { Actor } from "../auth/sessions.ts";
import { requireMessage } from "../messages/require-message.ts";
import { requireMembership } from "../rooms/require-membership.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { raiseThreadMark, setFollowed } from "./queries.ts";

type Needs = Pick<TransactionNeeds, "db" | "bus">;

/**
 * Starts or stops following a thread. Refuses with `not_found`, and when starting with `message_gone` if its first
 * message is deleted.
 */
export async function followThread(
  app: Needs,
  actor: Actor,
  { room, seq, isFollowed }: FieldsOf<"thread.follow">,
): Promise<void> {
  const membership = await requireMembership(app.db.sql, actor, room);
  if (isFollowed) await requireMessage(app.db.sql, room, seq);
  const { headSeq } = membership.room;
  await setFollowed(app.db.sql, { account: actor.id, room, root: seq, isFollowed, headSeq });
  publishThreadsChange(app, actor.id);
}

/** Moves the read mark of a thread forward to `upTo`. Refuses with `not_found`. */
export async function markThreadRead(
  app: Needs,
  actor: Actor,
  { room, seq, upTo }: FieldsOf<"thread.mark_read">,
): Promise<void> {
  const membership = await requireMembership(app.db.sql, actor, room);
  const mark = { account: actor.id, room, root: seq, upTo: Math.min(upTo, membership.room.headSeq) };
  if (await raiseThreadMark(app.db.sql, mark)) publishThreadsChange(app, actor.id);
}

function publishThreadsChange(app: Needs, account: AccountId): void {
  const signal = { type: "me.changed", part: "threads" } as const;
  app.bus.publish({ kind: "account_signal", account, signal });
}
