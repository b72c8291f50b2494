import { changeAccount } from "../accounts/change-account.ts";
import type { Policy } from "../accounts/policy.ts";
import { readPolicy, writePolicy } from "../accounts/policy-queries.ts";
import type { Actor, RequestOrigin } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";

/**
 * Changes the server's policy. Owners only: refuses with `forbidden`; and with `malformed` if single sign-on were the only
 * way and there is none.
 */
export async function changePolicy(
  app: TransactionNeeds & { sso: object | null },
  actor: Actor,
  policy: Policy,
  origin: RequestOrigin,
): Promise<void> {
  if (actor.serverRole !== "owner") throw new Refusal("forbidden", (t) => t.ownersChange);
  if (app.sso === null && (policy.registration === "sso" || !policy.allowsPasswords))
    throw new Refusal("malformed", (t) => t.noSso);
  await changeAccount(app, async ({ sql, audit, publishAfterCommit }) => {
    const before = await readPolicy(sql);
    await writePolicy(sql, policy);
    const changed = (Object.keys(policy) as (keyof Policy)[]).filter((key) => policy[key] !== before[key]);
    if (changed.length === 0) return;
    const detail = changed.map((key) => `${key}: ${before[key]} to ${policy[key]}`).join("; ");
    publishAfterCommit({ kind: "server_identity_changed" });
    audit({ action: "settings.changed", actor, address: origin.address, detail });
  });
}
