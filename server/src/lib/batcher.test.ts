import { expect, test } from "bun:test";
import { Batcher } from "./batcher.ts";

test("one alone is done at once; what comes meanwhile is done together, in order and not too much at a time", async () => {
  const calls: number[][] = [];
  const batcher = new Batcher<number, number>(async (keys) => {
    calls.push([...keys]);
    await Bun.sleep(1);
    return (key) => key * 2;
  }, 3);
  const first = batcher.get(1);
  expect(calls).toEqual([[1]]);
  const all = await Promise.all([first, ...[2, 3, 4, 5].map((key) => batcher.get(key))]);
  expect(all).toEqual([2, 4, 6, 8, 10]);
  expect(calls).toEqual([[1], [2, 3, 4], [5]]);
});

test("a call that fails fails for those in it, and the next one is tried", async () => {
  let calls = 0;
  const batcher = new Batcher<number, number>(async () => {
    calls += 1;
    await Bun.sleep(1);
    if (calls === 1) throw new Error("away");
    return (key) => key;
  }, 10);
  const settled = await Promise.allSettled([1, 2].map((key) => batcher.get(key)));
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
});
