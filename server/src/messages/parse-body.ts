import { type DraftBody, draftBodySchema } from "@novax/protocol/entities";
import type { DraftFile } from "@novax/protocol/files";
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
    body.kind === "poll"
      ? [body.question, ...body.choices].join("\n")
      : [body.text, ...(body.files ?? []).map((file) => file.alt ?? "")].join("\n"),
  );
  return body;
}

/** As {@link parseBody}, for edits and scheduled messages, which cannot be polls. */
export function parseTextBody(
  app: ParseNeeds,
  text: string,
  files?: readonly DraftFile[],
): Extract<DraftBody, { kind: "text" }> {
  const body = { kind: "text", text, ...(files && files.length > 0 ? { files } : {}) };
  return parseBody(app, body) as Extract<DraftBody, { kind: "text" }>;
}
