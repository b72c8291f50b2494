import type { MessageBody } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { LinkPreviews } from "../previews/link-previews.ts";
import type { Transaction } from "../transaction/transact.ts";
import { makePreviewsJob, previewMessagesMax, previewWithinMs } from "./preview-job.ts";
import type { SendStep } from "./send-step.ts";

type Linking = { seq: number; sender: { id: AccountId }; body: MessageBody };

/** Queues previews for messages with links. Costs nothing where the server makes none. */
export function previewStep(previews: LinkPreviews): SendStep {
  return {
    name: "link previews",
    statementsMax: 512 / previewMessagesMax,
    run: ({ queue, room, messages }) => queuePreviews(previews, queue, { room, messages }),
  };
}

/**
 * Queues previews for those of a room's messages that have links, unless their senders had enough of them. `known`: links that had
 * their chance before.
 */
export async function queuePreviews(
  previews: LinkPreviews,
  queue: Transaction["queue"],
  { room, messages, known = [] }: { room: RoomId; messages: readonly Linking[]; known?: readonly string[] },
): Promise<void> {
  if (previews.mode === "off") return;
  const seqs: number[] = [];
  for (const { seq, sender, body } of messages) {
    const links = body.kind === "text" ? previews.linksOf(body.text) : [];
    const fresh = links.filter((link) => !known.includes(link)).length;
    if (fresh > 0 && previews.mayQueue(sender.id, fresh)) seqs.push(seq);
  }
  for (let start = 0; start < seqs.length; start += previewMessagesMax) {
    const part = seqs.slice(start, start + previewMessagesMax);
    await queue(makePreviewsJob, { room, seqs: part }, { untilMs: previewWithinMs });
  }
}
