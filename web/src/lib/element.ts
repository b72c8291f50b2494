import type { Spot } from "../stores/ui-store.ts";
/** Where an element stands, for what opens next to it. */
export function spotOf(element: Element): Spot {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  return { left, top, right, bottom };
}

export function isTouch(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}
