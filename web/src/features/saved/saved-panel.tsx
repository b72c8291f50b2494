import { withoutMarks } from "@novax/protocol/markdown";
import { more } from "../../texts/more.ts";
import { MessagePreviewRow } from "../messages/preview-row.tsx";
import type { PanelProps } from "../props.ts";
import { PanelList, RowButton, useList } from "../use-list.tsx";
import { setSaved } from "./toggle-saved.ts";

/** The messages that the viewer has saved for later, newest first. */
export function SavedPanel(props: PanelProps) {
  const { chat } = props;
  const list = useList(
    chat,
    async (after) => {
      const { messages, next } = await chat.api.read("me.saved", { after });
      return { items: messages, next };
    },
    [chat.me.versions.value.saved],
  );
  return (
    <PanelList
      list={list}
      empty={more.lists.savedNone}
      keyOf={({ room, seq }) => `${room} ${seq}`}
      row={(message) => (
        <>
          <MessagePreviewRow {...props} message={message} />
          <RowButton
            label={more.app.remove}
            about={withoutMarks(message.excerpt ?? "")}
            onClick={() => {
              setSaved(chat, message, false);
              chat.toasts.show(more.lists.unsaved, {
                label: more.app.undo,
                run: () => setSaved(chat, message, true),
              });
            }}
          />
        </>
      )}
    />
  );
}
