import { expect, test } from "bun:test";
import { every } from "./every.ts";

const hourMs = 3_600_000;
const silent = { fault: () => {} };

test("one run at a time: requests during a run cause one more run after it", async () => {
  let runs = 0;
  let atOnce = 0;
  let most = 0;
  const repeating = every(silent, "test", hourMs, async () => {
    runs += 1;
    most = Math.max(most, ++atOnce);
    await Bun.sleep(1);
    atOnce -= 1;
  });
  await Promise.all([repeating.run(), repeating.run(), repeating.run()]);
  await repeating.stop();
  expect([runs, most]).toEqual([2, 1]);
});

test("a series of failures is logged once a minute, and a success ends it", async () => {
  const logged: string[] = [];
  let fails = true;
  const log = { fault: (name: string) => logged.push(name) };
  const repeating = every(log, "test.failed", 20_000, async () => {
    if (fails) throw new Error("no");
  });
  for (let run = 0; run < 4; run++) await repeating.run();
  expect(logged).toHaveLength(2);
  fails = false;
  await repeating.run();
  fails = true;
  await repeating.run();
  expect(logged).toHaveLength(3);
  await repeating.stop();
});

test("stop waits for the current run, and nothing runs after it", async () => {
  let runs = 0;
  const repeating = every(silent, "test", 1, async () => {
    await Bun.sleep(5);
    runs += 1;
  });
  void repeating.run();
  await repeating.stop();
  const after = runs;
  expect(after).toBeGreaterThan(0);
  await Bun.sleep(10);
  expect(runs).toBe(after);
});
