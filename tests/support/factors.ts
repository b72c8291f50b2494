// What a person holds besides a password: an authenticator app, and an authenticator for passkeys.
import {
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from "node:crypto";
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

/** The certificate of a maker of authenticators, which nobody trusts: DER in base64. */
const makerCertificate =
  "MIICDjCCAbSgAwIBAgIUeEmCUo4nbAI6U7CfrgjMnPufmMUwCgYIKoZIzj0EAwIwXTELMAkGA1UEBhMCU0UxFDASBgNVBAoMC25v" +
  "dmFYIHRlc3RzMSIwIAYDVQQLDBlBdXRoZW50aWNhdG9yIEF0dGVzdGF0aW9uMRQwEgYDVQQDDAtub3ZhWCB0ZXN0czAgFw0yNjEx" +
  "MzAyMjEwNThaGA8yMTI2MTEwNjIyMTA1OFowXTELMAkGA1UEBhMCU0UxFDASBgNVBAoMC25vdmFYIHRlc3RzMSIwIAYDVQQLDBlB" +
  "dXRoZW50aWNhdG9yIEF0dGVzdGF0aW9uMRQwEgYDVQQDDAtub3ZhWCB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLFE" +
  "hr6Kj9EOcVLALhIaYJUiERwsYoVP60eoBliluK+BE0ZuAYfA6Danfi+YoJgj4dfScivHI39Y7kJtVOMNetOjUDBOMB0GA1UdDgQW" +
  "BBThN+nKjZOw7FaU56dcN/+fF1E/vTAfBgNVHSMEGDAWgBThN+nKjZOw7FaU56dcN/+fF1E/vTAMBgNVHRMBAf8EAjAAMAoGCCqG" +
  "SM49BAMCA0gAMEUCIAEy5o7i1UAMHeqNOJcrGvKapqoSaPmMRSH8KjKNkMxnAiEA9SuDJOdCzVVbvKfa366CL2tppJFGmkdu+jS3" +
  "tO6cvco=";
/** Its key, PKCS #8 in base64. */
const makerKey =
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVMuPHYlKvoVZOx2l4i3/M6LvmS+Cymzop9Fl3zMmEnOhRANCAASx" +
  "RIa+io/RDnFSwC4SGmCVIhEcLGKFT+tHqAZYpbivgRNGbgGHwOg2p34vmKCYI+HX0nIrxyN/WO5CbVTjDXrT";

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

  /** `isAttested`: it also says who made it, with a chain of certificates, though nobody has asked. */
  register(options: Options, { isAttested = false } = {}) {
    const data = this.#authData(options.rp!.id, 0x45);
    const credential = Buffer.concat([
      Buffer.alloc(16),
      Buffer.from([0, 16]),
      Buffer.from(this.id, "base64url"),
      this.#coseKey,
    ]);
    const authData = Buffer.concat([data, credential]);
    const clientData = this.#clientData("webauthn.create", options.challenge);
    // {"fmt": "none", "attStmt": {}, "authData": h'...'}, or with the statement of the maker.
    const attestationObject = Buffer.concat([
      Buffer.from("a363666d74", "hex"),
      isAttested ? Buffer.from("667061636b6564", "hex") : Buffer.from("646e6f6e65", "hex"),
      Buffer.from("6761747453746d74", "hex"),
      isAttested ? makerStatement(authData, clientData) : Buffer.from("a0", "hex"),
      Buffer.from("68617574684461746159", "hex"),
      Buffer.from([authData.length >> 8, authData.length & 255]),
      authData,
    ]);
    return {
      id: this.id,
      rawId: this.id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientData.toString("base64url"),
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

/** {"alg": -7, "sig": h'...', "x5c": [h'...']}, as of a "packed" attestation. */
function makerStatement(authData: Buffer, clientData: Buffer): Buffer {
  const key = createPrivateKey({ key: Buffer.from(makerKey, "base64"), format: "der", type: "pkcs8" });
  const signed = Buffer.concat([authData, createHash("sha256").update(clientData).digest()]);
  const signature = sign("sha256", signed, key);
  const certificate = Buffer.from(makerCertificate, "base64");
  return Buffer.concat([
    Buffer.from("a363616c67266373696758", "hex"),
    Buffer.from([signature.length]),
    signature,
    Buffer.from("637835638159", "hex"),
    Buffer.from([certificate.length >> 8, certificate.length & 255]),
    certificate,
  ]);
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
