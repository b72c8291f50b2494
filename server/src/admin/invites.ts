import { changeAccount } from "../accounts/change-account.ts";
import { countActiveInvites, insertInvite, markInviteRevoked } from "../accounts/invite-queries.ts";
import type { Actor, RequestOrigin } from "../auth/sessions.ts";
import { lockOnly } from "../db/lock-queries.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";

export const inviteBounds = { activeMax: 200, usesMax: 1000, daysMax: 90, noteCharsMax: 200 } as const;

const dayMs = 24 * 3_600_000;

/**
 * Creates an invitation. Returns its link, which is shown only this once: the database holds just its hash. Refuses with
 * `too_many`.
 */
export async function createInvite(
  app: TransactionNeeds,
  actor: Actor,
  draft: { note: string; maxUses: number; days: number; needsApproval: boolean },
  origin: RequestOrigin,
): Promise<string> {
  const token = app.random.token();
  await changeAccount(app, async ({ sql, audit }) => {
    const createdAt = app.clock.now();
    await lockOnly(sql, "invites");
    if ((await countActiveInvites(sql, createdAt)) >= inviteBounds.activeMax)
      throw new Refusal("too_many", (t) => t.tooManyInvites(inviteBounds.activeMax));
    await insertInvite(sql, {
      id: app.random.uuid(),
      token,
      by: actor.id,
      note: draft.note.trim(),
      maxUses: draft.maxUses,
      needsApproval: draft.needsApproval,
      createdAt,
      expiresAt: createdAt + draft.days * dayMs,
    });
    const detail = `${draft.maxUses} uses, ${draft.days} days${draft.needsApproval ? ", approval required" : ""}`;
    audit({ action: "invite.created", actor, address: origin.address, detail });
  });
  return new URL(`/join/${token}`, app.publicUrl).href;
}

/** Revokes an invitation; accounts made with it stay. Refuses with `not_found`. */
export async function revokeInvite(
  app: TransactionNeeds,
  actor: Actor,
  id: string,
  origin: RequestOrigin,
): Promise<void> {
  await changeAccount(app, async ({ sql, audit }) => {
    if (!(await markInviteRevoked(sql, id, app.clock.now())))
      throw new Refusal("not_found", (t) => t.noInvite);
    audit({ action: "invite.revoked", actor, address: origin.address });
  });
}
