import { useEffect, useState } from "preact/hooks";

export type Pane = "rooms" | "room" | "people";

const phone = matchMedia("(width < 640px)");

/**
 * What is shown: a phone shows one pane at a time, and they stand in the browser's history, so the system's Back works.
 * Elsewhere the people stand beside the room, and Back is for pages.
 */
export function usePane(): { pane: Pane; show: (pane: Pane) => void } {
  const [pane, setPane] = useState<Pane>("room");
  useEffect(() => {
    const onPopState = (event: PopStateEvent) =>
      setPane((event.state as { pane?: Pane } | null)?.pane ?? "room");
    addEventListener("popstate", onPopState);
    return () => removeEventListener("popstate", onPopState);
  }, []);
  return {
    pane,
    show: (next) => {
      const isInHistory = (history.state as { pane?: Pane } | null)?.pane !== undefined;
      if (next === "room" && isInHistory) history.back();
      else {
        if (next !== "room" && phone.matches) history.pushState({ pane: next }, "");
        setPane(next);
      }
    },
  };
}
