import { more } from "../../texts/more.ts";
import { preferences, setPreference, sidebarWidths } from "../settings/preferences.ts";

const keyStep = 16;

/**
 * The edge between the room list and the room. The pointer drags it, arrow keys move it, and a double click resets it.
 */
export function SidebarEdge() {
  const width = preferences.value.sidebarWidth;
  const isRightToLeft = () => document.documentElement.dir === "rtl";
  const set = (wanted: number) =>
    setPreference(
      "sidebarWidth",
      Math.round(Math.min(Math.max(wanted, sidebarWidths.min), sidebarWidths.max)),
    );
  const steps: Record<string, () => number> = {
    ArrowLeft: () => width + (isRightToLeft() ? keyStep : -keyStep),
    ArrowRight: () => width + (isRightToLeft() ? -keyStep : keyStep),
    Home: () => sidebarWidths.min,
    End: () => sidebarWidths.max,
  };
  return (
    <div
      className="sidebar-edge"
      role="separator"
      tabIndex={0}
      aria-label={more.rooms.width}
      aria-orientation="vertical"
      aria-valuemin={sidebarWidths.min}
      aria-valuemax={sidebarWidths.max}
      aria-valuenow={width}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
        // The list grows with the text, so its width is kept in pixels of text of the usual size.
        const scale = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
        set((isRightToLeft() ? innerWidth - event.clientX : event.clientX) / scale);
      }}
      onDblClick={() => set(sidebarWidths.normal)}
      onKeyDown={(event) => {
        const step = steps[event.key];
        if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        set(step());
      }}
    />
  );
}
