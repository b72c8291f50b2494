import type { FieldsOf } from "@novax/protocol/commands";
import { wordForm, wordsIn } from "@novax/protocol/text";
import { assertMayOnServer } from "../auth/assert-may-on-server.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import { lockOnly } from "../db/lock-queries.ts";
import { FreshList } from "../jobs/fresh-list.ts";
import { normaliseWords } from "../lib/normalise-words.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TextFilter } from "../lib/text-filter.ts";
import type { Log } from "../log/log.ts";
import { type TransactionNeeds, transact } from "../transaction/transact.ts";
import { listFilterWords, replaceFilterWords } from "./word-filter-queries.ts";

/** Sets the words blocked in messages and in room names, topics and descriptions. Refuses with `forbidden`. */
export async function setFilterWords(
  app: TransactionNeeds,
  actor: Actor,
  fields: FieldsOf<"word_filter.set">,
): Promise<void> {
  const words = normaliseWords(fields.words);
  await transact(app, async ({ sql, audit, publishAfterCommit }) => {
    await assertMayOnServer(sql, actor, "word_filter.change");
    // Without it, two lists that are stored at once would both stay.
    await lockOnly(sql, "wordFilter");
    await replaceFilterWords(sql, words);
    audit({ action: "word_filter.changed", actor, detail: `${words.length} words` });
    publishAfterCommit({ kind: "filter_words_changed" });
  });
}

/** The blocked words in memory, because every message and every change of a room is checked against them. */
export class WordFilter implements TextFilter {
  readonly list: FreshList<readonly string[]>;

  constructor(app: { db: Database; bus: Bus; log: Log }) {
    this.list = new FreshList(app, {
      name: "word_filter.reread_failed",
      changedBy: "filter_words_changed",
      initial: [],
      // An earlier version kept words in another form.
      read: async () => (await listFilterWords(app.db.sql)).map(wordForm),
    });
  }

  assertAllowed(...texts: readonly (string | undefined)[]): void {
    if (this.list.current.length === 0) return;
    for (const text of texts) {
      const blocked = text === undefined ? undefined : this.#findBlocked(text);
      if (blocked !== undefined) throw new Refusal("message_filtered", (t) => t.wordFiltered(blocked));
    }
  }

  #findBlocked(text: string): string | undefined {
    const words = wordsIn(text);
    const joined = ` ${[...wordForm(text).matchAll(/[\p{L}\p{N}]+/gu)].join(" ")} `;
    // Entries of several words are not in the set of words, so they are searched as a phrase.
    return this.list.current.find(
      (word) => words.has(word) || (/[^\p{L}\p{N}_'-]/u.test(word) && joined.includes(` ${word} `)),
    );
  }
}
