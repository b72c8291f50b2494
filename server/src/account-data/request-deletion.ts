import { changeAccount } from "../accounts/change-account.ts";
import { assertNotLastOwner, scheduleDeletion } from "../accounts/deletion-queries.ts";
import { readPolicy } from "../accounts/policy-queries.ts";
import { lockAccount } from "../accounts/queries.ts";
import { markAllSessionsEnded } from "../auth/session-queries.ts";
import { type Actor, assertRecentProof, type RequestOrigin } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { eraseAccountJob } from "./erase-account.ts";

export const deletionGraceDays = 14;
const graceMs = deletionGraceDays * 24 * 3_600_000;

/**
 * Requests the deletion of the actor's own account in `deletionGraceDays` days. All their sessions end now. Signing in
 * during this time cancels the deletion.
 *
 * Refuses with `reauth_required`, with `last_owner`, and with `erasure_not_allowed` if messages are to be erased and
 * the server's policy does not allow it.
 */
export async function requestDeletion(
  app: TransactionNeeds,
  actor: Actor,
  request: { erasesMessages: boolean },
  origin: RequestOrigin,
): Promise<void> {
  assertRecentProof(app, actor);
  await changeAccount(app, async ({ sql, queue, endSessions, notify, audit }) => {
    const account = (await lockAccount(sql, actor.id))!;
    await assertNotLastOwner(sql, account);
    if (request.erasesMessages && !(await readPolicy(sql)).allowsErasure) {
      throw new Refusal("erasure_not_allowed", (t) => t.noErasure);
    }
    const at = app.clock.now() + graceMs;
    await scheduleDeletion(sql, actor.id, { at, erasesMessages: request.erasesMessages });
    await queue(eraseAccountJob, { accountId: actor.id }, { runAt: at });
    endSessions(await markAllSessionsEnded(sql, actor.id, app.clock.now()));
    await notify(account, "deletion_requested", (t) => t.deletedOn(at));
    const detail = request.erasesMessages ? "messages erased" : "messages kept";
    audit({ action: "account.deletion_requested", actor, subject: actor, address: origin.address, detail });
  });
}
