// Parts of a server for tests that do not start one.
import { createLocalBus } from "../../server/src/bus/local-bus.ts";
import type { Database } from "../../server/src/db/database.ts";
import { systemClock as clock } from "../../server/src/lib/clock.ts";
import { systemRandom as random } from "../../server/src/lib/random.ts";
import { createServerSecret } from "../../server/src/lib/server-secret.ts";
import { silentLog as log } from "../../server/src/log/log.ts";
import { mentionStep } from "../../server/src/messages/mention-step.ts";
import { quoteStep } from "../../server/src/messages/quote-step.ts";
import { pollClosingStep } from "../../server/src/polls/close-poll.ts";
import { replyStep } from "../../server/src/threads/reply-step.ts";
import type { TransactionNeeds } from "../../server/src/transaction/transact.ts";

/** What a transaction needs, on this database, with a bus without other listeners. */
export function createCore(db: Database): TransactionNeeds {
  const secret = createServerSecret(new Uint8Array(32).fill(7));
  const publicUrl = new URL("http://localhost");
  return { db, bus: createLocalBus(log), log, clock, random, secret, publicUrl, identity: { name: "novaX" } };
}

/** As {@link createCore}, for code that writes messages. */
export function createWriterApp(db: Database) {
  return {
    ...createCore(db),
    sendSteps: [quoteStep, replyStep, mentionStep, pollClosingStep],
    sharedSteps: [],
  };
}
