import { more } from "../../texts/more.ts";
import { MessagePreviewRow } from "../messages/preview-row.tsx";
import type { PanelProps } from "../props.ts";
import { PanelList, useList } from "../use-list.tsx";

/** The messages that mention the viewer, in all their rooms, newest first. */
export function MentionsPanel(props: PanelProps) {
  const { chat } = props;
  const list = useList(
    chat,
    async (after) => {
      const { messages, next } = await chat.api.read("me.mentions", { after });
      return { items: messages, next };
    },
    [chat.me.versions.value.mentions],
  );
  return (
    <PanelList
      list={list}
      empty={more.lists.mentionsNone}
      keyOf={({ room, seq }) => `${room} ${seq}`}
      row={(message) => <MessagePreviewRow {...props} message={message} />}
    />
  );
}
