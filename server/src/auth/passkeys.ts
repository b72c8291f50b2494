import type { AccountId } from "@novax/protocol/ids";
import { z } from "zod";
import { changeAccount } from "../accounts/change-account.ts";
import { lockAccount } from "../accounts/queries.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import {
  findPasskey,
  insertPasskeyChallenge,
  listPasskeys,
  type Passkey,
  type PasskeyPurpose,
  takePasskeyChallenge,
  type VerifiedPasskey,
} from "./passkey-queries.ts";
import { loadWebAuthn } from "./webauthn.ts";

/** What passkeys are bound to: the host of PUBLIC_URL, and the origins that serve our pages. */
export type PasskeyNeeds = TransactionNeeds & { ownOrigins: ReadonlySet<string> };

export const passkeyChallengeMs = 5 * 60_000;

const text = z.string().max(16_384);
const base64Url = z.string().regex(/^[A-Za-z0-9_-]{1,1400}$/);

/** Common to every authenticator response, as `PublicKeyCredential.toJSON` writes it. */
export const credentialFields = {
  id: base64Url,
  rawId: base64Url,
  type: z.literal("public-key"),
  authenticatorAttachment: text.nullish(),
  clientExtensionResults: z.record(text, z.unknown()),
};

/** An authenticator's response to a challenge. */
export const passkeyResponseSchema = z.strictObject({
  ...credentialFields,
  response: z.strictObject({
    clientDataJSON: text,
    authenticatorData: text,
    signature: text,
    userHandle: text.nullish(),
  }),
});
export type PasskeyResponse = z.infer<typeof passkeyResponseSchema>;

/**
 * Requests a passkey: any account's (`login`), or one of this account's. The challenge works once, for five minutes.
 */
export async function requestPasskey(
  app: PasskeyNeeds,
  purpose: Exclude<PasskeyPurpose, "register">,
  accountId: AccountId | null,
): Promise<unknown> {
  const passkeys = accountId === null ? [] : await listPasskeys(app.db.sql, accountId);
  const { generateAuthenticationOptions } = await loadWebAuthn();
  const options = await generateAuthenticationOptions({
    rpID: app.publicUrl.hostname,
    userVerification: "required",
    timeout: passkeyChallengeMs,
    ...(accountId === null
      ? {}
      : { allowCredentials: passkeys.map(({ id, transports }) => ({ id, transports })) }),
  });
  const now = app.clock.now();
  const expiresAt = now + passkeyChallengeMs;
  await insertPasskeyChallenge(app.db.sql, { text: options.challenge, purpose, accountId, now, expiresAt });
  return options;
}

/**
 * Verifies an authenticator's response: our challenge for this purpose and account, used once; our origin; user
 * verification; the signature; a counter that has grown. Refuses with `passkey_refused` whatever failed. If the
 * counter went back, the passkey may have been copied, and its owner is notified. The caller records the use.
 */
export async function verifyPasskey(
  app: PasskeyNeeds,
  response: PasskeyResponse,
  purpose: Exclude<PasskeyPurpose, "register">,
  { accountId }: { accountId: AccountId | null },
): Promise<VerifiedPasskey> {
  const { sql } = app.db;
  const challenge = readChallenge(response.response.clientDataJSON);
  const now = app.clock.now();
  if (challenge === null || !(await takePasskeyChallenge(sql, { text: challenge, purpose, accountId, now })))
    throw passkeyRefused();
  const passkey = await findPasskey(sql, response.id);
  if (!passkey || (accountId !== null && passkey.accountId !== accountId)) throw passkeyRefused();
  const newCounter = await verifySignature(app, response, challenge, passkey);
  if (newCounter === null) throw passkeyRefused();
  if (newCounter <= passkey.counter && (newCounter !== 0 || passkey.counter !== 0)) {
    await reportRegression(app, passkey, newCounter);
    throw passkeyRefused();
  }
  return { id: passkey.id, accountId: passkey.accountId, oldCounter: passkey.counter, newCounter };
}

/**
 * Reads the challenge from what the browser signed, or returns null. It is unverified: use it only to look up our own.
 */
export function readChallenge(clientDataJson: string): string | null {
  try {
    const data = JSON.parse(Buffer.from(clientDataJson, "base64url").toString("utf8")) as {
      challenge?: unknown;
    };
    return typeof data.challenge === "string" ? data.challenge : null;
  } catch {
    return null;
  }
}

export function passkeyRefused(): Refusal {
  return new Refusal("passkey_refused", (t) => t.passkeyOrOther);
}

async function verifySignature(
  app: PasskeyNeeds,
  response: PasskeyResponse,
  challenge: string,
  passkey: Passkey,
): Promise<number | null> {
  const { verifyAuthenticationResponse } = await loadWebAuthn();
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: response as unknown as Parameters<typeof verifyAuthenticationResponse>[0]["response"],
      expectedChallenge: challenge,
      expectedOrigin: [...app.ownOrigins],
      expectedRPID: app.publicUrl.hostname,
      requireUserVerification: true,
      // We compare the counter ourselves, because a counter that went back is reported to the owner.
      credential: { id: passkey.id, publicKey: passkey.publicKey, counter: 0 },
    });
    return verified && authenticationInfo.userVerified ? authenticationInfo.newCounter : null;
  } catch {
    return null;
  }
}

async function reportRegression(app: PasskeyNeeds, passkey: Passkey, counter: number): Promise<void> {
  await changeAccount(app, async ({ sql, notify, audit }) => {
    const account = await lockAccount(sql, passkey.accountId);
    if (!account) return;
    await notify(account, "passkey_copied", (t) => t.passkeyCopied(passkey.name));
    const detail = `${passkey.name}: ${passkey.counter} then ${counter}`;
    audit({ action: "passkey.counter_regressed", actor: null, subject: account, detail });
  });
}
