import { expect, test } from "bun:test";
import { StallWatch } from "./stall-watch.ts";

test("[K16] a process that did not run for five seconds takes nothing for two, and says so once", () => {
  let now = 0;
  const stalls: number[] = [];
  const watch = new StallWatch(
    (ms) => stalls.push(ms),
    () => now,
  );
  const lookAt = (ms: number) => {
    now = ms;
    return watch.look();
  };
  expect([lookAt(500), lookAt(5000), lookAt(9900)]).toEqual([false, false, false]);
  expect([lookAt(30_000), lookAt(30_001), lookAt(31_900)]).toEqual([true, true, true]);
  expect(lookAt(32_100)).toBe(false);
  expect(stalls).toEqual([20_100]);
  watch.stop();
});
