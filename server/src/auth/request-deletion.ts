import { type AccountChangeNeeds, changeAccount } from "../accounts/account-change.ts";
import { assertNotLastOwner, scheduleDeletion } from "../accounts/deletion.ts";
import { readPolicy } from "../accounts/policy.ts";
import { lockAccount } from "../accounts/queries.ts";
import { queueJob } from "../jobs/queue.ts";
import { Refusal } from "../lib/refusal.ts";
import { type Actor, assertRecentProof, markAllSessionsEnded, type RequestOrigin } from "./sessions.ts";

export const deletionGraceDays = 14;
const graceMs = deletionGraceDays * 24 * 3_600_000;

/**
 * Asks for one's own account to be deleted in 14 days. Every session ends now; signing in before takes it back.
 *
 * Refuses with `reauth_required`, with `last_owner`, and with `erasure_not_allowed` where the messages shall go as well
 * and the owner does not let them.
 */
export async function requestDeletion(
  app: AccountChangeNeeds,
  actor: Actor,
  request: { erasesMessages: boolean },
  origin: RequestOrigin,
): Promise<void> {
  assertRecentProof(app, actor);
  await changeAccount(app, async ({ tx, endedSessions, notify, audit }) => {
    const account = (await lockAccount(tx, actor.id))!;
    await assertNotLastOwner(tx, account);
    if (request.erasesMessages && !(await readPolicy(tx)).allowsErasure) {
      throw new Refusal("erasure_not_allowed", (t) => t.noErasure);
    }
    const at = app.clock.now() + graceMs;
    await scheduleDeletion(tx, actor.id, { at, erasesMessages: request.erasesMessages });
    await queueJob(app, tx, "account.erase", { accountId: actor.id }, { runAt: at });
    endedSessions(await markAllSessionsEnded(tx, actor.id, app.clock.now()));
    const day = new Date(at).toISOString().slice(0, 10);
    await notify(account, "deletion_requested", (t) => t.deletedOn(day));
    const detail = request.erasesMessages ? "with messages" : "messages stay";
    audit({ action: "account.deletion_requested", actor, subject: actor, address: origin.address, detail });
  });
}
