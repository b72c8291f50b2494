import { Fragment } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useBackdrop } from "../lib/backdrop.ts";
import { isTouch, type Spot } from "../lib/element.ts";
import { keyName } from "../lib/key-names.ts";
import type { MenuItem, QuickReactions } from "../stores/ui-store.ts";
import { more } from "../texts/more.ts";
import { t } from "../texts/text.ts";
import { EmojiSign } from "./emoji-sign.tsx";

const marginPx = 8;

/**
 * Opens the dialog around a box, and puts the box next to a spot where it fits into the window. A dialog keeps the
 * focus inside, makes the page behind inert, and returns the focus. On a touch screen the box is a sheet at the bottom.
 * Returns the ref of the box.
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
    // A finger covers what is next to it, so on a touch screen the box comes from below.
    dialog.classList.toggle("sheet-place", isTouch());
    if (isTouch()) return;
    const { width, height } = element.getBoundingClientRect();
    const { innerWidth, innerHeight } = window;
    const isBelow = spot.bottom + height + marginPx <= innerHeight;
    const top = isBelow ? spot.bottom + 4 : Math.max(marginPx, spot.top - height - 4);
    // At the start of a line it opens forwards, so that it covers what belongs to it, and not what is beside.
    const isRtl = getComputedStyle(element).direction === "rtl";
    const opensRight = isRtl ? spot.right - width < marginPx : spot.left < innerWidth / 2;
    const wanted = opensRight && spot.left + width + marginPx <= innerWidth ? spot.left : spot.right - width;
    const left = Math.min(Math.max(marginPx, wanted), innerWidth - width - marginPx);
    element.style.setProperty("inset-block-start", `${Math.min(top, innerHeight - height - marginPx)}px`);
    element.style.setProperty("left", `${Math.max(marginPx, left)}px`);
  }, [spot]);
  return box;
}

/** A finger that drags a sheet down so far closes it. */
const closesAfterPx = 90;

/**
 * A menu next to what opened it, or on a touch screen a sheet from below. The arrow keys choose. Escape or a press
 * elsewhere closes it.
 */
export function Menu(props: {
  spot: Spot;
  label: string;
  items: readonly MenuItem[];
  quick?: QuickReactions | undefined;
  onClose: () => void;
}) {
  const { spot, label, items, quick, onClose } = props;
  const box = usePlacement(spot);
  const drag = useRef<number | null>(null);
  useEffect(() => {
    // A sheet has no entry marked before a finger chose one.
    if (!isTouch()) box.current?.querySelector<HTMLElement>(".menu-item")?.focus();
  }, [box]);
  const choose = (run: () => void) => {
    // While the dialog is open, the page behind it cannot take the focus.
    box.current?.closest("dialog")?.close();
    onClose();
    run();
  };
  return (
    <dialog className="overlay-place" aria-label={label} onClose={onClose} {...useBackdrop(onClose)}>
      <div
        className="menu"
        role="menu"
        aria-label={label}
        ref={box}
        onTouchStart={(event) => {
          // From its top a sheet is dragged down, until it is far enough to be closed.
          drag.current = event.currentTarget.scrollTop > 0 ? null : event.touches[0]!.clientY;
        }}
        onTouchMove={(event) => {
          const by = drag.current === null ? 0 : event.touches[0]!.clientY - drag.current;
          if (by > closesAfterPx) onClose();
        }}
        onKeyDown={(event) => {
          if (event.key === "Tab") {
            event.preventDefault();
            onClose();
          } else if (moveInMenu(event.currentTarget, event.key) || chooseByLetter(event))
            event.preventDefault();
        }}
      >
        {quick ? (
          <div className="menu-quick" role="group" aria-label={t.message.react}>
            {quick.emoji.map((emoji) => (
              <button
                key={emoji}
                type="button"
                role="menuitem"
                tabIndex={-1}
                className="menu-emoji"
                aria-label={more.message.reactWith(emoji)}
                onClick={() => choose(() => quick.onPick(emoji))}
              >
                <EmojiSign emoji={emoji} />
              </button>
            ))}
          </div>
        ) : null}
        {items.map((item) => (
          <Fragment key={item.label}>
            {item.startsGroup ? <hr className="menu-line" /> : null}
            <button
              type="button"
              role="menuitem"
              tabIndex={-1}
              className={item.isDanger ? "menu-item menu-item-danger" : "menu-item"}
              aria-keyshortcuts={item.keys === "Del" ? "Delete" : item.keys}
              onClick={() => choose(item.run)}
            >
              <span>{item.label}</span>
              {item.keys ? (
                <span aria-hidden="true">
                  <kbd>{keyName(item.keys)}</kbd>
                </span>
              ) : null}
            </button>
          </Fragment>
        ))}
      </div>
    </dialog>
  );
}

/** Chooses the entry whose key it is, or goes to the next one that begins with the letter. */
function chooseByLetter(event: KeyboardEvent & { currentTarget: HTMLElement }): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey || event.key === " " || event.key === "Enter")
    return false;
  const key = event.key.toLowerCase();
  const entries = [...event.currentTarget.querySelectorAll<HTMLElement>(".menu-item")];
  const own = entries.find((entry) => entry.getAttribute("aria-keyshortcuts")?.toLowerCase() === key);
  if (own) {
    own.click();
    return true;
  }
  const from = entries.indexOf(document.activeElement as HTMLElement) + 1;
  const next = [...entries.slice(from), ...entries.slice(0, from)].find((entry) =>
    entry.textContent.trim().toLowerCase().startsWith(key),
  );
  next?.focus();
  return next !== undefined;
}

/** Moves the focus by a key: up and down between the entries and the row of emoji, sideways in that row. */
function moveInMenu(menu: HTMLElement, key: string): boolean {
  const all = (selector: string) => [...menu.querySelectorAll<HTMLElement>(selector)];
  const [emoji, entries] = [all(".menu-emoji"), all(".menu-item")];
  const focused = document.activeElement as HTMLElement;
  const at = emoji.indexOf(focused);
  // The row of emoji is one step of the way.
  const stops = [...emoji.slice(0, 1), ...entries];
  const index = at >= 0 ? 0 : stops.indexOf(focused);
  const forward = getComputedStyle(menu).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  const isSideways = at >= 0 && (key === "ArrowLeft" || key === "ArrowRight");
  const targets: Record<string, HTMLElement | undefined> = {
    ArrowDown: stops[(index + 1) % stops.length],
    ArrowUp: stops[(index - 1 + stops.length) % stops.length],
    Home: stops[0],
    End: stops.at(-1),
  };
  const target = isSideways
    ? emoji[(at + (key === forward ? 1 : emoji.length - 1)) % emoji.length]
    : targets[key];
  target?.focus();
  return target !== undefined;
}
