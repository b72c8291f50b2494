import type { RoomId } from "@novax/protocol/ids";
import type { Drafts } from "./drafts.ts";
import type { HeldCommand } from "./held-commands.ts";
import type { Timelines } from "./timelines.ts";
import type { Toasts } from "./toasts.ts";

const laterMs = 5000;

/** Says why the server refused a command, and shows again what was before. */
export function takeRefusal(
  { toasts, timelines, drafts }: { toasts: Toasts; timelines: Timelines; drafts: Drafts },
  detail: string,
  { type, fields, heldAt }: HeldCommand,
): void {
  toasts.show(detail);
  if (Date.now() - heldAt <= laterMs) return;
  const { room, text = "" } = fields as { room: RoomId; text?: string };
  // The field in which it was written is gone, so the text goes into the composer, after what is there.
  if (type === "message.edit" && text !== "")
    drafts.write(room, [drafts.read(room), text].filter((part) => part !== "").join("\n"));
  // What is kept on the device shows the change as done.
  const timeline = timelines.get(room);
  if (timeline?.isLive.peek()) void timeline.load().catch(() => {});
}
