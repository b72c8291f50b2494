// Which rows of a long list are in the document, and when the list follows its end. This is arithmetic that needs no
// document.

/** The rows `from` to `to` of the whole list are in the document; the others are not. */
export type Window = { from: number; to: number };
/** Where a row is, in px from the top edge of the view. */
export type Span = { top: number; bottom: number };
/**
 * How many px are out of view above and below, and which rows are in view or near it. `near` is only called if needed,
 * because it measures.
 */
export type View = { above: number; below: number; near: () => Window };

/** More rows than this are in the document only if filling the view takes more. */
export const windowRowsMax = 120;
export const windowStep = 40;
/** Within this distance from the end the list follows new messages. */
export const followWithinPx = 100;
/** Within this distance from an end of the window the window moves. */
export const moveWithinPx = 600;
/**
 * A row within this distance from the view is kept. It is more than `moveWithinPx`, because otherwise a dropped row
 * would be needed again at once.
 */
export const keepWithinPx = 660;

/**
 * The window of the last rows, at most `rowsMax`. Rows at the top are dropped in steps, because dropping one row for
 * each new one would be wasted work.
 */
export function windowAtEnd(length: number, rowsMax: number = windowRowsMax): Window {
  const steps = Math.floor((length - rowsMax + windowStep) / windowStep);
  return { from: length <= rowsMax ? 0 : steps * windowStep, to: length };
}

/**
 * The window from row `first` to row `last`; an index below 0 is a row that is no longer in the list. If that is more
 * than `rowsMax`, the first rows are dropped: a row such as a day moves up when older pages are added, far from the
 * rows in view.
 */
export function windowBetween(
  length: number,
  first: number,
  last: number,
  rowsMax: number = windowRowsMax,
): Window {
  const end = first < 0 ? length : Math.min(length, first + rowsMax);
  const to = last < 0 || last < first ? end : last + 1;
  return { from: Math.max(0, first, to - rowsMax), to };
}

/** The window for showing the row at `index`. */
export function windowAround(length: number, index: number): Window {
  const from = Math.max(0, index - windowStep);
  return { from, to: Math.min(length, from + windowRowsMax) };
}

/**
 * The window, moved on if the view comes near one of its ends; otherwise the same object. No row near the view is
 * dropped.
 */
export function moveWindow(window: Window, length: number, { above, below, near }: View): Window {
  if (above < moveWithinPx && window.from > 0) {
    const from = Math.max(0, window.from - windowStep);
    return { from, to: Math.max(near().to, Math.min(window.to, from + windowRowsMax)) };
  }
  if (below < moveWithinPx && window.to < length) {
    const to = Math.min(length, window.to + windowStep);
    return { from: Math.min(near().from, Math.max(window.from, to - windowRowsMax)), to };
  }
  return window;
}

/**
 * The rows of a window that are in view or near it. A null span is a row that sticks to the edge and so has no position
 * of its own.
 */
export function rowsNear(window: Window, spans: readonly (Span | null)[], viewPx: number): Window {
  const isNear = (span: Span | null) =>
    span !== null && span.bottom > -keepWithinPx && span.top < viewPx + keepWithinPx;
  const first = spans.findIndex(isNear);
  if (first < 0) return window;
  return { from: window.from + first, to: window.from + spans.findLastIndex(isNear) + 1 };
}

/** Whether the list follows its end after the viewer scrolled. `isEndHere`: the last row of all is in the document. */
export function followsAfter(
  direction: "up" | "down",
  now: { isFollowing: boolean; isEndHere: boolean; below: number },
): boolean {
  // When a list shrinks, the browser moves it up to its very end. That is not the viewer scrolling up.
  if (now.isFollowing) return direction === "down" || now.below <= 1;
  return direction === "down" && now.isEndHere && now.below <= followWithinPx;
}

/** The scroll position that brings a row, now at `top`, back to `topBefore`. */
export function scrollTopKeeping(scrollTop: number, top: number, topBefore: number): number {
  return scrollTop + top - topBefore;
}
