import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { MessagePreviewRow } from "../messages/preview-row.tsx";
import type { PanelProps } from "../props.ts";
import { PanelList, useList } from "../use-list.tsx";

/** The threads that the viewer follows, newest reply first. */
export function ThreadsPanel(props: PanelProps) {
  const { chat } = props;
  const list = useList(
    chat,
    async (after) => {
      const { threads, next } = await chat.api.read("me.threads", { after });
      return { items: threads, next };
    },
    [chat.me.versions.value.threads],
  );
  return (
    <PanelList
      list={list}
      empty={more.lists.threadsNone}
      keyOf={({ room, seq }) => `${room} ${seq}`}
      row={(thread) => (
        <MessagePreviewRow {...props} message={thread} threadRoot={thread.seq}>
          <span className={thread.unread > 0 ? "preview-head preview-new" : "preview-head"}>
            {t.message.answers(thread.count)}
            {thread.unread > 0 ? ` · ${t.rooms.unread(thread.unread)}` : ""}
          </span>
        </MessagePreviewRow>
      )}
    />
  );
}
