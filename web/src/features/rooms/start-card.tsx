import { generalRoomId } from "@novax/protocol/general-room";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";

/** The first steps of somebody who runs this server, while they are alone on it. */
export function StartCard({ chat, ui }: { chat: ChatStore; ui: UiStore }) {
  const room = chat.room.value;
  const isAlone = room?.id === generalRoomId && room.memberCount === 1;
  if (!isAlone || !chat.mayOnServer("report.resolve_any")) return null;
  return (
    <section className="start-card" aria-label={more.startCard.title}>
      <h2>{more.startCard.title}</h2>
      <p>{more.startCard.lead}</p>
      <div className="start-steps">
        <button type="button" className="button-primary" onClick={() => ui.open({ kind: "invite" })}>
          {more.invite.title}
        </button>
        <button type="button" className="button-secondary" onClick={() => ui.open({ kind: "create_room" })}>
          {more.createRoom.title}
        </button>
        {chat.you.displayName === undefined ? (
          <a className="button-secondary" href="/account/profile">
            {more.startCard.name}
          </a>
        ) : null}
      </div>
    </section>
  );
}
