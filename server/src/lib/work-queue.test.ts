import { expect, test } from "bun:test";
import { Refusal } from "./refusal.ts";
import { WorkQueue } from "./work-queue.ts";

test("[P10] no more jobs run at once than allowed", async () => {
  const queue = new WorkQueue({ parallel: 2, waitingMax: 50, waitMs: 1000 });
  let running = 0;
  let most = 0;
  const job = async () => {
    running += 1;
    most = Math.max(most, running);
    await Bun.sleep(1);
    running -= 1;
  };
  await Promise.all(Array.from({ length: 30 }, () => queue.run(job)));
  expect(most).toBe(2);
  expect(running).toBe(0);
});

test("[P10] a full queue refuses at once, and a long wait is refused in time, with a hint when to retry", async () => {
  const queue = new WorkQueue({ parallel: 1, waitingMax: 1, waitMs: 20 });
  const { promise: hold, resolve: release } = Promise.withResolvers<void>();
  const first = queue.run(() => hold);
  const waiting = queue.run(async () => "late").catch((error: unknown) => error);
  const refused = await queue.run(async () => "never").catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Refusal);
  expect(await waiting).toMatchObject({ code: "unavailable", retryInMs: 20 });
  release();
  await first;
  expect(await queue.run(async () => "next")).toBe("next");
});

test("[F7] who will not have a turn in time is told so at once, and comes back when there is one", async () => {
  const queue = new WorkQueue({ parallel: 1, waitingMax: 1000, waitMs: 200 });
  let running = 0;
  const job = async () => {
    running += 1;
    await Bun.sleep(20);
    running -= 1;
  };
  // How long a job takes is known from here on.
  await queue.run(job);
  let refusals = 0;
  let idle = 0;
  const watch = setInterval(() => {
    if (running === 0) idle += 1;
  }, 10);
  const untilDone = async (index: number): Promise<void> => {
    const startedAt = performance.now();
    const error = await queue.run(job, `person ${index}`).then(
      () => null,
      (refusal: Refusal) => refusal,
    );
    if (!error) return;
    refusals += 1;
    expect(performance.now() - startedAt).toBeLessThan(100);
    await Bun.sleep(error.retryInMs!);
    return untilDone(index);
  };
  await Promise.all(Array.from({ length: 40 }, (_, index) => untilDone(index)));
  clearInterval(watch);
  expect(refusals).toBeGreaterThan(10);
  expect(refusals).toBeLessThan(120);
  // At the start all others are refused together; from then on the queue is never without work for long.
  expect(idle).toBeLessThan(40);
});

test("[P10] a job that fails makes room for the next one", async () => {
  const queue = new WorkQueue({ parallel: 1, waitingMax: 1, waitMs: 20 });
  await queue.run(() => Promise.reject(new Error("broken"))).catch(() => {});
  expect(await queue.run(async () => "next")).toBe("next");
});

test("[A30] nobody fills the queue for the others: owners have a share, and take turns", async () => {
  const queue = new WorkQueue({ parallel: 1, waitingMax: 100, waitingPerOwnerMax: 20, waitMs: 1000 });
  const { promise: hold, resolve: release } = Promise.withResolvers<void>();
  const first = queue.run(() => hold, "attacker");
  const done: string[] = [];
  const run = (owner: string) =>
    queue.run(async () => done.push(owner), owner).catch((error: unknown) => error);
  const flood = Array.from({ length: 60 }, () => run("attacker"));
  const others = ["office", "home", "office"].map(run);
  release();
  const outcomes = await Promise.all(flood);
  expect(outcomes.filter((outcome) => outcome instanceof Refusal)).toHaveLength(40);
  await Promise.all([first, ...others]);
  expect(done.slice(0, 6)).toEqual(["attacker", "office", "home", "attacker", "office", "attacker"]);
});
