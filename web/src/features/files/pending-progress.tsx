import { formatBytes, formatPercent } from "../../lib/bytes.ts";
import { more } from "../../texts/more.ts";
import type { PendingProgressProps } from "./files-context.ts";

/** How far the files of a message are that waits for them, and the way to take it back. */
export function PendingProgress({ chat, keys, onTakeBack }: PendingProgressProps) {
  const items = chat.uploads.value?.items.value.filter((item) => keys.includes(item.key)) ?? [];
  if (items.length === 0 || items.every((item) => item.state.kind === "done")) return null;
  const size = items.reduce((sum, item) => sum + item.size, 0);
  const sent = items.reduce(
    (sum, { state, size: whole }) => sum + (state.kind === "done" ? whole : "sent" in state ? state.sent : 0),
    0,
  );
  return (
    <div className="pending-files">
      <progress className="attachment-progress" max={size} value={sent} aria-label={more.files.uploading} />
      <span>
        {chat.client.state.value.kind === "away"
          ? more.files.offline(formatBytes(size))
          : more.files.sentOf(formatPercent(sent / size), formatBytes(size))}{" "}
        <button type="button" className="button-subtle" onClick={onTakeBack}>
          {more.message.edit}
        </button>
      </span>
    </div>
  );
}
