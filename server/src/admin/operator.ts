import { toPerson } from "@novax/protocol/person";
import { changeAccount } from "../accounts/change-account.ts";
import { assertFreeUsername } from "../accounts/free-names.ts";
import { newAccountId } from "../accounts/new-account-id.ts";
import { type Account, insertAccount, lockAccount, setDisabled } from "../accounts/queries.ts";
import { parseUsername, usernameKey } from "../accounts/username.ts";
import { deletePasskey, listPasskeys } from "../auth/passkey-queries.ts";
import { insertResetLink } from "../auth/reset-password.ts";
import { dropFactor } from "../auth/two-factor.ts";
import { Refusal } from "../lib/refusal.ts";
import { textsIn } from "../texts/texts.ts";
import type { AdminNeeds } from "./people.ts";
import { clearApproval, setServerRole } from "./queries.ts";

// What the operator can do on the command line, for example when nobody can sign in. The audit log names no actor,
// because a person who controls the machine does not act through an account.

const origin = { address: "" };
const { byOperator } = textsIn("en").notices;

/** Creates a link to set a new password. Refuses with `forbidden` for a disabled account. */
export function linkFor(app: AdminNeeds, account: Account): Promise<string> {
  if (account.isDisabled) throw new Refusal("forbidden", (t) => t.accountShut);
  return changeAccount(app, async ({ sql, notify, audit }) => {
    const link = await insertResetLink(app, sql, account.id, { sentTo: null });
    await notify(account, "reset_link_issued", (t) => t.byOperator);
    audit({ action: "reset_link.issued", actor: null, subject: account, detail: byOperator });
    return link;
  });
}

/** Turns an account's second factor off: app, passkeys and recovery codes. Refuses with `second_factor_off`. */
export async function disableFactorOf(app: AdminNeeds, { id }: Account): Promise<void> {
  await changeAccount(app, async (change) => {
    const account = (await lockAccount(change.sql, id))!;
    const passkeys = await listPasskeys(change.sql, id);
    if (!account.hasFactor && passkeys.length === 0) {
      throw new Refusal("second_factor_off", "two-factor authentication is off for this account.");
    }
    for (const passkey of passkeys) await deletePasskey(change.sql, id, passkey.id);
    await dropFactor(change, account, { actor: null, origin, detail: (t) => t.byOperator });
  });
}

/**
 * Makes a person an owner, and enables their account if it was disabled. Creates the account if there is none, and
 * returns the link to set its password. Refuses with `username_invalid`.
 */
export function createOwner(
  app: AdminNeeds,
  known: Account | null,
  username: string,
): Promise<string | null> {
  return changeAccount(app, async (change) => {
    const { sql, audit } = change;
    if (known) {
      const detail = `${known.serverRole} to owner. ${byOperator}`;
      await setServerRole(sql, known.id, "owner");
      if (known.awaitsApproval) {
        await clearApproval(sql, known.id, null);
        await app.joinFirstRooms(change, toPerson(known.id, known.username, known.displayName));
      }
      if (known.isDisabled) await setDisabled(sql, known.id, null);
      audit({ action: "account.role_changed", actor: null, subject: known, detail });
      return null;
    }
    const owner = { id: await newAccountId(sql, app.random), username: parseUsername(username) };
    await assertFreeUsername(sql, owner.username, { self: null, now: app.clock.now() });
    await insertAccount(sql, {
      ...owner,
      key: usernameKey(owner.username),
      email: "",
      passwordHash: null,
      serverRole: "owner",
      createdAt: app.clock.now(),
    });
    await app.joinFirstRooms(change, owner);
    const link = await insertResetLink(app, sql, owner.id, { sentTo: null });
    audit({ action: "account.registered", actor: null, subject: owner, detail: byOperator });
    return link;
  });
}
