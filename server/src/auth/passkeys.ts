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

/** To whom passkeys belong: the host of PUBLIC_URL, and the origins its pages have. */
export type PasskeyNeeds = TransactionNeeds & { ownOrigins: ReadonlySet<string> };

export const passkeyChallengeMs = 5 * 60_000;

const text = z.string().max(16_384);
const base64Url = z.string().regex(/^[A-Za-z0-9_-]{1,1400}$/);

/** What every answer of an authenticator has, as `PublicKeyCredential.toJSON` writes it. */
export const credentialFields = {
  id: base64Url,
  rawId: base64Url,
  type: z.literal("public-key"),
  authenticatorAttachment: text.nullish(),
  clientExtensionResults: z.record(text, z.unknown()),
};

/** The answer to a challenge. */
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

/** Asks for a passkey: any (`login`), or one of this account's. The challenge works once, for five minutes. */
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
 * Verifies what an authenticator answered: our challenge, for this purpose and this account, once; our origin; the
 * person themselves verified by it; its signature; a counter that grew. Refuses with `passkey_refused`, the same for
 * everything; a counter that went back is told to the passkey's owner. The caller notes the use.
 */
export async function verifyPasskey(
  app: PasskeyNeeds,
  response: PasskeyResponse,
  purpose: Exclude<PasskeyPurpose, "register">,
  accountId: AccountId | null,
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

/** The challenge inside of what the browser signed, or null. It is trusted only for finding out whether it was ours. */
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
      // The counter is compared by us: one that went back is worth a word to its owner.
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
