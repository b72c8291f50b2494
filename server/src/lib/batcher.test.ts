import { expect, test } from "bun:test";
import { Batcher } from "./batcher.ts";

test("one alone is done at once; what comes meanwhile is done together, in order and not too much at a time", async () => {
  const calls: number[][] = [];
  const batcher = new Batcher<number, number>(
    async (keys) => {
      calls.push([...keys]);
      await Bun.sleep(1);
      return (key) => key * 2;
    },
    { batchMax: 3 },
  );
  const first = batcher.get(1);
  expect(calls).toEqual([[1]]);
  const all = await Promise.all([first, ...[2, 3, 4, 5].map((key) => batcher.get(key))]);
  expect(all).toEqual([2, 4, 6, 8, 10]);
  expect(calls).toEqual([[1], [2, 3, 4], [5]]);
});

test("a call that fails fails for those in it, and the next one is tried", async () => {
  let calls = 0;
  const batcher = new Batcher<number, number>(
    async () => {
      calls += 1;
      await Bun.sleep(1);
      if (calls === 1) throw new Error("away");
      return (key) => key;
    },
    { batchMax: 10 },
  );
  const settled = await Promise.allSettled([1, 2].map((key) => batcher.get(key)));
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
});

test("a call that gets no answer holds up only those in it, where several may be made at once", async () => {
  const silent = Promise.withResolvers<void>();
  const batcher = new Batcher<number, number>(
    async (keys) => {
      if (keys.includes(1)) await silent.promise;
      return (key) => key;
    },
    { batchMax: 10, parallelMax: 2 },
  );
  const held = batcher.get(1);
  expect(await Promise.all([2, 3].map((key) => batcher.get(key)))).toEqual([2, 3]);
  silent.resolve();
  expect(await held).toBe(1);
});
