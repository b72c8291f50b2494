import type { JoinedRoom } from "@novax/protocol/entities";
import { generalRoomId } from "@novax/protocol/general-room";
import type { Spot } from "../../lib/element.ts";
import type { ChatStore } from "../../stores/chat-store.ts";
import type { MenuItem, UiStore } from "../../stores/ui-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { copyText } from "../copy-text.ts";
import { hideRoom, leaveRoom } from "./membership.ts";

/** The actions on a room in the list, without opening it. */
export function roomMenu(chat: ChatStore, ui: UiStore, room: JoinedRoom): MenuItem[] {
  const setPreferences = (changes: { isStarred?: boolean; isMuted?: boolean }) =>
    void chat.command("room.set_preferences", { room: room.id, ...changes });
  const hasUnread = [...chat.rooms.all.peek().values()].some((own) => own.unread > 0);
  const items: (MenuItem | false)[] = [
    room.unread > 0 && { label: t.room.markRead, run: () => chat.reading.markRoomRead(room.id) },
    {
      label: room.isStarred ? more.roomMenu.unfavourite : more.roomMenu.favourite,
      run: () => setPreferences({ isStarred: !room.isStarred }),
    },
    {
      label: room.isMuted ? more.roomMenu.unmute : more.roomMenu.mute,
      run: () => setPreferences({ isMuted: !room.isMuted }),
    },
    {
      label: more.details.copyLink,
      run: () => void copyText(chat, `${location.origin}/chat/${room.id}`),
    },
    { label: more.search.date, run: () => ui.open({ kind: "date", room }) },
    room.kind === "direct" && { label: more.roomMenu.hide, run: () => void hideRoom(chat, room) },
    hasUnread && {
      label: more.roomMenu.allRead,
      run: () => {
        for (const own of chat.rooms.all.peek().values())
          if (own.unread > 0) chat.reading.markRoomRead(own.id);
      },
    },
    room.id !== generalRoomId &&
      chat.may("room.leave", room) && {
        label: room.kind === "group" ? more.details.leaveGroup : more.details.leave,
        isDanger: true,
        run: () => leaveRoom(chat, ui, room),
      },
  ];
  return items.filter((item) => item !== false);
}

/** Opens the menu of what can be added to the rooms: a room, one that is there already, or people. */
export function openAddMenu(chat: ChatStore, ui: UiStore, spot: Spot): void {
  const items: (MenuItem | false)[] = [
    { label: more.createRoom.title, run: () => ui.open({ kind: "create_room" }) },
    { label: more.browse.title, run: () => ui.open({ kind: "browse" }) },
    chat.mayOnServer("report.resolve_any") && {
      label: more.invite.title,
      run: () => ui.open({ kind: "invite" }),
    },
  ];
  ui.open({ kind: "menu", spot, label: t.rooms.addRoom, items: items.filter((item) => item !== false) });
}
