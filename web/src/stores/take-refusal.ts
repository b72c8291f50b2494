import type { RoomId } from "@novax/protocol/ids";
import type { HeldCommand } from "./held-commands.ts";
import type { Timelines } from "./timelines.ts";
import type { Toasts } from "./toasts.ts";

const laterMs = 5000;

/** Says why the server refused a command, and shows again what was before. */
export function takeRefusal(
  { toasts, timelines }: { toasts: Toasts; timelines: Timelines },
  detail: string,
  { fields, heldAt }: HeldCommand,
): void {
  toasts.show(detail);
  // Of one that waited, what is kept on the device shows the change as done.
  const timeline = timelines.get((fields as { room: RoomId }).room);
  if (Date.now() - heldAt > laterMs && timeline?.isLive.peek()) void timeline.load().catch(() => {});
}
