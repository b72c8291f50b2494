// What a person holds besides a password: an authenticator app, and an authenticator for passkeys.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { Secret, TOTP } from "otpauth";
import type { Person } from "./person.ts";

/** An authenticator app with one seed. */
export class AuthenticatorApp {
  readonly #totp: TOTP;

  constructor(seed: string) {
    this.#totp = new TOTP({ secret: Secret.fromBase32(seed) });
  }

  code(at = Date.now()): string {
    return this.#totp.generate({ timestamp: at });
  }

  /** The code of the next time step, for when the current one is used; waits for it. */
  async freshCode(): Promise<string> {
    const stepMs = 30_000;
    await Bun.sleep(stepMs - (Date.now() % stepMs) + 50);
    return this.code();
  }
}

/** Turns the second factor on for somebody who has just signed in. */
export async function setUpFactor(
  person: Person,
): Promise<{ app: AuthenticatorApp; recoveryCodes: string[] }> {
  const start = await person.post("/account/two-factor/start", {});
  const { seed, enrolment } = (await start.json()) as { seed: string; enrolment: string };
  const app = new AuthenticatorApp(seed);
  const response = await person.post("/account/two-factor", { enrolment, code: app.code() });
  if (response.status !== 200) throw new Error(`two-factor: ${response.status} ${await response.text()}`);
  const { recovery_codes: recoveryCodes } = (await response.json()) as { recovery_codes: string[] };
  return { app, recoveryCodes };
}

type Options = { challenge: string; rpId?: string; rp?: { id: string } };

/** An authenticator with one passkey (ES256), like a phone or a security key. */
export class PasskeyAuthenticator {
  readonly id = randomBytes(16).toString("base64url");
  counter = 1;
  /** Whether it verified the user. */
  verifiesUser = true;
  readonly #origin: string;
  readonly #privateKey: KeyObject;
  readonly #coseKey: Buffer;

  constructor(origin: string) {
    this.#origin = origin;
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const { x, y } = publicKey.export({ format: "jwk" }) as { x: string; y: string };
    this.#privateKey = privateKey;
    // COSE_Key (RFC 9053): kty 2, alg -7, crv 1, x, y.
    this.#coseKey = Buffer.concat([
      Buffer.from("a5010203262001215820", "hex"),
      Buffer.from(x, "base64url"),
      Buffer.from("225820", "hex"),
      Buffer.from(y, "base64url"),
    ]);
  }

  register(options: Options) {
    const data = this.#authData(options.rp!.id, 0x45);
    const credential = Buffer.concat([
      Buffer.alloc(16),
      Buffer.from([0, 16]),
      Buffer.from(this.id, "base64url"),
      this.#coseKey,
    ]);
    const authData = Buffer.concat([data, credential]);
    // {"fmt": "none", "attStmt": {}, "authData": h'...'}
    const attestationObject = Buffer.concat([
      Buffer.from("a363666d74646e6f6e656761747453746d74a068617574684461746159", "hex"),
      Buffer.from([authData.length >> 8, authData.length & 255]),
      authData,
    ]);
    return {
      id: this.id,
      rawId: this.id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: this.#clientData("webauthn.create", options.challenge).toString("base64url"),
        attestationObject: attestationObject.toString("base64url"),
        transports: ["internal"],
      },
    };
  }

  answer(options: Options, changes: { origin?: string; rpId?: string } = {}) {
    const clientData = this.#clientData("webauthn.get", options.challenge, changes.origin);
    const authData = this.#authData(changes.rpId ?? options.rpId!, 0x05);
    const signed = Buffer.concat([authData, createHash("sha256").update(clientData).digest()]);
    return {
      id: this.id,
      rawId: this.id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientData.toString("base64url"),
        authenticatorData: authData.toString("base64url"),
        signature: sign("sha256", signed, this.#privateKey).toString("base64url"),
      },
    };
  }

  #authData(rpId: string, flags: number): Buffer {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter++);
    const given = this.verifiesUser ? flags : flags & ~0x04;
    return Buffer.concat([createHash("sha256").update(rpId).digest(), Buffer.from([given]), counter]);
  }

  #clientData(type: string, challenge: string, origin = this.#origin): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }
}

/** Adds a passkey for somebody with a recent proof. */
export async function addPasskey(person: Person, name = "Key"): Promise<PasskeyAuthenticator> {
  const authenticator = new PasskeyAuthenticator(person.server.origin);
  const options = (await (await person.post("/account/passkeys/options", {})).json()) as Options;
  const response = await person.post("/account/passkeys", {
    response: authenticator.register(options),
    name,
  });
  if (response.status !== 200) throw new Error(`passkey: ${response.status} ${await response.text()}`);
  return authenticator;
}

/** Requests passkey options from a path and returns them. */
export async function passkeyOptions(person: Person, path: string): Promise<Options> {
  return (await (await person.post(path, {})).json()) as Options;
}
