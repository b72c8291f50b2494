import type { JoinedRoom } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";

/** Joins a room that the viewer is not in, where everybody may. Resolves with whether they are in it. */
export async function joinUnlessIn(chat: ChatStore, id: RoomId): Promise<boolean> {
  if (chat.rooms.get(id)) return true;
  const result = await chat.command("room.join", { room: id });
  if (!result?.room) return false;
  chat.rooms.put(result.room);
  return true;
}

/** Joins the room that the address names with `?join=`, once there is a connection, and opens it. */
export function joinFromAddress(chat: ChatStore): void {
  const id = new URLSearchParams(location.search).get("join") as RoomId | null;
  if (id === null) return;
  history.replaceState(history.state, "", "/chat");
  const stop = chat.client.state.subscribe((state) => {
    if (state.kind !== "open") return;
    queueMicrotask(() => stop());
    void joinUnlessIn(chat, id).then((isIn) => (isIn ? chat.navigation.openRoom(id) : undefined));
  });
}

/** Leaves a room. A public room can be joined again, so the viewer can undo it; in others they are asked first. */
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
      label: more.app.undo,
      run: async () => {
        if (await joinUnlessIn(chat, room.id)) void chat.navigation.openRoom(room.id);
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
