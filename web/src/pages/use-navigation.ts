import type { RoomId } from "@novax/protocol/ids";
import { useCallback, useEffect, useState } from "preact/hooks";
import { inboxPanels, isInbox } from "../features/inbox/inbox.ts";
import { isPhone, isTouch } from "../lib/element.ts";
import type { ChatStore } from "../stores/chat-store.ts";
import type { PanelName, UiStore } from "../stores/ui-store.ts";

/** The panes. On a phone one is shown at a time; elsewhere they are side by side. */
export type Pane = "rooms" | "room" | "panel";

type HistoryEntry = {
  room?: RoomId | null;
  seq?: number;
  pane?: Pane;
  panel?: PanelName;
  thread?: number;
  /** On a phone, the list from which the viewer came into the room. */
  behind?: PanelName;
  /** Another entry of the chat lies below, so that Back stays in it. */
  isAbove?: boolean;
};

const acrossRooms: readonly PanelName[] = ["search", ...inboxPanels];

export type Navigation = {
  pane: Pane;
  /** Shows a pane. `entry` says which panel, and for a thread of another room, which room. */
  show: (pane: Pane, entry?: HistoryEntry) => void;
  /** Goes to a room, or to a message in it, and adds an entry to the browser's history. */
  goTo: (room: string, seq?: number) => void;
};

/**
 * Keeps the browser's address and history. Rooms and messages have addresses. On a phone the panes are in the history
 * too, so that the system's Back goes through what the viewer has seen.
 */
export function useNavigation(chat: ChatStore, ui: UiStore): Navigation {
  const [pane, setPane] = useState<Pane>("room");
  useEffect(() => {
    const currentEntry = () => history.state as HistoryEntry | null;
    const takePane = (entry: HistoryEntry) => {
      // A panel that was opened with something has no name, so it cannot be restored from the history.
      const isGone = entry.pane === "panel" && entry.panel === undefined;
      setPane(isGone ? "room" : (entry.pane ?? "room"));
      if (!isPhone() && !isTouch()) return;
      ui.panel.value = entry.panel ?? null;
      ui.behind.value = entry.behind ?? null;
      void chat.openThread(entry.thread ?? null);
    };
    /** The viewer was moved out of a room that they are no longer in. Its address is replaced. */
    const correct = (room: RoomId | null) => {
      if (room === null || currentEntry()?.room === room) return;
      const { pane, panel } = currentEntry() ?? {};
      // The room list and panels across rooms stay open.
      const entry =
        pane === "rooms" || (panel && acrossRooms.includes(panel)) ? { room, pane, panel } : { room };
      history.replaceState(entry, "", `/chat/${room}`);
      takePane(entry as HistoryEntry);
    };
    // After a reload the viewer is where they were before.
    const before = currentEntry();
    if (before?.room === chat.navigation.current.peek()) takePane(before ?? {});
    else {
      const room = chat.navigation.current.peek();
      // On a phone the room list lies below a room, also below one that a link opened: so Back leads there, and it has an
      // entry to come back from when it only closes a menu.
      if (isPhone()) {
        history.replaceState({ room, pane: "rooms" }, "");
        history.pushState({ ...entryOf(location.pathname), room, isAbove: true }, "");
      } else history.replaceState({ ...entryOf(location.pathname), room }, "");
    }
    const stop = chat.navigation.current.subscribe(correct);
    let isReturning = false;
    const onPopState = (event: PopStateEvent) => {
      if (isReturning) {
        isReturning = false;
        return;
      }
      // Back first closes the dialog or menu over the window, and the viewer stays on the page.
      if (ui.overlay.peek() !== null) {
        ui.close();
        isReturning = true;
        history.forward();
        // If there is no entry to go forward to, no event arrives, so the flag is reset.
        setTimeout(() => {
          isReturning = false;
        }, 200);
        return;
      }
      const entry = (event.state as HistoryEntry | null) ?? entryOf(location.pathname);
      const { room, seq } = entry;
      // The list of rooms is of no room: the one that was open stays so.
      if (room && entry.pane !== "rooms" && (room !== chat.navigation.current.peek() || seq !== undefined))
        void chat.navigation.openRoom(room, seq);
      takePane(entry);
      correct(chat.navigation.current.peek());
    };
    addEventListener("popstate", onPopState);
    // Back closes what is over the window, so on a touch screen there is an entry to come back from.
    const stopOverlay = ui.overlay.subscribe((overlay) => {
      if (overlay === null || !isTouch() || currentEntry()?.isAbove) return;
      history.pushState({ ...currentEntry(), isAbove: true }, "");
    });
    return () => {
      stop();
      stopOverlay();
      removeEventListener("popstate", onPopState);
    };
  }, [chat, ui]);
  const show = useCallback((next: Pane, more: HistoryEntry = {}) => {
    const entry = history.state as HistoryEntry | null;
    if (next === "room" && entry?.pane !== undefined) history.back();
    else {
      if (next !== "room" && (isPhone() || isTouch())) {
        const { room = entry?.room } = more;
        // Tabs of one panel are one place.
        const isTab = isInbox(entry?.panel) && isInbox(more.panel);
        const above = { ...more, room, pane: next, isAbove: true };
        history[isTab ? "replaceState" : "pushState"](above, "", `/chat/${room}`);
      }
      setPane(next);
    }
  }, []);
  const goTo = useCallback(
    (room: string, seq?: number) => {
      const id = room as RoomId;
      const entry = history.state as HistoryEntry | null;
      const isHere = chat.navigation.current.peek() === id && seq === undefined;
      if (isHere) {
        // A viewer who comes back to a room reads what they had marked unread.
        chat.reading.heldUnread = null;
        if (entry?.pane === "rooms" && entry.isAbove) history.back();
        else if (entry?.pane === "rooms") {
          history.pushState({ room: id, isAbove: true }, "", `/chat/${id}`);
          setPane("room");
        } else {
          // The panel in which the room was chosen is the entry before this one.
          history.replaceState({ room: id, isAbove: entry?.isAbove }, "", `/chat/${id}`);
          if (isPhone()) ui.panel.value = null;
          setPane("room");
        }
        return;
      }
      const behind = ui.behind.peek();
      const place = seq === undefined ? { room: id } : { room: id, seq };
      const next: HistoryEntry = { ...place, isAbove: true, ...(behind === null ? {} : { behind }) };
      history.pushState(next, "", seq === undefined ? `/chat/${id}` : `/chat/${id}/${seq}`);
      setPane("room");
      void chat.navigation.openRoom(id, seq);
    },
    [chat, ui],
  );
  return { pane, show, goTo };
}

function entryOf(path: string): HistoryEntry {
  const [, , room, seq] = path.split("/");
  if (!room) return {};
  return /^\d+$/.test(seq ?? "") ? { room: room as RoomId, seq: Number(seq) } : { room: room as RoomId };
}
