import type { RoomId } from "@novax/protocol/ids";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { ChatStore } from "../stores/chat-store.ts";
import type { PanelName, UiStore } from "../stores/ui-store.ts";

/** On a phone one of these is shown at a time; elsewhere they stand side by side. */
export type Pane = "rooms" | "room" | "panel";

type HistoryEntry = { room?: RoomId | null; seq?: number; pane?: Pane; panel?: PanelName; thread?: number };

const acrossRooms: readonly PanelName[] = ["mentions", "threads", "saved", "scheduled", "reports"];
const phone = matchMedia("(width < 640px)");

export type Navigation = {
  pane: Pane;
  /** Shows a pane; of a panel what is in it, and of another room's thread its room. */
  show: (pane: Pane, entry?: HistoryEntry) => void;
  /** Goes to a room, or to a message in it; the browser's Back leads back. */
  goTo: (room: string, seq?: number) => void;
};

/**
 * Where one is: rooms and messages have their addresses, and on a phone the panes stand in the browser's history too, so
 * the system's Back leads through what was seen.
 */
export function useNavigation(chat: ChatStore, ui: UiStore): Navigation {
  const [pane, setPane] = useState<Pane>("room");
  useEffect(() => {
    const currentEntry = () => history.state as HistoryEntry | null;
    const takePane = (entry: HistoryEntry) => {
      // A panel that was opened with something has no name to come back by.
      const isGone = entry.pane === "panel" && entry.panel === undefined;
      setPane(isGone ? "room" : (entry.pane ?? "room"));
      if (!phone.matches) return;
      ui.panel.value = entry.panel ?? null;
      void chat.openThread(entry.thread ?? null);
    };
    /** One was led elsewhere, out of a room that is not one's own any more: its address goes. */
    const correct = (room: RoomId | null) => {
      if (room === null || currentEntry()?.room === room) return;
      const { pane, panel } = currentEntry() ?? {};
      // What is across rooms stays where it is.
      const entry =
        pane === "rooms" || (panel && acrossRooms.includes(panel)) ? { room, pane, panel } : { room };
      history.replaceState(entry, "", `/chat/${room}`);
      takePane(entry as HistoryEntry);
    };
    // After a reload one is where one was.
    const before = currentEntry();
    if (before?.room === chat.navigation.current.peek()) takePane(before ?? {});
    else history.replaceState({ ...entryOf(location.pathname), room: chat.navigation.current.peek() }, "");
    const stop = chat.navigation.current.subscribe(correct);
    let isReturning = false;
    const onPopState = (event: PopStateEvent) => {
      if (isReturning) {
        isReturning = false;
        return;
      }
      // What lies over the window goes first, and one stays where one was.
      if (ui.overlay.peek() !== null) {
        ui.close();
        isReturning = true;
        history.forward();
        // Where there is nothing to go forward to, nothing comes back.
        setTimeout(() => {
          isReturning = false;
        }, 200);
        return;
      }
      const entry = (event.state as HistoryEntry | null) ?? entryOf(location.pathname);
      const { room, seq } = entry;
      if (room && (room !== chat.navigation.current.peek() || seq !== undefined))
        void chat.navigation.openRoom(room, seq);
      takePane(entry);
      correct(chat.navigation.current.peek());
    };
    addEventListener("popstate", onPopState);
    return () => {
      stop();
      removeEventListener("popstate", onPopState);
    };
  }, [chat, ui]);
  const show = useCallback((next: Pane, more: HistoryEntry = {}) => {
    const entry = history.state as HistoryEntry | null;
    if (next === "room" && entry?.pane !== undefined) history.back();
    else {
      if (next !== "room" && phone.matches) {
        const { room = entry?.room } = more;
        history.pushState({ ...more, room, pane: next }, "", `/chat/${room}`);
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
        // Whoever comes back to it reads what they had marked unread.
        chat.reading.heldUnread = null;
        if (entry?.pane === "rooms") history.back();
        else {
          // What it was chosen in is before it.
          history.replaceState({ room: id }, "", `/chat/${id}`);
          if (phone.matches) ui.panel.value = null;
          setPane("room");
        }
        return;
      }
      const next: HistoryEntry = seq === undefined ? { room: id } : { room: id, seq };
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
