// Several processes of this server on one port of one machine, which the kernel shares out among them.
import type { Subprocess } from "bun";
import type { Log } from "./log/log.ts";

/** Tells a process that it is a worker, and which one. */
const workerVariable = "NOVAX_WORKER";
const ready = "ready";
const restartAfterMs = { first: 1000, max: 30_000 };
/** A worker that ran for this long did not fail because of how it was started. */
const goodAfterMs = 60_000;

/** The number of this process among the workers, from 0; null if it is none. */
export function workerIndex(): number | null {
  const value = process.env[workerVariable];
  return value === undefined ? null : Number(value);
}

/** Tells the parent of a worker that it takes connections now. Without its parent a worker stops (`stop`). */
export function reportReady(stop: () => void): void {
  process.send?.(ready);
  process.on("disconnect", stop);
}

type Worker = { process: Subprocess; startedAt: number };

/**
 * Starts `count` workers, one after the other, and starts again those that end by themselves, later each time. SIGUSR2 replaces
 * them one by one, each only after its successor takes connections; SIGTERM and SIGINT stop all of them.
 */
export class WorkerPool {
  readonly #count: number;
  readonly #log: Log;
  readonly #workers = new Map<number, Worker>();
  readonly #failures = new Map<number, number>();
  #isStopping = false;
  #rolling: Promise<void> = Promise.resolve();

  constructor(count: number, log: Log) {
    this.#count = count;
    this.#log = log;
  }

  /** Resolves with null when all of them run, or with the exit code of the first one that could not start. */
  async start(): Promise<number | null> {
    for (let index = 0; index < this.#count; index++) {
      const failed = await this.#launch(index);
      if (failed === null) continue;
      await this.stop();
      return failed;
    }
    return null;
  }

  /** Replaces all workers by new ones, one after the other. */
  roll(): Promise<void> {
    this.#rolling = this.#rolling.then(async () => {
      for (const [index, old] of [...this.#workers]) {
        if (this.#isStopping) return;
        // The old one goes on if the new one cannot start.
        if ((await this.#launch(index)) !== null) continue;
        old.process.kill("SIGTERM");
        await old.process.exited;
      }
      this.#log.info("workers.replaced", { workers: this.#count });
    });
    return this.#rolling;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    const workers = [...this.#workers.values()];
    for (const worker of workers) worker.process.kill("SIGTERM");
    await Promise.all(workers.map((worker) => worker.process.exited));
  }

  /** Resolves with null when the worker takes connections, or with its exit code if it does not come to that. */
  #launch(index: number): Promise<number | null> {
    return new Promise((resolve) => {
      const child = Bun.spawn([process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
        env: { ...process.env, [workerVariable]: String(index) },
        stdio: ["ignore", "inherit", "inherit"],
        ipc: (message) => {
          if (message !== ready) return;
          this.#workers.set(index, { process: child, startedAt: performance.now() });
          resolve(null);
        },
        onExit: (_child, code) => {
          resolve(code ?? 1);
          if (this.#workers.get(index)?.process === child) this.#restart(index, code);
        },
      });
    });
  }

  #restart(index: number, code: number | null): void {
    const worker = this.#workers.get(index)!;
    this.#workers.delete(index);
    if (this.#isStopping) return;
    const wasGood = performance.now() - worker.startedAt >= goodAfterMs;
    const failures = wasGood ? 0 : (this.#failures.get(index) ?? 0);
    this.#failures.set(index, failures + 1);
    const inMs = Math.min(restartAfterMs.max, restartAfterMs.first * 2 ** failures);
    this.#log.warn("worker.ended", { worker: index, code, startsAgainInMs: inMs });
    setTimeout(async () => {
      if (this.#isStopping || this.#workers.has(index)) return;
      const failed = await this.#launch(index);
      if (failed === null) return;
      this.#workers.set(index, { process: worker.process, startedAt: performance.now() });
      this.#restart(index, failed);
    }, inMs);
  }
}
