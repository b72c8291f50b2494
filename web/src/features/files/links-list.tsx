import { nameOf } from "@novax/protocol/person";
import type { RoomLink } from "@novax/protocol/reads";
import { formatFull, formatPast } from "../../lib/time.ts";
import { more } from "../../texts/more.ts";
import type { PanelProps } from "../props.ts";
import { PanelList, RowButton, useList } from "../use-list.tsx";

/** The links that were sent to the open room, or those of messages with these words. */
export function LinksList(props: PanelProps & { words: string }) {
  const { chat, words } = props;
  const room = chat.room.value;
  const list = useList(
    chat,
    async (after) => {
      if (!room) return { items: [], next: null };
      const { links, next } = await chat.api.read("room.links", { room: room.id, q: words, after });
      return { items: links.filter(({ sender }) => !chat.me.isBlocked(sender.id)), next };
    },
    [room?.id, words],
  );
  if (!room) return null;
  const show = ({ seq, threadRoot }: RoomLink) =>
    threadRoot === null ? props.onOpenRoom(room.id, seq) : props.onOpenThread(room.id, threadRoot);
  return (
    <PanelList
      list={list}
      empty={words === "" ? more.files.none.link : more.files.nothingFound}
      keyOf={({ seq, url }) => `${seq} ${url}`}
      row={(link) => (
        <div className="link-row">
          <a href={link.url} target="_blank" rel="noopener noreferrer nofollow ugc" dir="auto">
            {link.label || link.url}
          </a>
          {link.label === "" || link.label === link.url ? null : (
            <span className="file-facts" dir="ltr">
              {new URL(link.url).host}
            </span>
          )}
          <span className="file-facts">
            {nameOf(link.sender)} · <time title={formatFull(link.sentAt)}>{formatPast(link.sentAt)}</time>
          </span>
          <RowButton label={more.files.showInChat} onClick={() => show(link)} />
        </div>
      )}
    />
  );
}
