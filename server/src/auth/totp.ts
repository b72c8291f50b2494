import { Secret, TOTP } from "otpauth";
import { productName } from "../lib/server-name.ts";

// RFC 6238 with the values that every authenticator app assumes: SHA-1, six digits, 30 seconds.
const stepMs = 30_000;
const seedBytes = 20;

export function createTotpSeed(): string {
  return new Secret({ size: seedBytes }).base32;
}

/** The `otpauth:` URI that authenticator apps read from a QR code. */
export function totpUri(seed: string, username: string, issuer: string): string {
  return createTotp(seed, username, issuer).toString();
}

/**
 * The time step that this code belongs to: the current one, the one before or the one after, as RFC 6238 allows for slow
 * typing and for phones whose clocks are off. ASVS 6.5.5 would have 30 seconds in all; no code works twice, and tries are
 * limited, so the deviation costs little. Null for a wrong code, and for a step that is not later than `lastStep`.
 */
export function findTotpStep(
  seed: string,
  code: string,
  now: number,
  { lastStep }: { lastStep: number },
): number | null {
  const present = Math.floor(now / stepMs);
  const steps = [present, present - 1, present + 1];
  const totp = createTotp(seed, "", productName);
  const step = steps.find(
    (candidate) => totp.validate({ token: code, timestamp: candidate * stepMs, window: 0 }) === 0,
  );
  return step !== undefined && step > lastStep ? step : null;
}

function createTotp(seed: string, label: string, issuer: string): TOTP {
  return new TOTP({ issuer, label, secret: Secret.fromBase32(seed) });
}
