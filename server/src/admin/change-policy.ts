import { isIcon } from "@novax/protocol/icon";
import { isBlank, isLegibleName } from "@novax/protocol/names";
import { changeAccount } from "../accounts/change-account.ts";
import { type Policy, serverNameCharsMax } from "../accounts/policy.ts";
import { readPolicy, writePolicy } from "../accounts/policy-queries.ts";
import type { Actor, RequestOrigin } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";

/** Asserts that a name is one line that can be read, and a sign one letter or emoji. Refuses with `malformed`. */
function assertServerName({ serverName, serverIcon }: Policy): void {
  if (
    serverName.length > serverNameCharsMax ||
    !isLegibleName(serverName) ||
    (serverName !== "" && isBlank(serverName))
  )
    throw new Refusal("malformed", (t) => t.serverName(serverNameCharsMax), { field: "server_name" });
  if (!isIcon(serverIcon)) throw new Refusal("malformed", (t) => t.serverIcon, { field: "server_icon" });
}

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
  assertServerName(policy);
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
