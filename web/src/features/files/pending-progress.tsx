import { formatBytes, formatPercent } from "../../lib/bytes.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import { more } from "../../texts/more.ts";

/** How far the files of a message are that waits for them. */
export function PendingProgress({ chat, keys }: { chat: ChatStore; keys: readonly string[] }) {
  const items = chat.uploads.value?.items.value.filter((item) => keys.includes(item.key)) ?? [];
  if (items.length === 0 || items.every((item) => item.state.kind === "done")) return null;
  const size = items.reduce((sum, item) => sum + item.size, 0);
  const sent = items.reduce(
    (sum, { state, size: whole }) => sum + (state.kind === "done" ? whole : "sent" in state ? state.sent : 0),
    0,
  );
  const paused = items.filter((item) => item.state.kind === "paused");
  return (
    <div className="pending-files">
      <progress className="attachment-progress" max={size} value={sent} aria-label={more.files.uploading} />
      <span>
        {more.files.sentOf(formatPercent(sent / size), formatBytes(size))}{" "}
        {paused.length > 0 ? (
          <button
            type="button"
            className="button-subtle"
            onClick={() => {
              for (const { key } of paused) chat.uploads.value?.resume(key);
            }}
          >
            {more.files.goOn}
          </button>
        ) : null}
      </span>
    </div>
  );
}
