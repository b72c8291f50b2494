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

test("[F7] those who will not have a turn in time are told so at once, and come back while others still wait", async () => {
  const queue = new WorkQueue({ parallel: 1, waitingMax: 1000, waitMs: 10_000 });
  // How long a job takes is known from here on: two seconds and a little.
  await queue.run(() => Bun.sleep(2000));
  const { promise: hold, resolve: release } = Promise.withResolvers<void>();
  const running = queue.run(() => hold);
  const refused: Refusal[] = [];
  const waiting = Array.from({ length: 40 }, (_, index) =>
    queue.run(async () => "done", `person ${index}`).catch((error: Refusal) => void refused.push(error)),
  );
  // Nobody has had a turn since.
  await Bun.sleep(0);
  expect(refused.length).toBeWithin(35, 40);
  for (const { code, retryInMs } of refused) {
    expect(code).toBe("unavailable");
    expect(retryInMs).toBeWithin(5000, 10_001);
  }
  release();
  await running;
  expect((await Promise.all(waiting)).filter((outcome) => outcome === "done")).toHaveLength(
    40 - refused.length,
  );
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
