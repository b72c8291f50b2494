/** As long as the systems themselves wait. */
const holdMs = 450;
/** A finger that moves further than this scrolls. */
const slackPx = 10;
const clickWithinMs = 350;

/** What has a menu of its own, opened by `contextmenu`. */
const hasMenu = ".row-message, .room-item";

/**
 * Makes a finger that presses and holds a `contextmenu` event, which opens the same menu as the right button of a mouse.
 * Safari on phones sends none, and Chrome sends one only where it would show a menu of its own.
 */
export function watchPressAndHold(target: Document): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let liftTimer: ReturnType<typeof setTimeout> | undefined;
  let start: { x: number; y: number } | null = null;
  /** A menu was opened by the finger that is still down. Lifting it presses nothing. */
  let isHeld = false;
  const cancel = () => {
    clearTimeout(timer);
    start = null;
  };

  target.addEventListener("pointerdown", (event) => {
    cancel();
    clearTimeout(liftTimer);
    isHeld = false;
    const element = event.target as Element;
    // A link has the browser's own menu; in a field, text is selected. A second finger zooms.
    if (event.pointerType !== "touch" || !event.isPrimary) return;
    if (!element.closest(hasMenu) || element.closest("a, input, textarea, select")) return;
    const { clientX, clientY } = event;
    start = { x: clientX, y: clientY };
    timer = setTimeout(() => {
      start = null;
      isHeld = true;
      navigator.vibrate?.(8);
      // The row may have been drawn anew under the finger.
      const held = element.isConnected ? element : target.elementFromPoint(clientX, clientY);
      held?.dispatchEvent(
        new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX, clientY }),
      );
    }, holdMs);
  });
  target.addEventListener("pointermove", (event) => {
    if (start && Math.hypot(event.clientX - start.x, event.clientY - start.y) > slackPx) cancel();
  });
  for (const type of ["pointerup", "pointercancel"] as const)
    target.addEventListener(type, () => {
      cancel();
      // Chrome sends the click of this finger a moment after it is lifted, and to what is under it by then: an entry of
      // the menu.
      clearTimeout(liftTimer);
      liftTimer = setTimeout(() => {
        isHeld = false;
      }, clickWithinMs);
    });
  target.addEventListener("scroll", cancel, { capture: true, passive: true });

  const swallow = (event: Event) => {
    if (!isHeld || !event.isTrusted) return;
    event.preventDefault();
    event.stopPropagation();
  };
  target.addEventListener("contextmenu", swallow, { capture: true });
  target.addEventListener("click", swallow, { capture: true });
}
