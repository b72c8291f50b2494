import { Icon } from "../../components/icons.tsx";
import { more } from "../../texts/more.ts";
import type { NotSentProps } from "./message-context.ts";

// Here, because only lazy code shows it.
const WarningIcon = () => <Icon path="M12 4 2.5 20h19L12 4Zm0 6v5m0 2.5v.1" />;

/** Why the server refused a message, with the buttons to retry, change or discard it. */
export function NotSent({ item: { sendId, state }, onRetry, onDiscard, onTakeBack }: NotSentProps) {
  if (state.kind !== "failed") return null;
  return (
    <p className="not-sent" role="alert">
      <WarningIcon />
      <span className="not-sent-words">
        {more.message.notSent} {state.detail}
      </span>
      <button type="button" className="button-subtle" onClick={() => onRetry(sendId)}>
        {state.asks ? more.message.sendAnyway : more.message.retry}
      </button>
      <button type="button" className="button-subtle" onClick={() => onTakeBack(sendId)}>
        {more.message.edit}
      </button>
      <button type="button" className="button-subtle" onClick={() => onDiscard(sendId)}>
        {more.message.delete}
      </button>
    </p>
  );
}
