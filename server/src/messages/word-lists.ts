import type { AccountId } from "@novax/protocol/ids";
import { wordsIn } from "@novax/protocol/text";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import type { Log } from "../log/log.ts";
import { listAlertWords, listFilterWords } from "../rooms/people-queries.ts";

const rereadEveryMs = 30_000;

/**
 * The words that every message is looked through for: those that people want to hear of, and those that no message may
 * hold. Kept in memory, and read again when somebody changes them, here or on another process, and twice a minute.
 */
export class WordLists {
  readonly #app: { db: Database; log: Log };
  #listeners = new Map<string, AccountId[]>();
  #unwanted: string[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(app: { db: Database; log: Log }) {
    this.#app = app;
  }

  /** Reads the lists, and keeps them fresh until `stop`. */
  async start(bus: Bus): Promise<void> {
    await this.reread();
    const again = () => {
      this.reread().catch((error: unknown) => this.#app.log.fault("words.reread_failed", error));
    };
    bus.subscribe((message) => {
      if (message.kind === "words_changed") again();
    });
    this.#timer = setInterval(again, rereadEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async reread(): Promise<void> {
    const listeners = new Map<string, AccountId[]>();
    for (const { account, word } of await listAlertWords(this.#app.db.sql))
      listeners.set(word, [...(listeners.get(word) ?? []), account]);
    this.#listeners = listeners;
    this.#unwanted = await listFilterWords(this.#app.db.sql);
  }

  /** Who wants to hear of a word in this text. */
  whoListens(text: string): AccountId[] {
    if (this.#listeners.size === 0) return [];
    return [...wordsIn(text)].flatMap((word) => this.#listeners.get(word) ?? []);
  }

  /** A word of this text that no message may hold; null: there is none. */
  findUnwanted(text: string): string | null {
    if (this.#unwanted.length === 0) return null;
    const words = wordsIn(text);
    const lower = text.toLowerCase();
    // What is no single word is looked for as it stands.
    return (
      this.#unwanted.find(
        (word) => words.has(word) || (/[^\p{L}\p{N}_'-]/u.test(word) && lower.includes(word)),
      ) ?? null
    );
  }
}
