import { contentsWithin, type PushContent } from "@novax/protocol/push";
import type { Clock } from "../lib/clock.ts";
import { Refusal } from "../lib/refusal.ts";
import { pushes } from "../metrics/metrics.ts";
import { type Outgoing, OutgoingError, type OutgoingFault } from "../outgoing/outgoing.ts";
import { type DeviceKeys, encryptPush } from "./encrypt-push.ts";
import type { PushKeys } from "./push-keys.ts";

/** Where a browser gets its messages, and with which keys. */
export type Device = DeviceKeys & { endpoint: string };

export type PushMessage = {
  text: string;
  /** How long the service keeps it for a device that is off, in seconds. */
  keepSeconds: number;
  isUrgent: boolean;
  /** A message that waits at the service is replaced by the next one of the same topic: up to 32 letters of base64url. */
  topic: string;
};

/**
 * `gone`: the browser has given the subscription up. `later`: the service asks to wait so long. `refused`: trying again is no use;
 * `reason` is for the log.
 */
export type PushOutcome =
  | { kind: "sent" | "gone" }
  | { kind: "later"; afterMs: number }
  | { kind: "refused"; reason: string };

/** The services of Chrome, Firefox, Safari and Edge. */
const knownHosts: readonly string[] = ["fcm.googleapis.com", "updates.push.services.mozilla.com"];
const knownDomains: readonly string[] = [".push.apple.com", ".notify.windows.com"];
const timeoutMs = 5000;
/** A service that did not answer so often in a row is left alone for a while, or everything else would wait for it. */
const silencesMax = 5;
const restMs = 60_000;
const silentMax = 1000;
/** These will not be better in a moment. */
const finalFaults: readonly OutgoingFault[] = ["address_not_allowed", "url_not_allowed"];

type PushServiceNeeds = {
  outgoing: Outgoing;
  clock: Clock;
  pushOrigins: PushOrigins;
  pushContentMax: PushContent;
};

/** The services that the operator added, as origins such as `https://push.example.org`. They may be inside their network. */
export type PushOrigins = ReadonlySet<string>;

export class PushService {
  readonly #app: PushServiceNeeds;
  readonly #keys: () => Promise<PushKeys>;
  /** Services that did not answer, and how often in a row. */
  readonly #silent = new Map<string, { count: number; until: number }>();

  constructor(app: PushServiceNeeds, keys: () => Promise<PushKeys>) {
    this.#app = app;
    this.#keys = keys;
  }

  /** The most that a notification says. */
  get contentMax(): PushContent {
    return this.#app.pushContentMax;
  }

  /** What a notification says to somebody who wants this much. */
  contentFor(wanted: PushContent): PushContent {
    return contentsWithin(this.contentMax).includes(wanted) ? wanted : this.contentMax;
  }

  /** The key that browsers subscribe with. */
  async publicKey(): Promise<string> {
    return (await this.#keys()).publicKey;
  }

  /** Asserts that a subscription is at a push service and can be written to. Refuses with `push_refused`. */
  assertDevice({ endpoint, ...keys }: Device): void {
    const url = URL.parse(endpoint);
    if (!url || !this.#isService(url)) throw new Refusal("push_refused", (t) => t.pushService);
    try {
      encryptPush(keys, Buffer.from(""));
    } catch {
      throw new Refusal("push_refused", "p256dh and auth must be the keys of a push subscription.");
    }
  }

  /** Sends a message to a device. Rejects if it may be tried again later. */
  async send(device: Device, message: PushMessage): Promise<PushOutcome> {
    try {
      const outcome = await this.#send(device, message);
      pushes.inc({ outcome: outcome.kind });
      return outcome;
    } catch (error) {
      pushes.inc({ outcome: "failed" });
      throw error;
    }
  }

  async #send({ endpoint, ...keys }: Device, message: PushMessage): Promise<PushOutcome> {
    const url = URL.parse(endpoint);
    // The operator may have taken a service off the list.
    if (!url || !this.#isService(url)) return { kind: "gone" };
    const now = this.#app.clock.now();
    const silent = this.#silent.get(url.host);
    if (silent && silent.count >= silencesMax && now < silent.until)
      throw new Error("the push service did not answer before");
    const headers = {
      authorization: (await this.#keys()).authorize(url, now),
      "content-encoding": "aes128gcm",
      "content-type": "application/octet-stream",
      ttl: String(message.keepSeconds),
      urgency: message.isUrgent ? "high" : "normal",
      topic: message.topic,
    };
    const body = encryptPush(keys, Buffer.from(message.text));
    const isTrusted = this.#app.pushOrigins.has(url.origin);
    // Of no type is a body read: once the status is there, the message is taken.
    const request = { method: "POST", headers, body, timeoutMs, bytesMax: 0, types: [], isTrusted } as const;
    let status: number;
    let answered: Headers;
    try {
      ({ status, headers: answered } = await this.#app.outgoing.fetch(url, request));
    } catch (error) {
      const { code } = error as OutgoingError;
      if (error instanceof OutgoingError && finalFaults.includes(code))
        return { kind: "refused", reason: code };
      this.#noteSilence(url.host, now);
      throw error;
    }
    this.#silent.delete(url.host);
    if (status >= 200 && status < 300) return { kind: "sent" };
    if (status === 404 || status === 410) return { kind: "gone" };
    if (status === 429 || status >= 500) {
      // In seconds; a service that names a time of day is asked again as usual.
      const seconds = Number(answered.get("retry-after") ?? Number.NaN);
      if (seconds > 0) return { kind: "later", afterMs: seconds * 1000 };
      throw new Error(`the push service answered ${status}`);
    }
    return { kind: "refused", reason: `${url.host} answered ${status}` };
  }

  #noteSilence(host: string, now: number): void {
    const count = (this.#silent.get(host)?.count ?? 0) + 1;
    if (this.#silent.size >= silentMax) this.#silent.clear();
    this.#silent.set(host, { count, until: now + restMs });
  }

  #isService(url: URL): boolean {
    if (url.username !== "" || url.password !== "") return false;
    if (this.#app.pushOrigins.has(url.origin)) return true;
    const { protocol, hostname, port } = url;
    return (
      protocol === "https:" &&
      port === "" &&
      (knownHosts.includes(hostname) || knownDomains.some((domain) => hostname.endsWith(domain)))
    );
  }
}
