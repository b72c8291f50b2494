import type { AccountId } from "@novax/protocol/ids";
import { nameOf } from "@novax/protocol/person";
import type { FollowedThread, MessagePreview, Report } from "@novax/protocol/reads";
import { textOf } from "@novax/protocol/text";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Avatar } from "../../components/avatar.tsx";
import { formatFull, formatSoon } from "../../components/time.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import { withoutMarks } from "../../stores/markdown.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { PanelProps } from "./side-panel.tsx";

const pageSize = 50;
const rereadMax = 200;
const againAfterMs = 2000;

/** A list as it is now, read again when what it depends on changes; an answer that was overtaken is dropped. */
function useList<T>(chat: ChatStore, read: () => Promise<T>, dependsOn: readonly unknown[]): T | null {
  const [list, setList] = useState<T | null>(null);
  const hadFocus = useRef(false);
  useEffect(() => {
    let isCurrent = true;
    read().then(
      (answer) => {
        if (!isCurrent) return;
        // The button that was pressed may be gone with its line.
        hadFocus.current = document.activeElement?.closest(".panel") != null;
        setList(answer);
      },
      () => chat.toasts.show(t.errors.notLoaded),
    );
    return () => {
      isCurrent = false;
    };
  }, [chat, ...dependsOn]);
  useLayoutEffect(() => {
    if (hadFocus.current && document.activeElement === document.body)
      document.querySelector<HTMLElement>(".panel .previews button, .panel button")?.focus();
  }, [list]);
  return list;
}

/** Messages that call one, or that one saved, across rooms. */
export function MessageListPanel(props: PanelProps & { list: "mentions" | "saved" }) {
  const { chat, list } = props;
  const [wanted, setWanted] = useState(pageSize);
  const version = chat.listVersions.value[list];
  const messages = useList(
    chat,
    () => chat.api.read(list === "mentions" ? "me.mentions" : "me.saved", { limit: wanted }),
    [list, version, wanted],
  )?.messages;
  if (messages?.length === 0)
    return (
      <p className="panel-note">{list === "mentions" ? more.lists.mentionsNone : more.lists.savedNone}</p>
    );
  return (
    <>
      <ul className="previews">
        {(messages ?? []).map((message) => (
          <li key={`${message.room} ${message.seq}`}>
            <MessagePreviewRow {...props} message={message} />
            {list === "saved" ? (
              <button
                type="button"
                className="button-subtle"
                onClick={() => {
                  chat.toggleSaved(message.room, message.seq);
                  chat.toasts.show(more.lists.unsaved, {
                    label: t.app.undo,
                    run: () => chat.toggleSaved(message.room, message.seq),
                  });
                }}
              >
                {more.app.remove}
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      {messages && messages.length > 0 && messages.length % pageSize === 0 && wanted < rereadMax ? (
        <button type="button" className="button-subtle" onClick={() => setWanted(wanted + pageSize)}>
          {more.app.loadMore}
        </button>
      ) : null}
    </>
  );
}

export function ThreadsPanel(props: PanelProps) {
  const { chat } = props;
  const version = chat.listVersions.value.threads;
  const threads = useList(chat, () => chat.api.read("me.threads", {}), [version])?.threads;
  if (threads?.length === 0) return <p className="panel-note">{more.lists.threadsNone}</p>;
  return (
    <ul className="previews">
      {(threads ?? []).map((thread) => (
        <li key={`${thread.room} ${thread.seq}`}>
          <MessagePreviewRow {...props} message={thread} thread={thread} />
        </li>
      ))}
    </ul>
  );
}

export function PinsPanel({ chat, onOpenRoom }: PanelProps) {
  const room = chat.room.value;
  const version = chat.listVersions.value.pins;
  const messages = useList(chat, async () => (room ? chat.api.read("room.pins", { room: room.id }) : null), [
    room?.id,
    version,
  ])?.messages;
  if (!room || messages?.length === 0) return <p className="panel-note">{more.lists.pinsNone}</p>;
  return (
    <ul className="previews">
      {(messages ?? []).map((message) => (
        <li key={message.seq}>
          <button type="button" className="preview-message" onClick={() => onOpenRoom(room.id, message.seq)}>
            <Avatar person={message.sender} size="small" />
            <span className="preview-words">
              <span className="preview-head">
                <strong>{nameOf(message.sender)}</strong>{" "}
                <time title={formatFull(message.sentAt)}>{formatSoon(message.sentAt)}</time>
              </span>
              <span className="preview-text" dir="auto">
                {isBlocked(chat, message.sender) ? t.message.blocked : withoutMarks(textOf(message.body))}
              </span>
            </span>
          </button>
          {chat.may("message.pin") ? (
            <button
              type="button"
              className="button-subtle"
              onClick={() => void chat.command("message.unpin", { room: room.id, seq: message.seq })}
            >
              {more.message.unpin}
            </button>
          ) : null}
        </li>
      ))}
    </ul>
  );
}

export function ScheduledPanel({ chat, onOpenRoom }: PanelProps) {
  const lists = useList(chat, () => readScheduled(chat), [
    chat.listVersions.value.scheduled,
    chat.listVersions.value.reminders,
  ]);
  if (!lists) return null;
  if (lists.scheduled.length + lists.reminders.length === 0)
    return <p className="panel-note">{more.lists.laterNone}</p>;
  return (
    <>
      {lists.scheduled.length > 0 ? (
        <section>
          <h3>{more.lists.scheduled}</h3>
          <ul className="previews">
            {lists.scheduled.map((message) => (
              <li key={message.sendId}>
                <div className="preview-message">
                  <span className="preview-words">
                    <span className="preview-head">
                      {formatSoon(message.dueAt)} {inRoom(chat, message.room)}
                    </span>
                    <span className="preview-text" dir="auto">
                      {message.text}
                    </span>
                    {message.refused === null ? null : (
                      <span className="form-problem">{more.later.notSent(message.refused)}</span>
                    )}
                  </span>
                </div>
                {message.threadRoot === null && chat.rooms.get(message.room) ? (
                  <button
                    type="button"
                    className="button-subtle"
                    onClick={async () => {
                      if (!(await chat.command("message.unschedule", { sendId: message.sendId }))) return;
                      // Back to where it was written, with what stands there.
                      const draft = chat.drafts.read(message.room);
                      chat.drafts.write(
                        message.room,
                        draft === "" ? message.text : `${draft}\n${message.text}`,
                      );
                      onOpenRoom(message.room);
                    }}
                  >
                    {more.message.edit}
                  </button>
                ) : null}
                <button
                  type="button"
                  className="button-subtle"
                  onClick={() => void chat.command("message.unschedule", { sendId: message.sendId })}
                >
                  {more.app.remove}
                </button>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
      {lists.reminders.length > 0 ? (
        <section>
          <h3>{more.lists.reminders}</h3>
          <ul className="previews">
            {lists.reminders.map((reminder) => (
              <li key={reminder.id}>
                <button
                  type="button"
                  className="preview-message"
                  onClick={() => onOpenRoom(reminder.room, reminder.seq ?? undefined)}
                >
                  <span className="preview-words">
                    <span className="preview-head">
                      {formatSoon(reminder.dueAt)} {inRoom(chat, reminder.room)}
                      {reminder.isDue ? <strong> · {more.later.isDue}</strong> : null}
                    </span>
                    <span className="preview-text" dir="auto">
                      {reminder.note}
                    </span>
                  </span>
                </button>
                <button
                  type="button"
                  className="button-subtle"
                  onClick={() => void chat.command("reminder.clear", { reminder: reminder.id })}
                >
                  {more.app.done}
                </button>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </>
  );
}

async function readScheduled(chat: ChatStore) {
  const [{ scheduled }, { reminders }] = await Promise.all([
    chat.api.read("me.scheduled", {}),
    chat.api.read("me.reminders", {}),
  ]);
  return { scheduled, reminders };
}

/** The messages that somebody wants a moderator to look at. */
export function ReportsPanel({ chat, onOpenRoom }: PanelProps) {
  const [isDone, setDone] = useState(false);
  const version = chat.listVersions.value.reports;
  const reports = useList(chat, () => chat.api.read("reports.list", isDone ? { done: "1" } : {}), [
    isDone,
    version,
  ])?.reports;
  const resolve = (report: Report, outcome: Outcome, note: string) =>
    void chat.command("report.resolve", { report: report.id, outcome, note });
  return (
    <>
      <div className="tabs" role="group" aria-label={t.rooms.reports}>
        {[false, true].map((done) => (
          <button
            key={String(done)}
            type="button"
            className="tab"
            aria-pressed={isDone === done}
            onClick={() => setDone(done)}
          >
            {done ? more.lists.reportsDone : more.lists.reportsOpen}
          </button>
        ))}
      </div>
      {reports?.length === 0 ? <p className="panel-note">{more.lists.reportsNone}</p> : null}
      <ul className="previews">
        {(reports ?? []).map((report) => (
          <li key={report.id} className="report">
            <button
              type="button"
              className="preview-message"
              disabled={!chat.rooms.get(report.room)}
              onClick={() => onOpenRoom(report.room, report.seq)}
            >
              <Avatar person={report.sender} size="small" />
              <span className="preview-words">
                <span className="preview-head">
                  <strong>{nameOf(report.sender)}</strong>{" "}
                  {report.roomName === "" ? "" : more.lists.in(report.roomName)} · {formatSoon(report.at)}
                </span>
                <span className="preview-text" dir="auto">
                  {withoutMarks(report.text)}
                </span>
                <span className="preview-head">{more.report.by(nameOf(report.reporter), report.reason)}</span>
                {report.outcome === null ? null : (
                  <span className="preview-head">
                    {more.report.resolvedBy(
                      report.resolvedBy ? nameOf(report.resolvedBy) : "",
                      more.report.outcomes[report.outcome as keyof typeof more.report.outcomes],
                    )}
                    {report.note === "" ? "" : `: ${report.note}`}
                  </span>
                )}
              </span>
            </button>
            {report.outcome === null ? (
              <ReportActions onResolve={(outcome, note) => resolve(report, outcome, note)} />
            ) : null}
          </li>
        ))}
      </ul>
    </>
  );
}

type Outcome = "dismissed" | "deleted" | "acted";

/** A note, and what was decided: by a button, and not by Enter in the note. */
function ReportActions({ onResolve }: { onResolve: (outcome: Outcome, note: string) => void }) {
  const [note, setNote] = useState("");
  const [isDone, setDone] = useState(false);
  const button = (outcome: Outcome, label: string) => (
    <button
      type="button"
      className={outcome === "deleted" ? "button-danger" : "button-secondary"}
      onClick={() => {
        // Pressed twice it is decided once.
        if (isDone) return;
        setDone(true);
        setTimeout(() => setDone(false), againAfterMs);
        onResolve(outcome, note);
      }}
    >
      {label}
    </button>
  );
  return (
    <div className="report-actions">
      <input
        className="field"
        placeholder={more.report.note}
        aria-label={more.report.note}
        maxLength={300}
        value={note}
        onInput={(event) => setNote(event.currentTarget.value)}
      />
      {button("dismissed", more.report.dismiss)}
      {button("acted", more.report.acted)}
      {button("deleted", more.report.delete)}
    </div>
  );
}

function MessagePreviewRow(props: PanelProps & { message: MessagePreview; thread?: FollowedThread }) {
  const { chat, message, thread, onOpenRoom, onOpenThread } = props;
  const open = () => {
    const root = thread ? message.seq : message.threadRoot;
    if (root === null) onOpenRoom(message.room, message.seq);
    else onOpenThread(message.room, root);
  };
  return (
    <button type="button" className="preview-message" onClick={open}>
      <Avatar person={message.sender} size="small" />
      <span className="preview-words">
        <span className="preview-head">
          <strong>{nameOf(message.sender)}</strong> {inRoom(chat, message.room)} ·{" "}
          <time title={formatFull(message.sentAt)}>{formatSoon(message.sentAt)}</time>
        </span>
        <span className="preview-text" dir="auto">
          {isBlocked(chat, message.sender)
            ? t.message.blocked
            : message.excerpt === null
              ? t.message.deleted
              : withoutMarks(message.excerpt)}
        </span>
        {thread ? (
          <span className={thread.unread > 0 ? "preview-head preview-new" : "preview-head"}>
            {t.message.answers(thread.count)}
            {thread.unread > 0 ? ` · ${t.rooms.unread(thread.unread)}` : ""}
          </span>
        ) : null}
      </span>
    </button>
  );
}

function isBlocked(chat: ChatStore, { id }: { id: AccountId }): boolean {
  return chat.me.value!.blocked.some((person) => person.id === id);
}

function inRoom(chat: ChatStore, id: MessagePreview["room"]): string {
  const room = chat.rooms.get(id);
  return room ? more.lists.in(chat.nameOf(room)) : "";
}
