import type { MessageEntry } from "@novax/protocol/apply-event";
import type { Person } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { withoutMarks } from "@novax/protocol/markdown";
import { nameOf } from "@novax/protocol/person";
import { filesOf, wordsOfBody } from "@novax/protocol/text";
import { useEffect, useState } from "preact/hooks";
import { Avatar } from "../../components/avatar.tsx";
import { EmojiSign } from "../../components/emoji-sign.tsx";
import { PinIcon, ReplyIcon, SmileIcon, ThreadIcon } from "../../components/icons.tsx";
import { Markdown, type MarkdownPeople } from "../../components/markdown.tsx";
import { PersonName } from "../../components/person-name.tsx";
import { spotOf } from "../../lib/element.ts";
import { formatFull, formatPast, formatSoon, formatTime } from "../../lib/time.ts";
import type { OutboxItem } from "../../stores/outbox.ts";
import { t } from "../../texts/text.ts";
import { filePart } from "../files/files-context.ts";
import { MessageFiles } from "../files/message-files.tsx";
import { lazyPart } from "./message-context.ts";
import type { RowActions } from "./row-actions.ts";

const PendingProgress = filePart("PendingProgress");
const LinkPreviews = lazyPart("LinkPreviews");
const MessageToolbar = lazyPart("MessageToolbar");
const Poll = lazyPart("Poll");
const NotSent = lazyPart("NotSent");
/** A send that takes longer than this begins to look like one. */
const shownPendingAfterMs = 400;
const namesShownMax = 8;
const pollFramePx = 72;
const pollChoicePx = 40;

export type MessageRowProps = {
  message: MessageEntry;
  isFirstOfGroup: boolean;
  isBlocked: boolean;
  isQuoteBlocked: boolean;
  isHighlighted: boolean;
  /** The pointer or the focus is on it, so its toolbar is shown. */
  isActive: boolean;
  myVote: readonly number[] | undefined;
  actions: RowActions;
};

export function MessageRow(props: MessageRowProps) {
  const { message, isFirstOfGroup, isHighlighted, isActive, actions } = props;
  const [isUnfolded, setUnfolded] = useState(false);
  const { body, sender, quote, reactions, thread } = message;
  if (props.isBlocked && !isUnfolded) {
    return (
      <article className="message message-folded" tabIndex={-1} aria-label={t.message.blocked}>
        <p className="member-change">
          {t.message.blocked}{" "}
          <button type="button" className="button-subtle" onClick={() => setUnfolded(true)}>
            {t.message.show}
          </button>
        </p>
      </article>
    );
  }
  const files = filesOf(body);
  const reactionCount = reactionCountOf(message);
  const label = [
    nameOf(sender),
    formatSoon(message.sentAt),
    ...(message.isPinned ? [t.message.pinned] : []),
    ...(quote ? [`${t.message.inReplyTo} ${nameOf(quote.sender)}`] : []),
    body.kind === "deleted" ? t.message.deleted : wordsOfBody(body),
    ...(message.editedAt === null ? [] : [t.message.edited]),
    ...(reactionCount > 0 ? [t.message.reactions(reactionCount)] : []),
    ...(thread ? [t.message.answers(thread.count)] : []),
  ].join(", ");
  const isCalling = message.mentionsEveryone;
  return (
    <MessageFrame
      sender={sender}
      at={message.sentAt}
      isFirstOfGroup={isFirstOfGroup}
      label={label}
      className={`${isHighlighted ? " message-highlighted" : ""}${isCalling ? " message-calling" : ""}${isActive ? " message-active" : ""}`}
      onPerson={actions.onPerson}
      above={
        message.isPinned ? (
          <p className="message-pinned">
            <PinIcon /> {t.message.pinned}
          </p>
        ) : null
      }
    >
      {quote ? (
        <button type="button" className="quote" onClick={() => actions.onJump(quote.seq)}>
          <ReplyIcon />
          {quote.file?.hasPreview && !props.isQuoteBlocked ? (
            <img
              className="quote-picture"
              src={actions.localUrl(quote.file.id) ?? `/api/files/${quote.file.id}/preview`}
              alt=""
              loading="lazy"
            />
          ) : null}
          <span className="quote-author">
            <span className="visually-hidden">{t.message.inReplyTo} </span>
            {nameOf(quote.sender)}
          </span>
          <span className="quote-text">
            {quote.excerpt === null
              ? t.message.quoteGone
              : props.isQuoteBlocked
                ? t.message.blocked
                : withoutMarks(quote.excerpt)}
          </span>
        </button>
      ) : null}
      {body.kind === "deleted" ? (
        <p className="message-deleted">{t.message.deleted}</p>
      ) : body.kind === "poll" ? (
        // As high as it will be, so that nothing moves when its code is here.
        <div style={{ minHeight: `${pollFramePx + body.choices.length * pollChoicePx}px` }}>
          <Poll message={message} myVote={props.myVote} actions={actions} />
        </div>
      ) : (
        <div className="message-text" dir="auto">
          {body.text === "" ? null : <Markdown text={body.text} {...peopleOf(actions)} />}
          {message.editedAt === null ? null : (
            <button
              type="button"
              className="message-edited"
              title={formatFull(message.editedAt)}
              onClick={() => actions.onHistory(message)}
            >
              ({t.message.edited})
            </button>
          )}
        </div>
      )}
      {body.kind === "text" && body.previews ? (
        <div className="link-previews" style={{ "--count": String(body.previews.length) }}>
          <LinkPreviews message={message} actions={actions} />
        </div>
      ) : null}
      {files.length > 0 ? <MessageFiles files={files} actions={actions} /> : null}
      {reactions.length > 0 ? <Reactions message={message} actions={actions} /> : null}
      {thread && !actions.isInThread ? (
        <button type="button" className="thread-link" onClick={() => actions.onThread(message)}>
          {/* What was kept by an earlier version doesn't say who. */}
          {!thread.by?.length ? <ThreadIcon /> : <Faces people={thread.by} known={actions.known} />}
          {t.message.answers(thread.count)}
          <span className="thread-time">
            {t.message.lastReply(formatPast(thread.lastAt, { isInside: true }))}
          </span>
        </button>
      ) : null}
      {body.kind === "deleted" ? null : isActive ? (
        <MessageToolbar message={message} actions={actions} />
      ) : (
        // For a screen reader, which reads the message without the focus in it.
        <button
          type="button"
          className="visually-hidden"
          tabIndex={-1}
          onClick={(event) => actions.onMenu(message, spotOf(event.currentTarget))}
        >
          {t.message.actions}
        </button>
      )}
    </MessageFrame>
  );
}

/** Who wrote last in a thread. Their names are in it. */
function Faces({ people, known }: { people: readonly AccountId[]; known: RowActions["known"] }) {
  return (
    <span className="thread-faces">
      {people.map((id) => {
        const person = known.get(id);
        return person ? <Avatar key={id} person={person} size="tiny" /> : null;
      })}
    </span>
  );
}

const reactionCountOf = ({ reactions }: MessageEntry): number =>
  reactions.reduce((sum, reaction) => sum + reaction.by.length, 0);

function Reactions({ message, actions }: { message: MessageEntry; actions: RowActions }) {
  return (
    <div className="reactions">
      <ul aria-label={t.message.reactions(reactionCountOf(message))}>
        {message.reactions.map(({ emoji, by }) => {
          const isOwn = by.includes(actions.you);
          const names = by.slice(0, namesShownMax).flatMap((id) => {
            const person = actions.known.get(id);
            return person ? [nameOf(person)] : [];
          });
          return (
            <li key={emoji}>
              <button
                type="button"
                tabIndex={-1}
                className={isOwn ? "reaction reaction-own" : "reaction"}
                aria-pressed={isOwn}
                aria-label={t.message.reaction(emoji, by.length)}
                title={`${emoji} ${t.message.people(names, by.length - names.length)}`}
                disabled={!actions.mayWrite}
                onClick={() => actions.onReact(message, emoji)}
              >
                <span className="reaction-emoji">
                  <EmojiSign emoji={emoji} />
                </span>
                <span className="count">{by.length}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {actions.mayWrite ? (
        <button
          type="button"
          tabIndex={-1}
          className="reaction reaction-add"
          aria-label={t.message.react}
          onClick={(event) => actions.onPickReaction(message, spotOf(event.currentTarget))}
        >
          <SmileIcon />
        </button>
      ) : null}
    </div>
  );
}

/** A message that is not acknowledged yet. It looks sent from the first frame on, and says so if it is not sent. */
export function PendingRow(props: {
  item: OutboxItem;
  sender: Person;
  isFirstOfGroup: boolean;
  actions: RowActions;
}) {
  const { item, sender, isFirstOfGroup, actions } = props;
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), shownPendingAfterMs);
    return () => clearTimeout(timer);
  }, []);
  const hasFailed = item.state.kind === "failed";
  return (
    <div className={isLate && !hasFailed ? "pending-late" : undefined}>
      <MessageFrame
        sender={sender}
        at={item.createdAt}
        isFirstOfGroup={isFirstOfGroup}
        label={`${nameOf(sender)}, ${hasFailed ? t.message.notSentShort : t.message.sending}, ${item.text}`}
        onPerson={actions.onPerson}
      >
        <div className="message-text" dir="auto">
          {item.text === "" ? null : <Markdown text={item.text} {...peopleOf(actions)} />}
        </div>
        {item.files ? (
          <>
            <MessageFiles files={item.files} actions={actions} />
            {hasFailed ? null : (
              <PendingProgress
                chat={actions.chat}
                keys={item.files.map((file) => file.key)}
                onTakeBack={() => actions.onTakeBack(item.sendId)}
              />
            )}
          </>
        ) : null}
      </MessageFrame>
      {hasFailed ? <NotSent item={item} {...actions} /> : null}
    </div>
  );
}

function MessageFrame(props: {
  sender: Person;
  at: number;
  isFirstOfGroup: boolean;
  label: string;
  className?: string;
  above?: preact.ComponentChildren;
  onPerson: (person: Person) => void;
  children: preact.ComponentChildren;
}) {
  const { sender, at, isFirstOfGroup } = props;
  return (
    <article
      className={`message${isFirstOfGroup ? " message-first" : ""}${props.className ?? ""}`}
      tabIndex={-1}
      aria-label={props.label}
    >
      <div className="message-gutter">
        {isFirstOfGroup ? (
          // The name beside it is the button for the keyboard and for screen readers.
          <button
            type="button"
            className="avatar-button"
            tabIndex={-1}
            aria-hidden="true"
            onClick={() => props.onPerson(sender)}
          >
            <Avatar person={sender} />
          </button>
        ) : (
          <>
            <span className="visually-hidden">{nameOf(sender)} </span>
            <Time at={at} className="message-time-aside" />
          </>
        )}
      </div>
      <div className="message-main">
        {props.above}
        {isFirstOfGroup ? (
          <p className="message-head">
            <button
              type="button"
              tabIndex={-1}
              className="message-author"
              onClick={() => props.onPerson(sender)}
            >
              <PersonName person={sender} />
            </button>
            <Time at={at} className="message-time" />
          </p>
        ) : null}
        {props.children}
      </div>
    </article>
  );
}

function Time({ at, className }: { at: number; className: string }) {
  return (
    <time className={className} dateTime={new Date(at).toISOString()} title={formatFull(at)}>
      {formatTime(at)}
    </time>
  );
}

export function peopleOf(people: MarkdownPeople): MarkdownPeople {
  const { onPerson, onRoomLink, onUnknown, learned, known, you } = people;
  return { onPerson, onRoomLink, onUnknown, learned, known, you };
}
