import { withoutMarks } from "@novax/protocol/markdown";
import { excerptOf } from "@novax/protocol/text";
import { more } from "../../texts/more.ts";
import type { PanelProps } from "../props.ts";
import { PanelList, RowButton, useList } from "../use-list.tsx";
import { MessagePreviewRow } from "./preview-row.tsx";

/** The pinned messages of the open room. */
export function PinsPanel(props: PanelProps) {
  const { chat } = props;
  const room = chat.room.value;
  const list = useList(chat, async () => {
    if (!room) return { items: [], next: null };
    const { messages } = await chat.api.read("room.pins", { room: room.id });
    return { items: messages, next: null };
  }, [room?.id, chat.me.versions.value.pins]);
  if (!room) return null;
  return (
    <PanelList
      list={list}
      empty={more.lists.pinsNone}
      keyOf={({ seq }) => String(seq)}
      row={(message) => (
        <>
          <MessagePreviewRow
            {...props}
            message={{ ...message, room: room.id, threadRoot: null, excerpt: excerptOf(message.body) }}
          />
          {chat.may("message.pin") ? (
            <RowButton
              label={more.message.unpin}
              about={withoutMarks(excerptOf(message.body) ?? "")}
              onClick={() => void chat.command("message.unpin", { room: room.id, seq: message.seq })}
            />
          ) : null}
        </>
      )}
    />
  );
}
