import { type DraftBody, draftBodySchema } from "@novax/protocol/entities";
import { scheduleAheadMsMax } from "@novax/protocol/limits";
import type { Clock } from "../lib/clock.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TextFilter } from "../lib/text-filter.ts";

export type ParseNeeds = { clock: Clock; textFilter: TextFilter };

/** Parses a message body from a client. Refuses with `message_invalid` and `message_filtered`. */
export function parseBody(app: ParseNeeds, unknown: unknown): DraftBody {
  const parsed = draftBodySchema.safeParse(unknown);
  if (!parsed.success)
    throw new Refusal("message_invalid", (t) => t.cannotBeSent(parsed.error.issues[0]!.message));
  const body = parsed.data;
  if (body.kind === "poll") {
    const now = app.clock.now();
    if (new Set(body.choices).size < body.choices.length)
      throw new Refusal("message_invalid", (t) => t.sameChoices);
    if (body.closesAt !== null && (body.closesAt <= now || body.closesAt > now + scheduleAheadMsMax))
      throw new Refusal("message_invalid", (t) => t.pollTime);
  }
  app.textFilter.assertAllowed(
    body.kind === "poll" ? [body.question, ...body.choices].join("\n") : body.text,
  );
  return body;
}

/** As {@link parseBody}, for edits and scheduled messages, which can only be text. */
export function parseText(app: ParseNeeds, text: string): Extract<DraftBody, { kind: "text" }> {
  return parseBody(app, { kind: "text", text }) as Extract<DraftBody, { kind: "text" }>;
}
