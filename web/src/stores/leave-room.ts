import type { JoinedRoom } from "@novax/protocol/entities";
import { more } from "../texts/more.ts";
import { t } from "../texts/text.ts";
import type { ChatStore } from "./chat-store.ts";
import type { UiStore } from "./ui-store.ts";

/** Leaves a room. That can be taken back where one may come in again by oneself; elsewhere one is asked first. */
export function leaveRoom(
  chat: ChatStore,
  ui: UiStore,
  room: JoinedRoom,
  onRoomLeft: () => void = () => {},
): void {
  const name = chat.nameOf(room);
  const leave = async () => {
    if (!(await chat.leave(room.id))) return;
    onRoomLeft();
    if (room.kind !== "public") return;
    chat.toasts.show(more.details.left(name), {
      label: t.app.undo,
      run: async () => {
        const reply = await chat.command("room.join", { room: room.id });
        if (!reply?.room) return;
        chat.rooms.put(reply.room);
        void chat.openRoom(room.id);
      },
    });
  };
  if (room.kind === "public") void leave();
  else
    ui.open({
      kind: "ask",
      text: more.details.leaveAsk(name),
      yes: more.details.leave,
      onYes: () => void leave(),
    });
}
