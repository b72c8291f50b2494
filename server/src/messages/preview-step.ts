import type { Room } from "@novax/protocol/entities";
import type { LinkPreviews } from "../previews/link-previews.ts";
import { findRoom } from "../rooms/queries.ts";
import type { Transaction } from "../transaction/transact.ts";
import { makePreviewsJob, previewWithinMs } from "./preview-job.ts";
import type { SendStep, WrittenMessage } from "./send-step.ts";

/** Queues previews for messages with links. Costs nothing where the server makes none, and one statement for each of them. */
export function previewStep(previews: LinkPreviews): SendStep {
  return {
    name: "link previews",
    statementsMax: 1 + 512,
    concerns: ({ body }) => body.kind === "text" && previews.linksOf(body.text).length > 0,
    run: async ({ sql, queue, room: id, messages }) => {
      const linking = messages.flatMap(({ seq, sender, body }) => {
        const links = body.kind === "text" ? previews.linksOf(body.text) : [];
        return links.length > 0 ? [{ seq, sender, links }] : [];
      });
      const room = linking.length > 0 ? await findRoom(sql, id) : null;
      if (room) for (const message of linking) await queuePreviews(previews, queue, { room, ...message });
    },
  };
}

/** Queues previews for links of a message, unless its room wants none, or its sender had enough of them. */
export async function queuePreviews(
  previews: LinkPreviews,
  queue: Transaction["queue"],
  {
    room,
    seq,
    sender,
    links,
  }: { room: Room; links: readonly string[] } & Pick<WrittenMessage, "seq" | "sender">,
): Promise<void> {
  if (links.length === 0 || !previews.areIn(room) || !previews.mayQueue(sender.id, links.length)) return;
  await queue(makePreviewsJob, { room: room.id, seq, links }, { untilMs: previewWithinMs });
}
