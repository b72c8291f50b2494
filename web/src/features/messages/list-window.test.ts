import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  followsAfter,
  followWithinPx,
  keepWithinPx,
  moveWindow,
  moveWithinPx,
  rowsNear,
  type Span,
  scrollTopKeeping,
  type Window,
  windowAround,
  windowAtEnd,
  windowBetween,
  windowRowsMax,
  windowStep,
} from "./list-window.ts";

/** A list with given heights. It does what a browser does with the window, without a browser. */
class LaidOutList {
  heights: number[];
  readonly viewPx: number;
  window: Window;
  scrollTop = 0;

  constructor(heights: readonly number[], viewPx: number, window = windowAtEnd(heights.length)) {
    this.heights = [...heights];
    this.viewPx = viewPx;
    this.window = window;
  }

  get contentPx(): number {
    return this.heights.slice(this.window.from, this.window.to).reduce((sum, height) => sum + height, 0);
  }

  get below(): number {
    return this.contentPx - this.viewPx - this.scrollTop;
  }

  /** How many rows are in the document beyond what {@link windowRowsMax} allows, the view needs and one step adds. */
  get rowsTooMany(): number {
    const { from, to } = this.near();
    return this.window.to - this.window.from - Math.max(windowRowsMax, to - from + 2 * windowStep);
  }

  scrollTo(top: number): void {
    this.scrollTop = Math.max(0, Math.min(top, this.contentPx - this.viewPx));
  }

  scrollToEnd(): void {
    this.scrollTo(this.contentPx);
  }

  spans(): Span[] {
    let top = -this.scrollTop;
    return this.heights.slice(this.window.from, this.window.to).map((height) => {
      const span = { top, bottom: top + height };
      top = span.bottom;
      return span;
    });
  }

  near = (): Window => rowsNear(this.window, this.spans(), this.viewPx);

  topOf(index: number): number {
    return this.spans()[index - this.window.from]!.top;
  }

  /** The index of the row at the top edge. */
  anchor(): number {
    return this.window.from + this.spans().findIndex((span) => span.bottom > 0);
  }

  /**
   * Makes a change, and scrolls so that the row at the top edge stays. `indexAfter` is the row's index after the
   * change.
   */
  keepInPlace(change: () => void, indexAfter: (index: number) => number = (index) => index): void {
    const anchor = this.anchor();
    const before = this.topOf(anchor);
    change();
    this.scrollTo(scrollTopKeeping(this.scrollTop, this.topOf(indexAfter(anchor)), before));
  }

  /** Moves the window until it need not move any more. Returns how often it moved. */
  settle(): number {
    for (let moves = 0; moves < 1000; moves++) {
      const { window, scrollTop: above, below, near } = this;
      const moved = moveWindow(window, this.heights.length, { above, below, near });
      if (moved === window) return moves;
      this.keepInPlace(() => {
        this.window = moved;
      });
    }
    throw new Error("the window is moved to and fro without end");
  }

  /** Whether the rows in the document fill the view, as far as there are rows. */
  isCovered(): boolean {
    const { from, to } = this.window;
    const isFull = this.contentPx >= this.viewPx;
    return isFull || (from === 0 && to === this.heights.length);
  }
}

const height = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 18, max: 200 }) },
  { weight: 1, arbitrary: fc.constantFrom(1, 2, 5000, 40_000) },
);
const mixed = fc.array(height, { minLength: 1, maxLength: 500, size: "max" });
const even = fc
  .tuple(fc.constantFrom(1, 8, 24, 26, 30, 300, 40_000), fc.integer({ min: 1, max: 4000 }))
  .map(([each, length]) => Array.from({ length }, () => each));
const heights = fc.oneof(mixed, even);
const viewPx = fc.integer({ min: 200, max: 4000 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
const at = (part: number, length: number) => Math.min(length - 1, Math.floor(part * length));

const laidOut = fc.tuple(heights, viewPx, share, share).map(([all, view, row, place]) => {
  const list = new LaidOutList(all, view, windowAround(all.length, at(row, all.length)));
  list.scrollTo(place * list.contentPx);
  return list;
});

describe("the window", () => {
  test("of an empty list is empty", () => {
    const empty = { from: 0, to: 0 };
    expect(windowAtEnd(0)).toEqual(empty);
    expect(windowBetween(0, -1, -1)).toEqual(empty);
    expect(rowsNear(empty, [], 800)).toEqual(empty);
    expect(moveWindow(empty, 0, { above: 0, below: 0, near: () => empty })).toBe(empty);
  });

  test("at the end has at most its number of rows, keeps at least all but one step, and moves in steps", () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.constantFrom(windowRowsMax, 400), (length, rowsMax) => {
        const { from, to } = windowAtEnd(length, rowsMax);
        expect(to).toBe(length);
        expect(to - from).toBeLessThanOrEqual(rowsMax);
        expect(to - from).toBeGreaterThanOrEqual(Math.min(length, rowsMax - windowStep));
        expect(from % windowStep).toBe(0);
      }),
    );
    expect(windowAtEnd(120)).toEqual({ from: 0, to: 120 });
    expect(windowAtEnd(121)).toEqual({ from: 40, to: 121 });
    expect(windowAtEnd(159)).toEqual({ from: 40, to: 159 });
    expect(windowAtEnd(160)).toEqual({ from: 80, to: 160 });
  });

  test("between two rows is made of what is still there of them", () => {
    expect(windowBetween(500, 100, 199)).toEqual({ from: 100, to: 200 });
    expect(windowBetween(500, 100, -1)).toEqual({ from: 100, to: 220 });
    expect(windowBetween(500, 450, -1)).toEqual({ from: 450, to: 500 });
    expect(windowBetween(500, -1, 199)).toEqual({ from: 80, to: 200 });
    expect(windowBetween(500, -1, -1)).toEqual({ from: 380, to: 500 });
    expect(windowBetween(500, 200, 100)).toEqual({ from: 200, to: 320 });
    expect(windowBetween(500, 0, 199)).toEqual({ from: 80, to: 200 });
    expect(windowBetween(500, 0, 199, 160)).toEqual({ from: 40, to: 200 });
  });

  test("around a row has that row, and rows before and after it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), share, (length, part) => {
        const index = at(part, length);
        const { from, to } = windowAround(length, index);
        expect(from).toBe(Math.max(0, index - windowStep));
        expect(to).toBeGreaterThan(index);
        expect(to).toBeLessThanOrEqual(length);
        expect(to - from).toBeLessThanOrEqual(windowRowsMax);
      }),
    );
  });

  test("comes to rest wherever the list is scrolled to, covers the view with room on both sides, and has no more rows than that takes", () => {
    fc.assert(
      fc.property(laidOut, (list) => {
        list.settle();
        const { from, to } = list.window;
        expect(list.isCovered()).toBe(true);
        expect(list.scrollTop >= moveWithinPx || from === 0).toBe(true);
        expect(list.below >= moveWithinPx || to === list.heights.length).toBe(true);
        expect(list.rowsTooMany).toBeLessThanOrEqual(0);
      }),
    );
  });

  test("is not moved to and fro where its rows are low", () => {
    const list = new LaidOutList(
      Array.from({ length: 1000 }, () => 24),
      1300,
      { from: 400, to: 520 },
    );
    list.scrollTo(500);
    expect(list.settle()).toBeLessThanOrEqual(2);
  });

  test("goes all the way up and down again, with every row in view once and none of them moved", () => {
    fc.assert(
      fc.property(mixed, viewPx, (all, view) => {
        const list = new LaidOutList(all, view);
        const seen = new Set<number>();
        const look = () => {
          list.settle();
          expect(list.isCovered()).toBe(true);
          expect(list.rowsTooMany).toBeLessThanOrEqual(0);
          for (const [index, span] of list.spans().entries())
            if (span.bottom > 0 && span.top < view) seen.add(list.window.from + index);
        };
        list.scrollToEnd();
        for (look(); list.scrollTop > 0; look()) list.scrollTo(list.scrollTop - Math.max(view * 0.9, 550));
        expect(list.window.from).toBe(0);
        if (view * 0.9 >= 550) expect(seen.size).toBe(all.length);
        for (look(); list.below > 0; look()) list.scrollTo(list.scrollTop + Math.max(view * 0.9, 550));
        expect(list.window.to).toBe(all.length);
      }),
      { numRuns: 30 },
    );
  });

  test("keeps what is near the view and lets go what is far from it", () => {
    const far = keepWithinPx + 1;
    const spans = [
      { top: -far - 50, bottom: -far },
      { top: -far, bottom: -keepWithinPx + 1 },
      null,
      { top: 0, bottom: 300 },
      { top: 500 + keepWithinPx - 1, bottom: 500 + far },
      { top: 500 + far, bottom: 600 + far },
    ];
    expect(rowsNear({ from: 10, to: 16 }, spans, 500)).toEqual({ from: 11, to: 15 });
    expect(rowsNear({ from: 10, to: 11 }, [null], 500)).toEqual({ from: 10, to: 11 });
  });
});

describe("the row being read", () => {
  test("stays where it is while the window is moved", () => {
    fc.assert(
      fc.property(laidOut, (list) => {
        // A list that does not fill the view cannot be scrolled.
        fc.pre(list.contentPx >= list.viewPx);
        const anchor = list.anchor();
        const before = list.topOf(anchor);
        list.settle();
        expect(list.topOf(anchor)).toBeCloseTo(before, 6);
      }),
    );
  });

  test("stays where it is when rows above it grow, shrink or are put before it", () => {
    fc.assert(
      fc.property(laidOut, fc.array(height, { maxLength: 60 }), share, height, (list, older, part, grown) => {
        list.settle();
        const anchor = list.anchor();
        const before = list.topOf(anchor);
        const added = older.length;
        list.keepInPlace(
          () => {
            list.heights.unshift(...older);
            list.window = { from: list.window.from + added, to: list.window.to + added };
          },
          (index) => index + added,
        );
        expect(list.topOf(anchor + added)).toBeCloseTo(before, 6);
        const above = list.window.from + Math.floor(part * (anchor + added - list.window.from));
        if (above === anchor + added) return;
        list.keepInPlace(() => {
          list.heights[above] = grown;
        });
        // At either end the list cannot be scrolled any farther.
        const isStopped = list.scrollTop === 0 || list.below <= 1e-6;
        if (!isStopped) expect(list.topOf(anchor + added)).toBeCloseTo(before, 6);
        list.settle();
        expect(list.isCovered()).toBe(true);
      }),
    );
  });
});

describe("the row at the bottom", () => {
  test("stays in the window when an older page takes the day away that the window began with", () => {
    fc.assert(
      fc.property(laidOut, fc.integer({ min: 1, max: 100 }), (list, added) => {
        list.settle();
        if (list.window.from > 0) return;
        const lowest = list.spans().findLastIndex((span) => span.top < list.viewPx) + added;
        const last = list.window.to - 1 + added;
        const rowsMax = Math.max(windowRowsMax, list.window.to);
        const { from, to } = windowBetween(list.heights.length + added, 0, last, rowsMax);
        expect(to).toBe(last + 1);
        expect(to).toBeGreaterThan(lowest);
        expect(from).toBeLessThanOrEqual(added);
      }),
    );
  });
});

describe("the end", () => {
  test("is followed through whatever comes, and the view is covered however low the rows are", () => {
    fc.assert(
      fc.property(heights, fc.array(height, { maxLength: 100 }), viewPx, (all, news, view) => {
        let rowsMax: number = windowRowsMax;
        const list = new LaidOutList(all, view);
        for (const each of [null, ...news]) {
          if (each !== null) list.heights.push(each);
          list.window = windowAtEnd(list.heights.length, rowsMax);
          while (list.contentPx - view < moveWithinPx && list.window.from > 0) {
            rowsMax += windowStep;
            list.window = windowAtEnd(list.heights.length, rowsMax);
          }
          list.scrollToEnd();
          expect(list.window.to).toBe(list.heights.length);
          expect(list.below <= 0 || list.scrollTop === 0).toBe(true);
          expect(list.isCovered()).toBe(true);
        }
      }),
    );
  });

  test("is left by any move up, but not where the list shrank; a move down that comes near it follows again", () => {
    const follows = (
      direction: "up" | "down",
      below: number,
      { isFollowing = true, isEndHere = true } = {},
    ): boolean => followsAfter(direction, { isFollowing, isEndHere, below });
    expect(follows("up", 2)).toBe(false);
    expect(follows("up", 1)).toBe(true);
    expect(follows("down", 5000)).toBe(true);
    const away = { isFollowing: false };
    expect(follows("down", followWithinPx, away)).toBe(true);
    expect(follows("down", followWithinPx + 1, away)).toBe(false);
    expect(follows("up", 0, away)).toBe(false);
    expect(follows("down", 0, { isFollowing: false, isEndHere: false })).toBe(false);
  });
});
