import type { Reminder, ScheduledMessage } from "@novax/protocol/reads";
import type { ComponentChildren } from "preact";
import { focusRoom } from "../../lib/regions.ts";
import { formatSoon } from "../../lib/time.ts";
import { more } from "../../texts/more.ts";
import { Excerpt, inRoom, PreviewRow } from "../messages/preview-row.tsx";
import type { PanelProps } from "../props.ts";
import { NotLoaded, RowButton, useList } from "../use-list.tsx";

/** The viewer's scheduled messages and reminders. */
export function ScheduledPanel(props: PanelProps) {
  const { chat } = props;
  const { scheduled: scheduledVersion, reminders: remindersVersion } = chat.me.versions.value;
  const scheduled = useList(
    chat,
    async () => ({ items: (await chat.api.read("me.scheduled", {})).scheduled, next: null }),
    [scheduledVersion],
  );
  const reminders = useList(
    chat,
    async () => ({ items: (await chat.api.read("me.reminders", {})).reminders, next: null }),
    [remindersVersion],
  );
  const retry = scheduled.retry ?? reminders.retry;
  const notLoaded = retry ? (
    <NotLoaded
      onRetry={() => {
        scheduled.retry?.();
        reminders.retry?.();
      }}
    />
  ) : null;
  if (!scheduled.items || !reminders.items) return notLoaded;
  if (!retry && scheduled.items.length + reminders.items.length === 0)
    return <p className="panel-note">{more.lists.scheduledNone}</p>;
  return (
    <>
      <Section title={more.lists.scheduled} items={scheduled.items} keyOf={({ sendId }) => sendId}>
        {(message) => <ScheduledRow {...props} message={message} />}
      </Section>
      <Section title={more.lists.reminders} items={reminders.items} keyOf={({ id }) => String(id)}>
        {(reminder) => <ReminderRow {...props} reminder={reminder} />}
      </Section>
      {notLoaded}
    </>
  );
}

function Section<T>(props: {
  title: string;
  items: readonly T[];
  keyOf: (item: T) => string;
  children: (item: T) => ComponentChildren;
}) {
  if (props.items.length === 0) return null;
  return (
    <section>
      <h3>{props.title}</h3>
      <ul className="previews">
        {props.items.map((item) => (
          <li key={props.keyOf(item)}>{props.children(item)}</li>
        ))}
      </ul>
    </section>
  );
}

function ScheduledRow({ chat, onOpenRoom, message }: PanelProps & { message: ScheduledMessage }) {
  const { room, sendId, text } = message;
  const unschedule = () => chat.command("message.unschedule", { sendId });
  return (
    <>
      <PreviewRow
        head={`${formatSoon(message.dueAt)} ${inRoom(chat, room)}`}
        text={<Excerpt chat={chat} room={room} sender={chat.you} text={text} />}
      >
        {message.refused === null ? null : (
          <span className="form-problem">{more.scheduled.notSent(message.refused)}</span>
        )}
      </PreviewRow>
      {message.threadRoot === null && chat.rooms.get(room) ? (
        <RowButton
          label={more.message.edit}
          about={text}
          onClick={async () => {
            if (!(await unschedule())) return;
            // It goes back into the composer, after what is written there already.
            const draft = chat.drafts.read(room);
            chat.drafts.write(room, draft === "" ? text : `${draft}\n${text}`);
            onOpenRoom(room);
            chat.toasts.show(more.scheduled.backInComposer);
            requestAnimationFrame(focusRoom);
            const store = chat.timelines.of(room);
            if (message.replyTo !== null) store.replyingTo.value = store.find(message.replyTo);
          }}
        />
      ) : null}
      <RowButton label={more.app.remove} about={text} onClick={() => void unschedule()} />
    </>
  );
}

function ReminderRow({ chat, onOpenRoom, reminder }: PanelProps & { reminder: Reminder }) {
  return (
    <>
      <PreviewRow
        head={
          <>
            {formatSoon(reminder.dueAt)} {inRoom(chat, reminder.room)}
            {reminder.isDue ? <strong> · {more.scheduled.isDue}</strong> : null}
          </>
        }
        text={reminder.note}
        onOpen={() => onOpenRoom(reminder.room, reminder.seq ?? undefined)}
      />
      <RowButton
        label={more.app.done}
        about={reminder.note}
        onClick={() => void chat.command("reminder.clear", { reminder: reminder.id })}
      />
    </>
  );
}
