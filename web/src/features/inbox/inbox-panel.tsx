import { type InboxKind, inboxKinds } from "@novax/protocol/inbox-kinds";
import { nameOf } from "@novax/protocol/person";
import type { InboxItem } from "@novax/protocol/reads";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { EmojiSign } from "../../components/emoji-sign.tsx";
import { formatFull, formatSoon } from "../../lib/time.ts";
import { more } from "../../texts/more.ts";
import { Excerpt, inRoom, PreviewRow } from "../messages/preview-row.tsx";
import type { PanelProps } from "../props.ts";
import { PanelList, RowButton, useList } from "../use-list.tsx";

/** What is shown as one row: an item, or reactions to one message that follow each other. */
type Row = { key: string; items: readonly [InboxItem, ...InboxItem[]] };

/** Everything that concerns the viewer, in all their rooms, newest first. */
export function InboxPanel(props: PanelProps) {
  const { chat } = props;
  const [kind, setKind] = useState<InboxKind | "all">("all");
  const { inbox, mentions, threads, reminders, reactions } = chat.me.versions.value;
  const list = useList(
    chat,
    async (after) => chat.api.read("me.inbox", { after, ...(kind === "all" ? {} : { kind }) }),
    [kind, inbox, mentions, threads, reminders, reactions],
  );
  // What was new when it was first shown here stays marked while the list is open.
  const wereNew = useRef(new Set<string>());
  for (const item of list.items ?? []) if (item.isNew) wereNew.current.add(keyOf(item));
  const seenAt = Math.max(0, ...(list.items ?? []).flatMap((item) => (isMarkedSeen(item) ? item.at : [])));
  const isSeen = kind === "all" && chat.reading.isAttended.value;
  useEffect(() => {
    if (isSeen && seenAt > 0) void chat.client.request("inbox.mark_seen", { at: seenAt });
  }, [chat, isSeen, seenAt]);
  const rows = list.items && toRows(list.items);
  return (
    <>
      <label className="form-field inbox-kind">
        <span className="visually-hidden">{more.inbox.show}</span>
        <select
          className="field"
          value={kind}
          onInput={(event) => setKind(event.currentTarget.value as InboxKind | "all")}
        >
          <option value="all">{more.inbox.everything}</option>
          {inboxKinds.map((one) => (
            <option key={one} value={one}>
              {more.inbox.kinds[one]}
            </option>
          ))}
        </select>
      </label>
      <PanelList
        list={{ ...list, items: rows }}
        empty={more.inbox.none}
        keyOf={({ key }) => key}
        row={({ items }) => (
          <InboxRow {...props} items={items} isNew={items.some((item) => wereNew.current.has(keyOf(item)))} />
        )}
      />
    </>
  );
}

/** Opening the list is seeing these; the others have read marks of their own, or are done with a button. */
const isMarkedSeen = ({ kind, isNew }: InboxItem) => isNew && (kind === "reaction" || kind === "invitation");

function keyOf(item: InboxItem): string {
  const detail =
    item.kind === "reaction"
      ? `${item.person.id} ${item.emoji}`
      : item.kind === "reminder"
        ? item.id
        : item.at;
  return `${item.kind} ${item.room} ${item.seq ?? ""} ${detail}`;
}

function toRows(items: readonly InboxItem[]): Row[] {
  const rows: Row[] = [];
  for (const item of items) {
    const last = rows.at(-1);
    const first = last?.items[0];
    const isSame = item.kind === "reaction" && first?.kind === "reaction";
    if (last && isSame && first.room === item.room && first.seq === item.seq)
      rows[rows.length - 1] = { ...last, items: [...last.items, item] };
    else rows.push({ key: keyOf(item), items: [item] });
  }
  return rows;
}

/** Who is shown beside an item. */
const senderOf = (item: InboxItem) =>
  "sender" in item ? item.sender : "person" in item ? item.person : undefined;

function InboxRow(props: PanelProps & { items: Row["items"]; isNew: boolean }) {
  const { chat, items, isNew } = props;
  const [item] = items;
  const room = chat.rooms.get(item.room);
  const where = inRoom(chat, item.room, senderOf(item));
  const head = (words: ComponentChildren) => (
    <>
      {words} · <time title={formatFull(item.at)}>{formatSoon(item.at)}</time>
      {isNew ? <span className="preview-new"> · {more.inbox.isNew}</span> : null}
    </>
  );
  switch (item.kind) {
    case "mention":
    case "reply":
      return (
        <PreviewRow
          person={item.sender}
          head={head(more.inbox.did[item.kind](where))}
          text={<Excerpt {...props} room={item.room} sender={item.sender} text={item.excerpt} />}
          onOpen={() => open(props, item)}
        />
      );
    case "reaction": {
      const people = new Map(
        items.flatMap((one) => (one.kind === "reaction" ? [[one.person.id, one.person]] : [])),
      );
      const others = [...people.values()].slice(1);
      const emoji = new Set(items.flatMap((one) => (one.kind === "reaction" ? [one.emoji] : [])));
      return (
        <PreviewRow
          person={item.person}
          head={head(
            <>
              {others.length > 0 ? `${more.inbox.and(nameOf(others[0]!), others.length)} ` : null}
              {more.inbox.reacted(people.size, where)}{" "}
              {[...emoji].map((sign) => (
                <EmojiSign key={sign} emoji={sign} />
              ))}
            </>,
          )}
          text={<Excerpt {...props} room={item.room} sender={chat.you} text={item.excerpt} />}
          onOpen={() => open(props, item)}
        />
      );
    }
    case "reminder":
      return (
        <>
          <PreviewRow
            head={head(`${more.inbox.did.reminder} ${where}`)}
            text={
              item.note === "" ? (
                <Excerpt {...props} room={item.room} sender={chat.you} text={item.excerpt ?? ""} />
              ) : (
                item.note
              )
            }
            onOpen={() => props.onOpenRoom(item.room, item.seq ?? undefined)}
          />
          <RowButton
            label={more.app.done}
            about={item.note}
            onClick={() => void chat.command("reminder.clear", { reminder: item.id })}
          />
        </>
      );
    case "invitation":
      return (
        <PreviewRow
          person={item.person}
          head={
            item.isRequest
              ? head(more.inbox.request)
              : head(more.inbox.addedTo(room ? chat.nameOf(room) : ""))
          }
          text=""
          onOpen={() => props.onOpenRoom(item.room)}
        />
      );
  }
}

function open(
  props: PanelProps,
  { room, seq, threadRoot }: Extract<InboxItem, { kind: "mention" | "reply" | "reaction" }>,
): void {
  if (threadRoot === null) props.onOpenRoom(room, seq);
  else props.onOpenThread(room, threadRoot);
}
