import type { RoomId } from "@novax/protocol/ids";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { ChatStore } from "../stores/chat-store.ts";
import type { UiStore } from "../stores/ui-store.ts";

/** On a phone one of these is shown at a time; elsewhere they stand side by side. */
export type Pane = "rooms" | "room" | "panel";

type Place = { room?: RoomId; seq?: number; pane?: Pane };

const phone = matchMedia("(width < 640px)");

export type Navigation = {
  pane: Pane;
  show: (pane: Pane) => void;
  /** Goes to a room, or to a message in it; the browser's Back leads back. */
  goTo: (room: string, seq?: number) => void;
};

/**
 * Where one is: rooms and messages have their addresses, and on a phone the panes stand in the browser's history too, so
 * the system's Back works.
 */
export function useNavigation(chat: ChatStore, ui: UiStore): Navigation {
  const [pane, setPane] = useState<Pane>("room");
  useEffect(() => {
    history.replaceState({ ...placeOf(location.pathname), room: chat.current.peek() }, "");
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
      const place = (event.state as Place | null) ?? placeOf(location.pathname);
      setPane(place.pane ?? "room");
      const { room, seq } = place;
      if (room !== undefined && (room !== chat.current.peek() || seq !== undefined))
        void chat.openRoom(room, seq);
    };
    addEventListener("popstate", onPopState);
    return () => removeEventListener("popstate", onPopState);
  }, [chat, ui]);
  const show = useCallback((next: Pane) => {
    const place = history.state as Place | null;
    if (next === "room" && place?.pane !== undefined) history.back();
    else {
      if (next !== "room" && phone.matches) history.pushState({ ...place, pane: next }, "");
      setPane(next);
    }
  }, []);
  const goTo = useCallback(
    (room: string, seq?: number) => {
      const id = room as RoomId;
      const place = history.state as Place | null;
      const isHere = chat.current.peek() === id && seq === undefined;
      if (isHere) {
        if (place?.pane !== undefined) history.back();
        else setPane("room");
        return;
      }
      const next: Place = seq === undefined ? { room: id } : { room: id, seq };
      history.pushState(next, "", seq === undefined ? `/chat/${id}` : `/chat/${id}/${seq}`);
      setPane("room");
      void chat.openRoom(id, seq);
    },
    [chat],
  );
  return { pane, show, goTo };
}

function placeOf(path: string): Place {
  const [, , room, seq] = path.split("/");
  if (!room) return {};
  return /^\d+$/.test(seq ?? "") ? { room: room as RoomId, seq: Number(seq) } : { room: room as RoomId };
}
