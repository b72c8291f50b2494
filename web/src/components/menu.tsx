import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { isTouch, type Spot } from "../lib/element.ts";
import type { MenuItem } from "../stores/ui-store.ts";

const marginPx = 8;

/**
 * Opens the dialog around a box, and puts the box next to a spot where it fits into the window. A dialog keeps the
 * focus inside, makes the page behind inert, and returns the focus. Returns the ref of the box.
 */
export function usePlacement(spot: Spot) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const dialog = element.closest("dialog")!;
    // The focus in the first field would open the keyboard over the menu.
    if (isTouch()) {
      element.tabIndex = -1;
      element.setAttribute("autofocus", "");
    }
    if (!dialog.open) dialog.showModal();
    const { width, height } = element.getBoundingClientRect();
    const { innerWidth, innerHeight } = window;
    const isBelow = spot.bottom + height + marginPx <= innerHeight;
    const top = isBelow ? spot.bottom + 4 : Math.max(marginPx, spot.top - height - 4);
    const left = Math.min(Math.max(marginPx, spot.right - width), innerWidth - width - marginPx);
    element.style.setProperty("inset-block-start", `${Math.min(top, innerHeight - height - marginPx)}px`);
    element.style.setProperty("left", `${Math.max(marginPx, left)}px`);
  }, [spot]);
  return box;
}

/** A menu next to what opened it. The arrow keys choose. Escape or a press elsewhere closes it. */
export function Menu(props: { spot: Spot; label: string; items: readonly MenuItem[]; onClose: () => void }) {
  const { spot, label, items, onClose } = props;
  const box = usePlacement(spot);
  useEffect(() => {
    box.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  }, [box]);
  return (
    <dialog
      className="overlay-place"
      aria-label={label}
      onClose={onClose}
      onPointerDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div
        className="menu"
        role="menu"
        aria-label={label}
        ref={box}
        onKeyDown={(event) => {
          const entries = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=menuitem]")];
          const index = entries.indexOf(document.activeElement as HTMLElement);
          const targets: Record<string, number> = {
            ArrowDown: (index + 1) % entries.length,
            ArrowUp: (index - 1 + entries.length) % entries.length,
            Home: 0,
            End: entries.length - 1,
          };
          const target = targets[event.key];
          if (target !== undefined) {
            event.preventDefault();
            entries[target]?.focus();
          } else if (event.key === "Tab") {
            event.preventDefault();
            onClose();
          }
        }}
      >
        {items.map((item) => (
          <button
            key={item.label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            className={item.isDanger ? "menu-item menu-item-danger" : "menu-item"}
            onClick={() => {
              // While the dialog is open, the page behind it cannot take the focus.
              box.current?.closest("dialog")?.close();
              onClose();
              item.run();
            }}
          >
            <span>{item.label}</span>
            {item.keys ? <kbd>{item.keys}</kbd> : null}
          </button>
        ))}
      </div>
    </dialog>
  );
}
