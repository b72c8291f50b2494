// Several processes of this server on one port of one machine, which the kernel shares out among them.
import type { Subprocess } from "bun";
import { ownCommand } from "../lib/own-command.ts";
import type { Log } from "../log/log.ts";

/** Tells a process that it is a worker, and which one. */
const workerVariable = "NOVAX_WORKER";
const ready = "ready";
const restartAfterMs = { first: 1000, max: 30_000 };
/** A worker that ran for this long did not fail because of how it was started. */
const goodAfterMs = 60_000;
/** Migrations of a large database are part of a start, and take minutes at most. */
const launchMs = 15 * 60_000;
/** A little less than the parent of all takes itself. */
const stopMs = 9000;

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
 * them one by one, each only after its successor takes connections; SIGTERM and SIGINT stop all of them. `command` is what a
 * worker runs; one that takes no connections within `launchWithinMs` is killed.
 */
export class WorkerPool {
  readonly #count: number;
  readonly #log: Log;
  readonly #command: string[];
  readonly #launchWithinMs: number;
  readonly #stopWithinMs: number;
  /** Those that take connections. */
  readonly #workers = new Map<number, Worker>();
  readonly #launching = new Map<number, Promise<number | null>>();
  /** All that run, those that are starting or stopping too. */
  readonly #processes = new Set<Subprocess>();
  readonly #failures = new Map<number, number>();
  #isStopping = false;
  #rolling: Promise<void> = Promise.resolve();

  constructor(
    count: number,
    log: Log,
    {
      command = ownCommand(...process.argv.slice(2)),
      launchWithinMs = launchMs,
      stopWithinMs = stopMs,
    }: { command?: string[]; launchWithinMs?: number; stopWithinMs?: number } = {},
  ) {
    this.#count = count;
    this.#log = log;
    this.#command = command;
    this.#launchWithinMs = launchWithinMs;
    this.#stopWithinMs = stopWithinMs;
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
      for (let index = 0; index < this.#count; index++) {
        if (this.#isStopping) return;
        const old = this.#workers.get(index)?.process;
        // The old one goes on if the new one cannot start.
        if ((await this.#launch(index)) === null && old) await this.#end(old);
      }
      this.#log.info("workers.replaced", { workers: this.#count });
    });
    return this.#rolling;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#processes].map((child) => this.#end(child)));
  }

  /** Asks a worker to stop, and kills one that does not: it would go on taking connections. */
  async #end(child: Subprocess): Promise<void> {
    child.kill("SIGTERM");
    const tooLong = setTimeout(() => child.kill("SIGKILL"), this.#stopWithinMs);
    await child.exited;
    clearTimeout(tooLong);
  }

  /** Resolves with null when the worker takes connections, or with its exit code if it does not come to that. */
  #launch(index: number): Promise<number | null> {
    const running = this.#launching.get(index);
    if (running) return running;
    const launch = this.#spawn(index).finally(() => this.#launching.delete(index));
    this.#launching.set(index, launch);
    return launch;
  }

  #spawn(index: number): Promise<number | null> {
    return new Promise((resolve) => {
      const tooLong = setTimeout(() => {
        this.#log.warn("worker.too_slow", { worker: index, afterMs: this.#launchWithinMs });
        child.kill("SIGKILL");
      }, this.#launchWithinMs);
      const child = Bun.spawn(this.#command, {
        env: { ...process.env, [workerVariable]: String(index) },
        stdio: ["ignore", "inherit", "inherit"],
        ipc: (message) => {
          if (message !== ready) return;
          clearTimeout(tooLong);
          this.#workers.set(index, { process: child, startedAt: performance.now() });
          resolve(null);
        },
        onExit: (_child, code) => {
          clearTimeout(tooLong);
          this.#processes.delete(child);
          resolve(code ?? 1);
          const worker = this.#workers.get(index);
          if (worker?.process !== child) return;
          this.#workers.delete(index);
          this.#restart(index, code, performance.now() - worker.startedAt);
        },
      });
      this.#processes.add(child);
    });
  }

  /** Starts a worker again that ended with `code` after it had run for `ranMs`. */
  #restart(index: number, code: number | null, ranMs: number): void {
    if (this.#isStopping) return;
    const failures = ranMs >= goodAfterMs ? 0 : (this.#failures.get(index) ?? 0);
    this.#failures.set(index, failures + 1);
    const inMs = Math.min(restartAfterMs.max, restartAfterMs.first * 2 ** failures);
    this.#log.warn("worker.ended", { worker: index, code, startsAgainInMs: inMs });
    setTimeout(async () => {
      if (this.#isStopping || this.#workers.has(index)) return;
      const failed = await this.#launch(index);
      if (failed !== null) this.#restart(index, failed, 0);
    }, inMs);
  }
}
