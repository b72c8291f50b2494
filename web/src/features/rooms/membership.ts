import type { JoinedRoom } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { UiStore } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";

/**
 * Joins a room that the viewer is not in, if they may join it. Resolves with whether they are in it afterwards. A
 * refusal is shown as a toast.
 */
export async function joinUnlessIn(chat: ChatStore, id: RoomId): Promise<boolean> {
  if (chat.rooms.get(id)) return true;
  const result = await chat.command("room.join", { room: id });
  if (!result?.room) return false;
  chat.rooms.put(result.room);
  return true;
}

/**
 * As {@link joinUnlessIn}, where a link leads to a room: it asks first. Any page can have a link, or lead to it by itself,
 * and the members of a room see who joins.
 */
export async function joinByLink(chat: ChatStore, ui: UiStore, id: RoomId): Promise<boolean> {
  if (chat.rooms.get(id)) return true;
  const isWanted = await new Promise<boolean>((resolve) =>
    ui.open({
      kind: "ask",
      text: more.browse.joinAsk,
      yes: more.browse.join,
      isHarmless: true,
      isUnasked: true,
      onYes: () => resolve(true),
      onNo: () => resolve(false),
    }),
  );
  return isWanted && joinUnlessIn(chat, id);
}

/** Offers to join the room in `?join=` of the address, once there is a connection, and opens it. */
export function joinFromAddress(chat: ChatStore, ui: UiStore): void {
  const id = new URLSearchParams(location.search).get("join") as RoomId | null;
  if (id === null) return;
  history.replaceState(history.state, "", "/chat");
  const stop = chat.client.state.subscribe((state) => {
    if (state.kind !== "open") return;
    queueMicrotask(() => stop());
    void joinByLink(chat, ui, id).then((isIn) => (isIn ? chat.navigation.openRoom(id) : undefined));
  });
}

/**
 * Hides a room from the list until there is a new message, and opens another one in its place. Resolves with whether that
 * was done.
 */
export async function hideRoom(chat: ChatStore, room: JoinedRoom): Promise<boolean> {
  if (!(await chat.command("room.set_preferences", { room: room.id, isHidden: true }))) return false;
  if (chat.navigation.current.peek() === room.id) chat.navigation.openAnother();
  return true;
}

/**
 * Leaves a room. The viewer can undo leaving a public room, because they can join it again. For other rooms a dialog
 * asks first. `onRoomLeft` is called once it is done.
 */
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
      text: room.kind === "group" ? more.details.leaveGroupAsk(name) : more.details.leaveAsk(name),
      yes: room.kind === "group" ? more.details.leaveGroup : more.details.leave,
      onYes: () => void leave(),
    });
}
