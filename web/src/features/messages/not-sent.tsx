import { WarningIcon } from "../../components/icons.tsx";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { NotSentProps } from "./message-context.ts";

/** Why the server refused a message, with the buttons to retry or discard it. */
export function NotSent({ item: { sendId, state }, onRetry, onDiscard }: NotSentProps) {
  if (state.kind !== "failed") return null;
  return (
    <p className="not-sent" role="status">
      <WarningIcon />
      <span className="not-sent-words">
        {more.message.notSent} {state.detail}
      </span>
      <button type="button" className="button-subtle" onClick={() => onRetry(sendId)}>
        {state.asks ? more.message.sendAnyway : more.message.retry}
      </button>
      <button type="button" className="button-subtle" onClick={() => onDiscard(sendId)}>
        {t.message.delete}
      </button>
    </p>
  );
}
