import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId } from "@novax/protocol/ids";
import type { Actor } from "../auth/sessions.ts";
import { requireMessage } from "../messages/require-message.ts";
import { requireMembership } from "../rooms/require-membership.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { deleteSaved, insertSaved } from "./queries.ts";

type Needs = Pick<TransactionNeeds, "db" | "bus" | "clock">;

/** Adds a message to the actor's private list of saved messages. Refuses with `not_found` and `message_gone`. */
export async function saveMessage(
  app: Needs,
  actor: Actor,
  { room, seq }: FieldsOf<"message.save">,
): Promise<void> {
  await requireMembership(app.db.sql, actor, room);
  await requireMessage(app.db.sql, room, seq);
  await insertSaved(app.db.sql, { account: actor.id, room, seq, at: app.clock.now() });
  publishSavedChange(app, actor.id);
}

export async function unsaveMessage(
  app: Needs,
  actor: Actor,
  { room, seq }: FieldsOf<"message.unsave">,
): Promise<void> {
  await deleteSaved(app.db.sql, { account: actor.id, room, seq });
  publishSavedChange(app, actor.id);
}

function publishSavedChange(app: Needs, account: AccountId): void {
  const signal = { type: "me.changed", part: "saved" } as const;
  app.bus.publish({ kind: "account_signal", account, signal });
}
