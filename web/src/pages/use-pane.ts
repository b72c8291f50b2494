import { useEffect, useState } from "preact/hooks";

export type Pane = "rooms" | "room";

/** A phone shows one pane at a time; they stand in the browser's history, so the system's Back works. */
export function usePane(): { pane: Pane; showRooms: () => void; showRoom: () => void } {
  const [pane, setPane] = useState<Pane>("room");
  useEffect(() => {
    const onPopState = (event: PopStateEvent) =>
      setPane((event.state as { pane?: Pane } | null)?.pane ?? "room");
    addEventListener("popstate", onPopState);
    return () => removeEventListener("popstate", onPopState);
  }, []);
  return {
    pane,
    showRooms: () => {
      history.pushState({ pane: "rooms" }, "");
      setPane("rooms");
    },
    showRoom: () => {
      if (pane === "rooms") history.back();
    },
  };
}
