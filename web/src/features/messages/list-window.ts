// Which rows of a long list are in the document, and when it follows its end: arithmetic, without the document.

/** The rows `from` to `to` of the whole list are in the document; the others are not. */
export type Window = { from: number; to: number };
/** Where a row stands, in px from the top edge of the view. */
export type Span = { top: number; bottom: number };
/** How many px are out of view above and below, and which rows are in view or near it; that is asked only if needed. */
export type View = { above: number; below: number; near: () => Window };

/** More rows than this are in the document only where it takes more to fill the view. */
export const windowRowsMax = 120;
export const windowStep = 40;
/** So near to the end the list follows new messages. */
export const followWithinPx = 100;
/** So near to an end of the window it is moved. */
export const moveWithinPx = 600;
/** So near to the view a row is kept: if not farther than `moveWithinPx`, what is let go would be wanted again at once. */
export const keepWithinPx = 660;

/**
 * The last rows, at most `rowsMax`. The far side is let go in steps: one row less at the top for each new one would be
 * work for nothing.
 */
export function windowAtEnd(length: number, rowsMax: number = windowRowsMax): Window {
  const steps = Math.floor((length - rowsMax + windowStep) / windowStep);
  return { from: length <= rowsMax ? 0 : steps * windowStep, to: length };
}

/**
 * The window from one row to another; an index below 0 is a row that is no longer in the list. If that is more than
 * `rowsMax` the first ones give way: a day is where older pages put it, far from the rows that are looked at.
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

/** The window for a row that is to be shown. */
export function windowAround(length: number, index: number): Window {
  const from = Math.max(0, index - windowStep);
  return { from, to: Math.min(length, from + windowRowsMax) };
}

/** The window, moved on if the view comes near one of its ends; else the same. No row near the view is let go. */
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

/** The rows of a window that are in view or near it. A span that is null says nothing: such a row sticks to the edge. */
export function rowsNear(window: Window, spans: readonly (Span | null)[], viewPx: number): Window {
  const isNear = (span: Span | null) =>
    span !== null && span.bottom > -keepWithinPx && span.top < viewPx + keepWithinPx;
  const first = spans.findIndex(isNear);
  if (first < 0) return window;
  return { from: window.from + first, to: window.from + spans.findLastIndex(isNear) + 1 };
}

/** Whether the end is followed after the reader moved. `isEndHere`: the last row of all is in the document. */
export function followsAfter(
  direction: "up" | "down",
  now: { isFollowing: boolean; isEndHere: boolean; below: number },
): boolean {
  // A list that shrank was moved up by the browser, to its very end.
  if (now.isFollowing) return direction === "down" || now.below <= 1;
  return direction === "down" && now.isEndHere && now.below <= followWithinPx;
}

/** Where to scroll to, so that a row that stands at `top` now stands where it stood. */
export function scrollTopKeeping(scrollTop: number, top: number, topBefore: number): number {
  return scrollTop + top - topBefore;
}
