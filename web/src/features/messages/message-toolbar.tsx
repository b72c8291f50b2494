import { Icon, ReplyIcon, SmileIcon, ThreadIcon } from "../../components/icons.tsx";
import { spotOf } from "../../lib/element.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { MessageToolbarProps } from "./message-context.ts";

// Here, because only lazy code shows it.
const MoreIcon = () => (
  <Icon path="M5 12a1 1 0 1 0 2 0 1 1 0 0 0-2 0Zm6 0a1 1 0 1 0 2 0 1 1 0 0 0-2 0Zm6 0a1 1 0 1 0 2 0 1 1 0 0 0-2 0Z" />
);

/** The buttons on the message under the pointer. */
export function MessageToolbar({ message, actions }: MessageToolbarProps) {
  // The list is one Tab stop, so these buttons are none. The arrow keys lead to them.
  return (
    <div className="message-toolbar" role="toolbar" aria-label={t.message.actions}>
      {actions.mayWrite ? (
        <button
          type="button"
          tabIndex={-1}
          className="button-icon"
          aria-label={t.message.react}
          title={`${t.message.react} (+)`}
          onClick={(event) => actions.onPickReaction(message, spotOf(event.currentTarget))}
        >
          <SmileIcon />
        </button>
      ) : null}
      {actions.mayWrite ? (
        <button
          type="button"
          tabIndex={-1}
          className="button-icon"
          aria-label={more.message.reply}
          title={`${more.message.reply} (R)`}
          onClick={() => actions.onReply(message)}
        >
          <ReplyIcon />
        </button>
      ) : null}
      {actions.isInThread ? null : (
        <button
          type="button"
          tabIndex={-1}
          className="button-icon"
          aria-label={more.message.thread}
          title={`${more.message.thread} (T)`}
          onClick={() => actions.onThread(message)}
        >
          <ThreadIcon />
        </button>
      )}
      <button
        type="button"
        tabIndex={-1}
        className="button-icon"
        aria-label={more.app.more}
        aria-haspopup="menu"
        onClick={(event) => actions.onMenu(message, spotOf(event.currentTarget))}
      >
        <MoreIcon />
      </button>
    </div>
  );
}
