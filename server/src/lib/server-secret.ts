import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

/**
 * Operations with the server's secret. The secret is not in the database, so a dump of the database does not include
 * the key.
 *
 * `context` says what a value is and whose it is; a value sealed for one context does not open in another.
 */
export type ServerSecret = {
  /** Encrypts (AES-256-GCM). */
  seal(text: string, context: string): Buffer;
  /** Decrypts. Returns null for anything that was not sealed with this secret and for this context. */
  open(sealed: Uint8Array, context: string): string | null;
  /**
   * HMAC-SHA-256. For short secrets such as recovery codes, whose plain hash could be brute-forced by somebody who has
   * the database.
   */
  mac(text: string, context: string): Buffer;
};

export const serverSecretBytes = 32;

const ivBytes = 12;
const tagBytes = 16;

export function createServerSecret(bytes: Uint8Array): ServerSecret {
  const key = (use: string) => Buffer.from(hkdfSync("sha256", bytes, "", `novax ${use}`, 32));
  const sealKey = key("seal");
  const macKey = key("mac");
  return {
    seal: (text, context) => {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv("aes-256-gcm", sealKey, iv).setAAD(Buffer.from(context));
      return Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    },
    open: (sealed, context) => {
      if (sealed.byteLength < ivBytes + tagBytes) return null;
      const body = Buffer.from(sealed);
      const decipher = createDecipheriv("aes-256-gcm", sealKey, body.subarray(0, ivBytes))
        .setAAD(Buffer.from(context))
        .setAuthTag(body.subarray(-tagBytes));
      try {
        const text = decipher.update(body.subarray(ivBytes, -tagBytes));
        return Buffer.concat([text, decipher.final()]).toString("utf8");
      } catch {
        return null;
      }
    },
    mac: (text, context) => createHmac("sha256", macKey).update(`${context}\0${text}`).digest(),
  };
}
