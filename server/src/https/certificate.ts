import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";

/** A certificate with its chain, and its key, as PEM. */
export type Certificate = { cert: string; key: string };

/**
 * Returns what keeps browsers from taking a certificate for this host now, as the end of a sentence about it; null: nothing.
 */
export function problemWith({ cert, key }: Certificate, host: string, now: number): string | null {
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(cert);
  } catch {
    return "isn't a certificate in PEM";
  }
  try {
    if (!parsed.checkPrivateKey(createPrivateKey(key))) return "belongs to another key";
  } catch {
    return "has a key that isn't one in PEM, without a password";
  }
  const address = host.replace(/^\[|\]$/g, "");
  const isFor = isIP(address) === 0 ? parsed.checkHost(host) : parsed.checkIP(address);
  if (isFor === undefined) return `isn't for ${host}, but for ${parsed.subjectAltName ?? parsed.subject}`;
  if (now < Date.parse(parsed.validFrom)) return `is valid only from ${parsed.validFrom}`;
  if (now >= expiryOf({ cert })) return `expired on ${parsed.validTo}`;
  return null;
}

/** When it ends, in ms since 1970. */
export function expiryOf({ cert }: Pick<Certificate, "cert">): number {
  return Date.parse(new X509Certificate(cert).validTo);
}

/** Whether less than a third of its time is left: of three months 30 days, of six days two. */
export function isDueForRenewal({ cert }: Pick<Certificate, "cert">, now: number): boolean {
  const { validFrom, validTo } = new X509Certificate(cert);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return now >= to - (to - from) / 3;
}
