import { type AccountChangeNeeds, changeAccount } from "../accounts/account-change.ts";
import { type Policy, readPolicy, writePolicy } from "../accounts/policy.ts";
import type { Actor, RequestOrigin } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";

/** Changes what holds for the whole server. Owners only: refuses with `forbidden`. */
export async function changePolicy(
  app: AccountChangeNeeds,
  actor: Actor,
  policy: Policy,
  origin: RequestOrigin,
): Promise<void> {
  if (actor.serverRole !== "owner") throw new Refusal("forbidden", (t) => t.ownersChange);
  await changeAccount(app, async ({ tx, audit }) => {
    const before = await readPolicy(tx);
    await writePolicy(tx, policy);
    const changed = (Object.keys(policy) as (keyof Policy)[]).filter((key) => policy[key] !== before[key]);
    if (changed.length === 0) return;
    const detail = changed.map((key) => `${key}: ${before[key]} to ${policy[key]}`).join("; ");
    audit({ action: "settings.changed", actor, address: origin.address, detail });
  });
}
