import type { Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import { isDirect } from "@novax/protocol/permissions";
import type { MessagePreview } from "@novax/protocol/reads";
import type { ComponentChildren } from "preact";
import { Avatar } from "../../components/avatar.tsx";
import { MarkdownLine } from "../../components/markdown-line.tsx";
import { PersonName } from "../../components/person-name.tsx";
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
          {props.person ? (
            <strong>
              <PersonName person={props.person} />
            </strong>
          ) : null}{" "}
          {props.head}
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
  return (
    <PreviewRow
      person={message.sender}
      head={
        <>
          {inRoom(chat, message.room, message.sender)} ·{" "}
          <time title={formatFull(message.sentAt)}>{formatSoon(message.sentAt)}</time>
        </>
      }
      text={<Excerpt {...props} room={message.room} sender={message.sender} text={message.excerpt} />}
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

/**
 * The beginning of a message as it is drawn in the chat, or what is said in its place. Null is a deleted message. With
 * `sender`, one from a blocked person is hidden.
 */
export function Excerpt(props: { chat: ChatStore; room: RoomId; sender?: Person; text: string | null }) {
  const { chat, room, sender, text } = props;
  if (sender && chat.me.isBlocked(sender.id)) return <>{t.message.blocked}</>;
  if (text === null) return <>{t.message.deleted}</>;
  const { known, learned } = chat.people;
  return (
    <MarkdownLine
      text={text}
      known={known}
      learned={learned}
      you={chat.you.id}
      onUnknown={(username) => {
        if (chat.rooms.get(room)) chat.people.learn(room, username);
      }}
    />
  );
}

/**
 * "in Kitchen" or "in a direct message", or an empty text for a room that the viewer is not in. The other people are named
 * if `sender`, who is shown beside it, is not the other one.
 */
export function inRoom(chat: ChatStore, id: RoomId, sender?: Person): string {
  const room = chat.rooms.get(id);
  if (!room) return "";
  const name = chat.nameOf(room);
  if (!isDirect(room.kind)) return more.lists.in(name);
  if (room.people.length === 0) return more.lists.inNotes;
  if (room.people.length > 1) return more.lists.inGroup(name);
  return sender && sender.id !== chat.you.id ? more.lists.inDirect : more.lists.inDirectWith(name);
}
