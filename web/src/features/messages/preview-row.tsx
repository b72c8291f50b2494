import type { Person } from "@novax/protocol/entities";
import { withoutMarks } from "@novax/protocol/markdown";
import { nameOf } from "@novax/protocol/person";
import type { MessagePreview } from "@novax/protocol/reads";
import type { ComponentChildren } from "preact";
import { Avatar } from "../../components/avatar.tsx";
import { formatFull, formatSoon } from "../../lib/time.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { PanelProps } from "../props.ts";

/** One row of a panel: its person, its room and time, and its text. Without `onOpen` it cannot be opened. */
export function PreviewRow(props: {
  person?: Person;
  head: ComponentChildren;
  text: ComponentChildren;
  /** Shown under the text. */
  children?: ComponentChildren;
  isDisabled?: boolean;
  onOpen?: () => void;
}) {
  const content = (
    <>
      {props.person ? <Avatar person={props.person} size="small" /> : null}
      <span className="preview-words">
        <span className="preview-head">
          {props.person ? <strong>{nameOf(props.person)}</strong> : null} {props.head}
        </span>
        <span className="preview-text" dir="auto">
          {props.text}
        </span>
        {props.children}
      </span>
    </>
  );
  return props.onOpen ? (
    <button type="button" className="preview-message" disabled={props.isDisabled} onClick={props.onOpen}>
      {content}
    </button>
  ) : (
    <div className="preview-message">{content}</div>
  );
}

/** A panel row for a message. It opens the message in its room or in its thread. */
export function MessagePreviewRow(
  props: PanelProps & {
    message: Omit<MessagePreview, "at">;
    /** The thread to open, if it is not the one that the message is in. */
    threadRoot?: number;
    children?: ComponentChildren;
  },
) {
  const { chat, message, threadRoot = message.threadRoot } = props;
  const isBlocked = chat.me.isBlocked(message.sender.id);
  return (
    <PreviewRow
      person={message.sender}
      head={
        <>
          {inRoom(chat, message.room)} ·{" "}
          <time title={formatFull(message.sentAt)}>{formatSoon(message.sentAt)}</time>
        </>
      }
      text={
        isBlocked
          ? t.message.blocked
          : message.excerpt === null
            ? t.message.deleted
            : withoutMarks(message.excerpt)
      }
      onOpen={() =>
        threadRoot === null
          ? props.onOpenRoom(message.room, message.seq)
          : props.onOpenThread(message.room, threadRoot)
      }
    >
      {props.children}
    </PreviewRow>
  );
}

/** "in Kitchen", or an empty text for a room that the viewer is not in. */
export function inRoom(chat: ChatStore, id: MessagePreview["room"]): string {
  const room = chat.rooms.get(id);
  return room ? more.lists.in(chat.nameOf(room)) : "";
}
