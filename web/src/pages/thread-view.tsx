import type { OwnRoom } from "@novax/protocol/entities";
import { useRef } from "preact/hooks";
import type { Composer } from "../components/composer.tsx";
import type { MessageList } from "../components/message-list.tsx";
import { PanelFrame } from "../components/panel.tsx";
import type { ChatStore } from "../stores/chat-store.ts";
import type { RoomStore } from "../stores/room-store.ts";
import type { UiStore } from "../stores/ui-store.ts";
import { more } from "../texts/more.ts";
import { t } from "../texts/text.ts";
import { Conversation } from "./room-view.tsx";

/** A thread beside its room. */
export function ThreadView(props: {
  chat: ChatStore;
  ui: UiStore;
  room: OwnRoom;
  store: RoomStore;
  onJump: (seq: number) => void;
  onPlace: (room: string, seq: number | undefined) => void;
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
          className="button-quiet"
          aria-pressed={chat.isThreadFollowed.value}
          title={more.thread.followHint}
          onClick={() => void chat.toggleFollowed()}
        >
          {chat.isThreadFollowed.value ? more.thread.followed : more.thread.follow}
        </button>
      }
    >
      <div className="thread">
        <Conversation
          chat={chat}
          ui={ui}
          room={room}
          store={store}
          rows={chat.threadRows.value}
          onOpenThread={() => {}}
          onJump={props.onJump}
          onPlace={props.onPlace}
          list={list}
          composer={composer}
        />
      </div>
    </PanelFrame>
  );
}
