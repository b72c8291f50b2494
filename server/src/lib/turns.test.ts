import { expect, test } from "bun:test";
import { Turns } from "./turns.ts";

test("[A21] work of one owner runs one after the other, that of others beside it, and a failure holds up nothing", async () => {
  const turns = new Turns<string>();
  const log: string[] = [];
  const work = (owner: string, name: string, ms: number) =>
    turns.run(owner, async () => {
      log.push(`${name} begins`);
      await Bun.sleep(ms);
      log.push(`${name} ends`);
      if (name === "b") throw new Error("b failed");
    });
  const all = await Promise.allSettled([
    work("1", "a", 20),
    work("1", "b", 1),
    work("2", "c", 5),
    work("1", "d", 1),
  ]);
  expect(log).toEqual([
    "a begins",
    "c begins",
    "c ends",
    "a ends",
    "b begins",
    "b ends",
    "d begins",
    "d ends",
  ]);
  expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled"]);
});

test("[A21] no more than some of one owner's work waits", async () => {
  const turns = new Turns<string>();
  const { promise: hold, resolve: release } = Promise.withResolvers<void>();
  const all = Array.from({ length: 40 }, () => turns.run("1", () => hold));
  release();
  const outcomes = await Promise.allSettled(all);
  expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(8);
  await turns.run("1", async () => {});
});
