import { z } from "zod";
import { changeAccount } from "../accounts/change-account.ts";
import { requiresFactor } from "../accounts/policy.ts";
import { readPolicy } from "../accounts/policy-queries.ts";
import { lockAccount, raiseCredentialsVersion } from "../accounts/queries.ts";
import { isUniqueViolation } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import {
  deletePasskey,
  insertPasskey,
  insertPasskeyChallenge,
  listPasskeys,
  renamePasskey,
  takePasskeyChallenge,
} from "./passkey-queries.ts";
import {
  credentialFields,
  type PasskeyNeeds,
  passkeyChallengeMs,
  passkeyRefused,
  readChallenge,
} from "./passkeys.ts";
import { type Actor, assertRecentProof, type RequestOrigin } from "./sessions.ts";
import { dropFactor } from "./two-factor.ts";
import { loadWebAuthn } from "./webauthn.ts";

const passkeysMax = 20;
const nameCharsMax = 60;

const text = z.string().max(16_384);

/** What a browser sends after it has created a passkey. */
export const newPasskeySchema = z.strictObject({
  ...credentialFields,
  response: z.strictObject({
    clientDataJSON: text,
    attestationObject: text,
    authenticatorData: text.optional(),
    transports: z
      .array(z.string().regex(/^[a-z-]{1,20}$/))
      .max(10)
      .optional(),
    publicKeyAlgorithm: z.int().optional(),
    publicKey: text.optional(),
  }),
});
export type NewPasskey = z.infer<typeof newPasskeySchema>;

/**
 * Asks the browser to create a passkey. Needs a recent proof, so that somebody at an unlocked computer cannot leave a
 * key behind. Refuses with `reauth_required`.
 */
export async function requestNewPasskey(app: PasskeyNeeds, actor: Actor): Promise<unknown> {
  assertRecentProof(app, actor);
  const passkeys = await listPasskeys(app.db.sql, actor.id);
  const { generateRegistrationOptions } = await loadWebAuthn();
  const options = await generateRegistrationOptions({
    rpName: app.identity.name,
    rpID: app.publicUrl.hostname,
    userName: actor.username,
    userDisplayName: actor.displayName ?? actor.username,
    userID: new Uint8Array(Buffer.from(actor.id.replaceAll("-", ""), "hex")),
    timeout: passkeyChallengeMs,
    attestationType: "none",
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
    excludeCredentials: passkeys.map(({ id, transports }) => ({ id, transports })),
  });
  const now = app.clock.now();
  await insertPasskeyChallenge(app.db.sql, {
    text: options.challenge,
    purpose: "register",
    accountId: actor.id,
    now,
    expiresAt: now + passkeyChallengeMs,
  });
  return options;
}

/** Stores a passkey that the browser created. Refuses with `reauth_required` or `passkey_refused`. */
export async function addPasskey(
  app: PasskeyNeeds,
  actor: Actor,
  { response, name }: { response: NewPasskey; name: string },
  origin: RequestOrigin,
): Promise<void> {
  assertRecentProof(app, actor);
  const challenge = readChallenge(response.response.clientDataJSON);
  const taken = {
    text: challenge ?? "",
    purpose: "register",
    accountId: actor.id,
    now: app.clock.now(),
  } as const;
  if (challenge === null || !(await takePasskeyChallenge(app.db.sql, taken))) throw passkeyRefused();
  if (await hasCertificates(response)) throw passkeyRefused();
  const { verifyRegistrationResponse } = await loadWebAuthn();
  const verified = await verifyRegistrationResponse({
    response: response as unknown as Parameters<typeof verifyRegistrationResponse>[0]["response"],
    expectedChallenge: challenge,
    expectedOrigin: [...app.ownOrigins],
    expectedRPID: app.publicUrl.hostname,
    requireUserVerification: true,
  }).catch(() => null);
  if (!verified?.verified || !verified.registrationInfo.userVerified) throw passkeyRefused();
  const { credential } = verified.registrationInfo;
  try {
    await changeAccount(app, async ({ sql, notify, audit }) => {
      const account = (await lockAccount(sql, actor.id))!;
      const others = await listPasskeys(sql, actor.id);
      if (others.length >= passkeysMax)
        throw new Refusal("passkey_refused", (t) => t.tooManyPasskeys(passkeysMax));
      const passkey = {
        id: credential.id,
        accountId: actor.id,
        publicKey: credential.publicKey,
        counter: credential.counter,
        transports: credential.transports ?? [],
        name: cleanName(name) || `Passkey ${others.length + 1}`,
        createdAt: app.clock.now(),
      };
      await insertPasskey(sql, passkey);
      await notify(account, "passkey_added", (t) => t.passkeyCalled(passkey.name));
      audit({
        action: "passkey.added",
        actor,
        subject: actor,
        address: origin.address,
        detail: passkey.name,
      });
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw passkeyRefused();
    throw error;
  }
}

/**
 * Whether a new passkey comes with a statement of who made it that we did not ask for. To verify its certificates the library may
 * load what they name, from wherever a stranger wants. Browsers leave it out; what is signed with the passkey's own key is fine.
 */
async function hasCertificates({ response }: NewPasskey): Promise<boolean> {
  const { decodeAttestationObject, isoBase64URL } = await import("@simplewebauthn/server/helpers");
  try {
    const attestation = decodeAttestationObject(isoBase64URL.toBuffer(response.attestationObject));
    const format = attestation.get("fmt");
    if (format === "none") return false;
    return format !== "packed" || attestation.get("attStmt").get("x5c") !== undefined;
  } catch {
    throw passkeyRefused();
  }
}

/** Renames a passkey. Refuses with `not_found`, also for somebody else's passkey. */
export async function nameOwnPasskey(
  app: PasskeyNeeds,
  actor: Actor,
  id: string,
  { name }: { name: string },
): Promise<void> {
  const isThere = await renamePasskey(app.db.sql, actor.id, id, { name: cleanName(name) || "Passkey" });
  if (!isThere) throw passkeyNotFound();
}

/**
 * Removes a passkey. If it was the last second factor, turns the second factor off. Refuses with `reauth_required`;
 * with `second_factor_setup_required` if the account must keep a factor; and with `not_found`, also for somebody
 * else's passkey.
 */
export async function removePasskey(
  app: PasskeyNeeds,
  actor: Actor,
  id: string,
  origin: RequestOrigin,
): Promise<void> {
  assertRecentProof(app, actor);
  await changeAccount(app, async (change) => {
    const { sql, notify, audit } = change;
    const account = (await lockAccount(sql, actor.id))!;
    const name = await deletePasskey(sql, actor.id, id);
    if (name === null) throw passkeyNotFound();
    await raiseCredentialsVersion(sql, actor.id);
    await notify(account, "passkey_removed", (t) => t.passkeyWasCalled(name));
    audit({ action: "passkey.removed", actor, subject: actor, address: origin.address, detail: name });
    const isLastFactor =
      account.hasFactor && !account.hasTotp && (await listPasskeys(sql, actor.id)).length === 0;
    if (isLastFactor && requiresFactor(await readPolicy(sql), account)) {
      throw new Refusal("second_factor_setup_required", (t) => t.factorDemanded);
    }
    if (isLastFactor) await dropFactor(change, account, { actor, origin, detail: (t) => t.lastPasskey });
  });
}

function cleanName(name: string): string {
  const visible = name.replace(/[\p{Control}\p{Surrogate}\p{Format}]/gu, "").trim();
  return [...visible].slice(0, nameCharsMax).join("");
}

function passkeyNotFound(): Refusal {
  return new Refusal("not_found", (t) => t.noPasskey);
}
