import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../log/log.ts";
import { WorkerPool } from "./workers.ts";

// Workers that write their pid into the folder, and do what its file `mode` says when they start: take connections, or hang.
const worker = `
  import { readFileSync, writeFileSync } from "node:fs";
  const folder = process.argv[1];
  writeFileSync(folder + "/pid-" + process.pid, "");
  process.on("SIGTERM", () => process.exit(0));
  setInterval(() => {}, 1000);
  if (readFileSync(folder + "/mode", "utf8") === "good") process.send("ready");
`;

const folder = mkdtempSync(join(tmpdir(), "novax-workers-"));
const setMode = (mode: "good" | "hanging") => writeFileSync(join(folder, "mode"), mode);
const started = () =>
  readdirSync(folder)
    .filter((name) => name.startsWith("pid-"))
    .map((name) => Number(name.slice(4)));
const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const running = () => started().filter(isRunning);
const untilRunning = async (count: number) => {
  for (let tries = 0; running().length !== count && tries < 500; tries++) await Bun.sleep(10);
  expect(running()).toHaveLength(count);
};
let pool: WorkerPool;
const startPool = (count: number, launchWithinMs = 60_000) => {
  pool = new WorkerPool(count, silentLog, {
    command: [process.execPath, "-e", worker, folder],
    launchWithinMs,
  });
  return pool.start();
};

afterEach(async () => {
  await pool.stop();
  for (const pid of started()) rmSync(join(folder, `pid-${pid}`));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a worker that hangs while it starts is given up, the old one goes on, and the next replacement works", async () => {
  setMode("good");
  expect(await startPool(1, 500)).toBe(null);
  const before = running();
  setMode("hanging");
  await pool.roll();
  expect(running()).toEqual(before);
  setMode("good");
  await pool.roll();
  expect(running()).toHaveLength(1);
  expect(running()).not.toEqual(before);
});

test("a stop takes those with it that are still starting", async () => {
  setMode("good");
  await startPool(2);
  setMode("hanging");
  const rolling = pool.roll();
  await untilRunning(3);
  await pool.stop();
  expect(running()).toEqual([]);
  await rolling;
});

test("a worker that ends while its successor starts is not started a second time", async () => {
  setMode("good");
  await startPool(1, 5000);
  const [old] = running();
  setMode("hanging");
  const rolling = pool.roll();
  await untilRunning(2);
  process.kill(old!, "SIGKILL");
  // It would be started again after a second.
  await Bun.sleep(1500);
  expect(started()).toHaveLength(2);
  const [hanging] = running();
  setMode("good");
  process.kill(hanging!, "SIGKILL");
  await rolling;
  await untilRunning(1);
});
