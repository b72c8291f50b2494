import { createCipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";

/** What a browser gave with its subscription, in base64url: its public key and a secret that only it and we have. */
export type DeviceKeys = { p256dh: string; auth: string };

const recordBytes = 4096;
const pointBytes = 65;
const authBytes = 16;
/** So that a message's length tells little about it. */
const paddedTo = 512;
/** What fits into the one record that push services take, with the mark of its end and the tag. */
export const pushTextBytesMax = recordBytes - (16 + 4 + 1 + pointBytes) - 1 - 16;

/**
 * Encrypts a text for one browser (RFC 8291, one record of RFC 8188): the push service in between can't read it. Throws if
 * the keys are none, or the text is longer than `pushTextBytesMax`.
 */
export function encryptPush({ p256dh, auth }: DeviceKeys, text: Uint8Array): Buffer<ArrayBuffer> {
  const [devicePoint, deviceSecret] = [Buffer.from(p256dh, "base64url"), Buffer.from(auth, "base64url")];
  if (devicePoint.byteLength !== pointBytes || deviceSecret.byteLength !== authBytes)
    throw new Error("these aren't the keys of a subscription");
  if (text.byteLength > pushTextBytesMax) throw new Error("the text doesn't fit into a push message");
  const ecdh = createECDH("prime256v1");
  const point = ecdh.generateKeys();
  const shared = ecdh.computeSecret(devicePoint);
  const about = Buffer.concat([Buffer.from("WebPush: info\0"), devicePoint, point]);
  const material = hkdf(shared, { salt: deviceSecret, info: about, bytes: 32 });
  const salt = randomBytes(16);
  const key = hkdf(material, { salt, info: Buffer.from("Content-Encoding: aes128gcm\0"), bytes: 16 });
  const nonce = hkdf(material, { salt, info: Buffer.from("Content-Encoding: nonce\0"), bytes: 12 });
  const length = Math.min(Math.ceil((text.byteLength + 1) / paddedTo) * paddedTo, pushTextBytesMax + 1);
  const padded = Buffer.alloc(length);
  padded.set(text);
  // The last record's text ends with a 2, then come the zeros.
  padded[text.byteLength] = 2;
  const cipher = createCipheriv("aes-128-gcm", key, nonce);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(recordBytes);
  head[4] = pointBytes;
  return Buffer.concat([salt, head, point, cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
}

function hkdf(
  material: Uint8Array,
  { salt, info, bytes }: { salt: Uint8Array; info: Uint8Array; bytes: number },
): Buffer {
  return Buffer.from(hkdfSync("sha256", material, salt, info, bytes));
}
