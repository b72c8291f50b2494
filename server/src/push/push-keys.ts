import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import type { Database } from "../db/database.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import { deletePushKeys, findPushKeys, insertPushKeys } from "./queries.ts";

const sealContext = "push keys";
/** A push service takes a day at most (RFC 8292, 2). */
const validSeconds = 12 * 3600;

/** The server's own pair of keys for push services. */
export type PushKeys = {
  /** As a browser takes it for `applicationServerKey`: the uncompressed point in base64url. */
  publicKey: string;
  /** Returns the Authorization header (VAPID, RFC 8292) for a service. `now` is in milliseconds. */
  authorize(service: URL, now: number): string;
};

/** Returns the server's keys. The first process that needs them makes them; they stay, or all browsers would have to subscribe anew. */
export async function openPushKeys(
  { db: { sql }, secret }: { db: Database; secret: ServerSecret },
  publicUrl: URL,
): Promise<PushKeys> {
  let stored = (await findPushKeys(sql)) ?? (await createPushKeys({ sql, secret }));
  if (secret.open(stored.privateKey, sealContext) === null) {
    // Sealed with another secret, as all subscriptions were: browsers subscribe anew.
    await deletePushKeys(sql);
    stored = await createPushKeys({ sql, secret });
  }
  const jwk = secret.open(stored.privateKey, sealContext)!;
  const key = createPrivateKey({ key: JSON.parse(jwk), format: "jwk" });
  return {
    publicKey: stored.publicKey,
    authorize: (service, now) => {
      // Apple refuses a contact on localhost; where the server has a public address, this is https.
      const claims = {
        aud: service.origin,
        exp: Math.floor(now / 1000) + validSeconds,
        sub: publicUrl.origin,
      };
      const parts = [{ typ: "JWT", alg: "ES256" }, claims].map((part) => toBase64url(JSON.stringify(part)));
      const input = parts.join(".");
      const signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
      return `vapid t=${input}.${signature.toString("base64url")}, k=${stored.publicKey}`;
    },
  };
}

async function createPushKeys({ sql, secret }: { sql: Database["sql"]; secret: ServerSecret }) {
  const jwk = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  const coordinates = [jwk.x!, jwk.y!].map((part) => Buffer.from(part, "base64url"));
  await insertPushKeys(sql, {
    publicKey: Buffer.concat([Buffer.from([4]), ...coordinates]).toString("base64url"),
    privateKey: secret.seal(JSON.stringify(jwk), sealContext),
  });
  // Another process may have been first.
  return (await findPushKeys(sql))!;
}

const toBase64url = (text: string) => Buffer.from(text).toString("base64url");
