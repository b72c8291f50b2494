// A push service as browsers have one: it takes what a server sends to a device, and opens it as the device would.
import { createECDH, createPublicKey, randomBytes, verify } from "node:crypto";
import type { PushContent, PushMessage } from "@novax/protocol/push";
import { decrypt } from "http_ece";
import type { Person } from "./person.ts";

export type Pushed = { message: PushMessage; headers: Headers; bytes: number };

export type TestDevice = {
  /** What `PushSubscription.toJSON()` would give. */
  fields: { endpoint: string; p256dh: string; auth: string };
  /** What arrived, as the device reads it. */
  received: Pushed[];
  /** How the service answers the next messages: 201 if nothing else is said. */
  status: number;
  /** After how many seconds it is to be asked again, if it does not take them. */
  retryAfter?: number;
  /** How many it did not take. */
  refused: number;
};

export type TestPushService = {
  origin: string;
  makeDevice(): TestDevice;
  stop(): Promise<void>;
};

export function startPushService(): TestPushService {
  const devices = new Map<string, TestDevice & { take(request: Request): Promise<number> }>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const device = devices.get(new URL(request.url).pathname);
      if (!device) return new Response(null, { status: 404 });
      const status = await device.take(request);
      const { retryAfter } = device;
      const headers = retryAfter === undefined ? {} : { "retry-after": String(retryAfter) };
      return new Response(null, { status, headers });
    },
  });
  const origin = `http://127.0.0.1:${server.port}`;
  return {
    origin,
    makeDevice: () => {
      const path = `/send/${crypto.randomUUID()}`;
      const keys = createECDH("prime256v1");
      const p256dh = keys.generateKeys("base64url");
      const auth = randomBytes(16).toString("base64url");
      const device = {
        fields: { endpoint: origin + path, p256dh, auth },
        received: [] as Pushed[],
        status: 201,
        refused: 0,
        take: async (request: Request) => {
          if (!isSignedFor(request.headers.get("authorization") ?? "", origin)) return 403;
          if (device.status !== 201) {
            device.refused += 1;
            return device.status;
          }
          const body = Buffer.from(await request.arrayBuffer());
          const text = decrypt(body, { version: "aes128gcm", privateKey: keys, authSecret: auth });
          device.received.push({
            message: JSON.parse(text.toString()) as PushMessage,
            headers: request.headers,
            bytes: body.byteLength,
          });
          return 201;
        },
      };
      devices.set(path, device);
      return device;
    },
    stop: () => server.stop(true),
  };
}

/** Whether a message bears the signature of the key that it names, for this service and not for long (RFC 8292). */
function isSignedFor(authorization: string, audience: string): boolean {
  const [, head, claims, signature, key] =
    /^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), k=([\w-]+)$/.exec(authorization) ?? [];
  if (!head || !claims || !signature || !key) return false;
  const point = Buffer.from(key, "base64url");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString("base64url"));
  const publicKey = createPublicKey({ key: { kty: "EC", crv: "P-256", x: x!, y: y! }, format: "jwk" });
  const isGenuine = verify(
    "sha256",
    Buffer.from(`${head}.${claims}`),
    { key: publicKey, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  const { aud, exp, sub } = JSON.parse(Buffer.from(claims, "base64url").toString());
  const left = exp - Date.now() / 1000;
  return isGenuine && aud === audience && left > 0 && left <= 86_400 && /^https?:\/\//.test(sub);
}

/** Subscribes a person's session with a new device. */
export async function subscribe(
  person: Person,
  service: TestPushService,
  content: PushContent = "full",
): Promise<TestDevice> {
  const device = service.makeDevice();
  await person.run("push.subscribe", { ...device.fields, content });
  return device;
}
