import { readQuotes } from "./quote-queries.ts";
import type { SendStep } from "./send-step.ts";

/** Adds the quoted message to the event of each reply. Reads the quoted messages. */
export const quoteStep: SendStep = {
  name: "quotes",
  statementsMax: 1,
  concerns: (draft) => draft.replyTo !== null,
  run: async ({ sql, room, messages }) => {
    const replying = messages.filter((message) => message.replyTo !== null);
    if (replying.length === 0) return;
    const quotes = await readQuotes(
      sql,
      room,
      replying.map((message) => message.replyTo!),
    );
    for (const { replyTo, event } of replying) {
      const quote = quotes.get(replyTo!);
      if (quote) event.quote = quote;
    }
  },
};
