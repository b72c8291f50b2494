/** A rectangle on the screen, in pixels. What opens next to an element gets it. */
export type Spot = { left: number; top: number; right: number; bottom: number };

export function spotOf(element: Element): Spot {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  return { left, top, right, bottom };
}

/** Whether the main pointer is a finger. */
export function isTouch(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}

const phone = matchMedia("(width < 40em)");

/** Whether the window shows one pane at a time. Large text needs more of it. */
export function isPhone(): boolean {
  return phone.matches;
}
