import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Config, ConfigError, type HttpsConfig } from "../config/read-config.ts";
import type { Clock } from "../lib/clock.ts";
import { every, type Repeating } from "../lib/every.ts";
import type { Log } from "../log/log.ts";
import { type Certificate, expiryOf, isDueForRenewal, problemWith } from "./certificate.ts";
import { type ChallengeAnswers, createAccountKey, orderCertificate } from "./order-certificate.ts";

/** The authority's limit is five failures an hour for a host, so this ends with one an hour. */
const retryAfterMs = [30_000, 5 * 60_000, 15 * 60_000, 60 * 60_000];
const lookEveryMs = 5000;
/** How long before its end an own certificate is worth a warning. */
const warnBeforeMs = 14 * 24 * 3_600_000;
const warnEveryMs = 24 * 3_600_000;
const tokenPattern = /^[\w-]{1,128}$/;

/**
 * The certificate that this process serves: of files that the operator keeps, or ordered from an authority and renewed. What was
 * ordered is in the data folder, where all processes of the machine find it.
 */
export class Certificates {
  readonly #config: HttpsConfig;
  readonly #host: string;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #orders: boolean;
  #served: Certificate | null = null;
  #failures = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  /** By event. */
  readonly #warnedAt = new Map<string, number>();
  #looking: Repeating | null = null;

  /** `orders`: this process orders certificates; others read what it has ordered. */
  constructor(
    { dataDir, publicUrl }: Pick<Config, "dataDir" | "publicUrl">,
    config: HttpsConfig,
    { clock, log, orders }: { clock: Clock; log: Log; orders: boolean },
  ) {
    this.#config = config;
    this.#host = publicUrl.hostname;
    this.#folder = join(dataDir, "https");
    this.#clock = clock;
    this.#log = log;
    this.#orders = orders;
  }

  /**
   * Resolves with a certificate as soon as there is one. Throws {@link ConfigError} if the operator's files can't be used; what an
   * authority refuses is tried again and again, because it depends on names and networks elsewhere.
   */
  async open(): Promise<Certificate> {
    if (this.#config.kind === "files") {
      const certificate = this.#readOwn();
      this.#warnOfEnd(certificate);
      this.#served = certificate;
      return certificate;
    }
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    for (;;) {
      const kept = this.#readKept();
      if (kept) {
        this.#served = kept;
        return kept;
      }
      if (this.#orders) await this.#orderIfDue();
      else await Bun.sleep(1000);
      if (!this.#readKept()) await Bun.sleep(1000);
    }
  }

  /** Looks for a new certificate from now on, orders it when it is time, and calls `onChange` with each. */
  watch(onChange: (certificate: Certificate) => void): void {
    this.#looking = every(this.#log, "https.not_looked", lookEveryMs, async () => {
      const found = await this.#look();
      if (!found || (found.cert === this.#served?.cert && found.key === this.#served.key)) return;
      onChange(found);
      this.#served = found;
      this.#log.info("https.renewed", { host: this.#host, until: new Date(expiryOf(found)).toISOString() });
    });
  }

  /** Looks for a new certificate now. For tests, and for a signal. */
  async renew(): Promise<void> {
    await this.#looking?.run();
  }

  async stop(): Promise<void> {
    await this.#looking?.stop();
  }

  /** The answer to an authority's question, or null. Any process of this machine may be asked. */
  readAnswer(token: string): string | null {
    const path = this.#answerPath(token);
    return path !== null && existsSync(path) ? readFileSync(path, "utf8") : null;
  }

  async #look(): Promise<Certificate | null> {
    if (this.#config.kind === "files") {
      try {
        const certificate = this.#readOwn();
        this.#warnOfEnd(certificate);
        return certificate;
      } catch (error) {
        // The one that is served goes on, and the files may be half written.
        this.#warnNowAndThen("https.files_unusable", { message: (error as Error).message });
        return null;
      }
    }
    const kept = this.#readKept();
    if (this.#orders && (!kept || isDueForRenewal(kept, this.#clock.now()))) await this.#orderIfDue();
    return this.#readKept();
  }

  #readOwn(): Certificate {
    if (this.#config.kind !== "files") throw new Error("there are no own files");
    const { certFile, keyFile } = this.#config;
    const read = (name: string, path: string) => {
      try {
        return readFileSync(path, "utf8");
      } catch (error) {
        throw new ConfigError([`${name}: ${path} can't be read (${(error as NodeJS.ErrnoException).code})`]);
      }
    };
    const certificate = { cert: read("HTTPS_CERT", certFile), key: read("HTTPS_KEY", keyFile) };
    const problem = problemWith(certificate, this.#host, this.#clock.now());
    if (problem !== null) throw new ConfigError([`HTTPS_CERT: ${certFile} ${problem}`]);
    return certificate;
  }

  #warnOfEnd(certificate: Certificate): void {
    const end = expiryOf(certificate);
    if (end - this.#clock.now() < warnBeforeMs)
      this.#warnNowAndThen("https.ends_soon", {
        until: new Date(end).toISOString(),
        hint: "replace HTTPS_CERT and HTTPS_KEY; they are read again without a restart",
      });
  }

  #warnNowAndThen(event: string, facts: Record<string, string>): void {
    const now = this.#clock.now();
    if (now - (this.#warnedAt.get(event) ?? Number.NEGATIVE_INFINITY) < warnEveryMs) return;
    this.#warnedAt.set(event, now);
    this.#log.warn(event, facts);
  }

  /** What was ordered, key and chain in one file, so that they always belong together. Null: none that can be used. */
  #readKept(): Certificate | null {
    const path = join(this.#folder, `${this.#host}.pem`);
    if (!existsSync(path)) return null;
    const text = readFileSync(path, "utf8");
    const split = text.indexOf("-----BEGIN CERTIFICATE-----");
    const certificate = { key: text.slice(0, split), cert: text.slice(split) };
    return problemWith(certificate, this.#host, this.#clock.now()) === null ? certificate : null;
  }

  async #orderIfDue(): Promise<void> {
    if (this.#config.kind !== "acme") return;
    const waitMs =
      this.#failures === 0 ? 0 : retryAfterMs[Math.min(this.#failures, retryAfterMs.length) - 1]!;
    const now = performance.now();
    if (now - this.#triedAt < waitMs) return;
    this.#triedAt = now;
    try {
      this.#log.info("https.ordering", { host: this.#host, from: this.#config.directoryUrl });
      const accountKey = await this.#accountKey();
      const ordered = await orderCertificate(this.#config, {
        ...{ host: this.#host, accountKey, answers: this.#answers },
      });
      writeWhole(join(this.#folder, `${this.#host}.pem`), `${ordered.key.trim()}\n${ordered.cert}`);
      this.#failures = 0;
      this.#log.info("https.ordered", {
        host: this.#host,
        until: new Date(expiryOf(ordered)).toISOString(),
      });
    } catch (error) {
      this.#failures += 1;
      this.#log.warn("https.not_ordered", {
        host: this.#host,
        message: (error as Error).message.slice(0, 500),
        retryInMs: retryAfterMs[Math.min(this.#failures, retryAfterMs.length) - 1]!,
        hint: `the authority has to reach http://${this.#host}/ on port 80 of this machine`,
      });
    }
  }

  async #accountKey(): Promise<string> {
    const path = join(this.#folder, "account.key");
    if (!existsSync(path)) writeWhole(path, await createAccountKey());
    return readFileSync(path, "utf8");
  }

  readonly #answers: ChallengeAnswers = {
    set: async (token, answer) => {
      const path = this.#answerPath(token);
      if (path === null) throw new Error("the authority's token isn't one");
      mkdirSync(join(this.#folder, "challenges"), { recursive: true, mode: 0o700 });
      writeWhole(path, answer);
    },
    remove: async (token) => {
      const path = this.#answerPath(token);
      if (path !== null) rmSync(path, { force: true });
    },
  };

  /** A token is part of a path, and anyone can send one. */
  #answerPath(token: string): string | null {
    return tokenPattern.test(token) ? join(this.#folder, "challenges", token) : null;
  }
}

/** Writes a file that only we can read, and that others never find half written. */
function writeWhole(path: string, text: string): void {
  const unfinished = `${path}.${process.pid}.new`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, path);
}
