// The regions of the window that have a focus of their own. Each is marked with `data-region`, so that no style sheet has a
// say in where the focus goes.

const selectors = {
  rooms: '[data-region="rooms"] [aria-current]',
  messages: '[data-region="messages"]',
  composer: '[data-region="composer"]',
  panel: '[data-region="panel"] button',
} as const;
export type Region = keyof typeof selectors;

/** What takes the focus in a region; null where the region is not there or not visible. */
export function focusTargetOf(region: Region): HTMLElement | null {
  const element = document.querySelector<HTMLElement>(selectors[region]);
  return element?.checkVisibility() ? element : null;
}

/** Whether the focus is inside the panel. */
export function isFocusInPanel(): boolean {
  return document.activeElement?.closest('[data-region="panel"]') != null;
}
