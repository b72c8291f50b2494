import type { JoinedRoom } from "@novax/protocol/entities";
import { useRef } from "preact/hooks";
import { PanelFrame } from "../../components/panel.tsx";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { RoomStore } from "../../stores/room-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { Composer } from "../messages/composer.tsx";
import { Conversation } from "../messages/conversation.tsx";
import { LiveRegion } from "../messages/live-region.tsx";
import type { MessageList } from "../messages/message-list.tsx";
import { preferences } from "../settings/preferences.ts";

/** The thread beside its room. */
export function ThreadView(props: {
  chat: ChatStore;
  ui: UiStore;
  room: JoinedRoom;
  store: RoomStore;
  onJump: (seq: number) => void;
  onRoomLink: (room: string, seq: number | undefined) => void;
  onClose: () => void;
}) {
  const { chat, ui, room, store } = props;
  const list = useRef<MessageList>(null);
  const composer = useRef<Composer>(null);
  return (
    <PanelFrame
      key={`${store.id} ${store.threadRoot}`}
      title={t.thread.title}
      subtitle={chat.nameOf(room)}
      onClose={props.onClose}
      actions={
        <button
          type="button"
          className="button-subtle"
          title={more.thread.followHint}
          onClick={() => void toggleFollowed(chat)}
        >
          {chat.thread.isFollowed.value ? more.thread.followed : more.thread.follow}
        </button>
      }
    >
      <div className="thread">
        {preferences.value.announces ? <LiveRegion chat={chat} store={store} room={room} /> : null}
        <Conversation
          chat={chat}
          ui={ui}
          room={room}
          store={store}
          rows={chat.threadRows.value}
          onOpenThread={() => {}}
          onJump={props.onJump}
          onRoomLink={props.onRoomLink}
          list={list}
          composer={composer}
        />
      </div>
    </PanelFrame>
  );
}

/** Follows the open thread, or stops following it. */
async function toggleFollowed(chat: ChatStore): Promise<void> {
  const store = chat.thread.timeline.peek();
  if (!store || store.threadRoot === null) return;
  const isFollowed = !chat.thread.isFollowed.peek();
  chat.thread.showFollowed(isFollowed);
  const done = await chat.command("thread.follow", { room: store.id, seq: store.threadRoot, isFollowed });
  if (!done && chat.thread.timeline.peek() === store) chat.thread.showFollowed(!isFollowed);
}
