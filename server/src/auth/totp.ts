import { Secret, TOTP } from "otpauth";

// RFC 6238 with what every authenticator app takes for granted: SHA-1, six digits, 30 seconds.
const stepMs = 30_000;
const seedBytes = 20;
/**
 * How long after its end a code still counts: whoever typed it at the last moment. ASVS 6.5.5 allows a code 30 seconds
 * in all; ten more are a deviation for people's sake.
 */
const graceMs = 10_000;

/** A new seed, in base32. */
export function createTotpSeed(): string {
  return new Secret({ size: seedBytes }).base32;
}

/** The seed as authenticator apps read it from a QR code. */
export function totpUri(seed: string, username: string): string {
  return createTotp(seed, username).toString();
}

/**
 * The step whose code this is, or null: the present one, or the one before in its last moments, and never one that is
 * not after `lastStep`.
 */
export function findTotpStep(seed: string, code: string, now: number, lastStep: number): number | null {
  const present = Math.floor(now / stepMs);
  const steps = now - present * stepMs <= graceMs ? [present, present - 1] : [present];
  const totp = createTotp(seed, "");
  const step = steps.find(
    (candidate) => totp.validate({ token: code, timestamp: candidate * stepMs, window: 0 }) === 0,
  );
  return step !== undefined && step > lastStep ? step : null;
}

function createTotp(seed: string, label: string): TOTP {
  return new TOTP({ issuer: "novaX", label, secret: Secret.fromBase32(seed) });
}
