// The regions of the window that can take the focus. They are marked with `data-region`, so that no style sheet decides
// where the focus goes.

import { isTouch } from "./element.ts";

const selectors = {
  rooms: '[data-region="rooms"] [aria-current]',
  messages: '[data-region="messages"]',
  composer: '[data-region="composer"]',
  // The close button: every panel has it, and it changes nothing but the panel.
  panel: '[data-region="panel"] .panel-head .button-icon',
  toasts: '[data-region="toasts"] button',
} as const;
export type Region = keyof typeof selectors;

/** The element that takes the focus in a region; null if the region is missing or not visible. */
export function focusTargetOf(region: Region): HTMLElement | null {
  // In a list that somebody goes through, it is where they were; in a thread, where one writes.
  const resumed =
    region === "panel" ? '[data-region="panel"] :is([data-resume] button, [data-region="composer"])' : null;
  const element =
    (resumed && document.querySelector<HTMLElement>(resumed)) ??
    document.querySelector<HTMLElement>(selectors[region]);
  return element?.checkVisibility() ? element : null;
}

/**
 * Puts the focus where the viewer goes on when the element that had it is gone: on the composer, or on a touch screen on
 * the messages, because the composer would open the keyboard.
 */
export function focusRoom(): void {
  const target = (isTouch() ? null : focusTargetOf("composer")) ?? focusTargetOf("messages");
  target?.focus({ preventScroll: true });
}

/** Whether the focus is inside the panel. */
export function isFocusInPanel(): boolean {
  return document.activeElement?.closest('[data-region="panel"]') != null;
}
