import type { AccountId } from "@novax/protocol/ids";
import { wordsIn } from "@novax/protocol/text";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Log } from "../log/log.ts";
import { listFilterWords, listKeywords } from "./people-queries.ts";

const rereadEveryMs = 30_000;
/** Read again at most so often: one person who changes their words again and again keeps nobody waiting. */
const rereadAfterMs = 500;

/**
 * The words that every message is looked through for: those that people want to hear of, and those that no message may
 * hold. Kept in memory, and read again when somebody changes them, here or on another process, and twice a minute.
 */
export class WordLists {
  readonly #app: { db: Database; log: Log };
  #listeners = new Map<string, AccountId[]>();
  #unwanted: string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #soon: ReturnType<typeof setTimeout> | undefined;
  #reading: Promise<void> = Promise.resolve();
  #rereadAt = 0;

  constructor(app: { db: Database; log: Log }) {
    this.#app = app;
  }

  /** Reads the lists, and keeps them fresh until `stop`. */
  async start(bus: Bus): Promise<void> {
    await this.#reread();
    const again = () => {
      this.#soon = undefined;
      this.#rereadAt = Date.now();
      // One after the other, so that what was read first cannot replace what was read later.
      this.#reading = this.#reading
        .then(() => this.#reread())
        .catch((error: unknown) => void this.#app.log.fault("words.reread_failed", error));
    };
    bus.subscribe((message) => {
      if (message.kind !== "words_changed" || this.#soon) return;
      const waitMs = Math.max(0, this.#rereadAt + rereadAfterMs - Date.now());
      if (waitMs === 0) again();
      else this.#soon = setTimeout(again, waitMs);
    });
    this.#timer = setInterval(again, rereadEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
  }

  async #reread(): Promise<void> {
    const listeners = new Map<string, AccountId[]>();
    for (const { account, word } of await listKeywords(this.#app.db.sql)) {
      const accounts = listeners.get(word);
      if (accounts) accounts.push(account);
      else listeners.set(word, [account]);
    }
    this.#listeners = listeners;
    this.#unwanted = await listFilterWords(this.#app.db.sql);
  }

  /** Who wants to hear of a word in this text. */
  findListeners(text: string): AccountId[] {
    if (this.#listeners.size === 0) return [];
    return [...wordsIn(text)].flatMap((word) => this.#listeners.get(word) ?? []);
  }

  /** Asserts that none of these texts holds a word that no message may hold. Refuses with `message_filtered`. */
  assertNotFiltered(...texts: readonly (string | undefined)[]): void {
    if (this.#unwanted.length === 0) return;
    for (const text of texts) {
      const unwanted = text === undefined ? undefined : this.#findUnwanted(text);
      if (unwanted !== undefined) throw new Refusal("message_filtered", (t) => t.wordFiltered(unwanted));
    }
  }

  #findUnwanted(text: string): string | undefined {
    const words = wordsIn(text);
    const joined = ` ${[
      ...text
        .normalize("NFKC")
        .toLowerCase()
        .matchAll(/[\p{L}\p{N}]+/gu),
    ].join(" ")} `;
    // What is several words is looked for one after the other.
    return this.#unwanted.find(
      (word) => words.has(word) || (/[^\p{L}\p{N}_'-]/u.test(word) && joined.includes(` ${word} `)),
    );
  }
}
