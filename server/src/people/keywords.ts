import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId } from "@novax/protocol/ids";
import { wordForm, wordsIn } from "@novax/protocol/text";
import type { Actor } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import { lockLimitsOf } from "../db/lock-queries.ts";
import { FreshList } from "../jobs/fresh-list.ts";
import { normaliseWords } from "../lib/normalise-words.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Log } from "../log/log.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { publishProfileChange } from "./my-profile.ts";
import { listKeywords, replaceKeywords } from "./queries.ts";

/**
 * Sets the words that notify the actor as their own name does. Refuses with `message_invalid` if one is not a single
 * word.
 */
export async function setKeywords(
  app: Pick<TransactionNeeds, "db" | "bus">,
  actor: Actor,
  { words }: FieldsOf<"keywords.set">,
): Promise<void> {
  const keywords = normaliseWords(words);
  if (keywords.some((word) => !/^[\p{L}\p{N}][\p{L}\p{N}_'-]*$/u.test(word)))
    throw new Refusal("message_invalid", (t) => t.alertWord);
  await app.db.transact(async (tx) => {
    // Without it, two lists that are stored at once would both stay.
    await lockLimitsOf(tx, [actor.id]);
    await replaceKeywords(tx, actor.id, keywords);
  });
  app.bus.publish({ kind: "keywords_changed" });
  publishProfileChange(app, actor.id);
}

/** Everyone's keywords in memory, because every message that is sent is compared with them. */
export class Keywords {
  readonly list: FreshList<ReadonlyMap<string, readonly AccountId[]>>;

  constructor(app: { db: Database; bus: Bus; log: Log }) {
    this.list = new FreshList(app, {
      name: "keywords.reread_failed",
      changedBy: "keywords_changed",
      initial: new Map(),
      read: async () => {
        const listeners = new Map<string, AccountId[]>();
        for (const { account, word: kept } of await listKeywords(app.db.sql)) {
          // An earlier version kept words in another form.
          const word = wordForm(kept);
          const accounts = listeners.get(word);
          if (accounts) accounts.push(account);
          else listeners.set(word, [account]);
        }
        return listeners;
      },
    });
  }

  /** Returns the people who have a word of this text as a keyword. A person may occur more than once. */
  findListeners(text: string): AccountId[] {
    const listeners = this.list.current;
    if (listeners.size === 0) return [];
    return [...wordsIn(text)].flatMap((word) => listeners.get(word) ?? []);
  }
}
