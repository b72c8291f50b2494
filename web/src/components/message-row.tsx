import type { MessageEntry } from "@novax/protocol/apply-event";
import type { Person } from "@novax/protocol/entities";
import type { SendId } from "@novax/protocol/ids";
import { nameOf } from "@novax/protocol/person";
import { useEffect, useState } from "preact/hooks";
import type { OutboxItem } from "../stores/outbox.ts";
import { Avatar } from "./avatar.tsx";
import { WarningIcon } from "./icons.tsx";
import { Markdown } from "./markdown.tsx";
import { formatFull, formatShortTime, formatTime } from "./time.ts";

/** A send that takes longer than this begins to look like one. */
const shownPendingAfterMs = 400;

export type PendingActions = { onRetry: (sendId: SendId) => void; onDiscard: (sendId: SendId) => void };

export function MessageRow({ message, isFirstOfGroup }: { message: MessageEntry; isFirstOfGroup: boolean }) {
  return (
    <MessageBody
      sender={message.sender}
      text={message.body.text}
      at={message.sentAt}
      isFirstOfGroup={isFirstOfGroup}
      label={`${nameOf(message.sender)}, ${formatTime(message.sentAt)}, ${message.body.text}`}
    />
  );
}

/** A message on its way. It looks sent from the first frame on, and says so when it is not. */
export function PendingRow(
  props: { item: OutboxItem; sender: Person; isFirstOfGroup: boolean } & PendingActions,
) {
  const { item, sender, isFirstOfGroup } = props;
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), shownPendingAfterMs);
    return () => clearTimeout(timer);
  }, []);
  const hasFailed = item.state.kind === "failed";
  return (
    <div className={isLate && !hasFailed ? "pending-late" : undefined}>
      <MessageBody
        sender={sender}
        text={item.text}
        at={item.createdAt}
        isFirstOfGroup={isFirstOfGroup}
        label={`${nameOf(sender)}, ${hasFailed ? "not sent" : "sending"}, ${item.text}`}
      />
      {item.state.kind === "failed" ? (
        <p className="not-sent" role="status">
          <WarningIcon />
          <span className="not-sent-words">Not sent. {item.state.detail}</span>
          <button type="button" className="button-quiet" onClick={() => props.onRetry(item.sendId)}>
            Retry
          </button>
          <button type="button" className="button-quiet" onClick={() => props.onDiscard(item.sendId)}>
            Delete
          </button>
        </p>
      ) : null}
    </div>
  );
}

function MessageBody(props: {
  sender: Person;
  text: string;
  at: number;
  isFirstOfGroup: boolean;
  label: string;
}) {
  const { sender, text, at, isFirstOfGroup } = props;
  return (
    <article
      className={isFirstOfGroup ? "message message-first" : "message"}
      tabIndex={-1}
      aria-label={props.label}
    >
      <div className="message-gutter">
        {isFirstOfGroup ? (
          <Avatar person={sender} />
        ) : (
          <Time at={at} isShort className="message-time-aside" />
        )}
      </div>
      <div className="message-main">
        {isFirstOfGroup ? (
          <p className="message-head">
            <span className="message-author">{nameOf(sender)}</span>
            <Time at={at} className="message-time" />
          </p>
        ) : null}
        <div className="message-text" dir="auto">
          <Markdown text={text} />
        </div>
      </div>
    </article>
  );
}

function Time({ at, className, isShort = false }: { at: number; className: string; isShort?: boolean }) {
  return (
    <time className={className} dateTime={new Date(at).toISOString()} title={formatFull(at)}>
      {isShort ? formatShortTime(at) : formatTime(at)}
    </time>
  );
}
