import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { scriptCommand } from "../lib/own-command.ts";
import { WorkQueue } from "../lib/work-queue.ts";
import type { Log } from "../log/log.ts";

/** Files of the spool folder: what is read and what is written. */
export type PictureJob = {
  input: string;
  output: string;
  /** A small still picture, for uses in messages. */
  preview: string;
  use: "message" | "preview" | "portrait" | "emoji";
  sidePxMax: number;
  pixelsMax: number;
};

export type PictureOutcome =
  | {
      kind: "done";
      /** The media type of what was written. */
      type: string;
      width: number;
      height: number;
      isAnimated: boolean;
      /** A ThumbHash in base64; empty if the use needs none. */
      placeholder: string;
    }
  | { kind: "too_large" }
  /** Damaged, or it took too long or too much memory. */
  | { kind: "unreadable" }
  /** The fault is ours: the child did not start, or was ended by somebody else. */
  | { kind: "failed" };

/** Of the processor: on a busy machine the same picture takes longer. */
const defaultCpuWithinMs = 10_000;
const withinMs = 60_000;
const startWithinMs = 30_000;
const idleMs = 30_000;
const watchEveryMs = 50;
/** What the most that the limits allow takes, measured, and a third more. */
const memoryBytesMax = 700_000_000;
const pageBytes = 4096;

type Child = {
  process: Bun.Subprocess;
  ready: Promise<void>;
  receive: (outcome: PictureOutcome) => void;
};

/**
 * Re-encodes pictures in a child process: one at a time, with an empty environment, killed when it takes too long or too
 * much memory, and ended when it has nothing to do. Pictures of several people take turns.
 */
export class PictureWorker {
  readonly #queue = new WorkQueue({ parallel: 1, waitingMax: 200, waitMs: 60_000, waitingPerOwnerMax: 40 });
  readonly #log: Pick<Log, "warn">;
  readonly #command: readonly string[];
  readonly #cpuWithinMs: number;
  #child: Child | null = null;
  #idleTimer: Timer | undefined;

  /** `command` is for tests of a child that hangs or dies, `cpuWithinMs` so that they need not wait. */
  constructor(
    log: Pick<Log, "warn">,
    command: readonly string[] = scriptCommand("files/picture-process"),
    { cpuWithinMs = defaultCpuWithinMs } = {},
  ) {
    this.#log = log;
    this.#command = command;
    this.#cpuWithinMs = cpuWithinMs;
  }

  /** How many pictures wait for their turn. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /** The process that decodes now or last did, for tests. */
  get pid(): number | undefined {
    return this.#child?.process.pid;
  }

  /**
   * Runs one job, which `prepare` makes when its turn has come: until then nothing of it takes space. Refuses with
   * `unavailable` if too many are waiting.
   */
  run(owner: string, prepare: () => Promise<PictureJob>): Promise<PictureOutcome> {
    return this.#queue.run(async () => this.#runNow(await prepare()), owner);
  }

  stop(): void {
    clearTimeout(this.#idleTimer);
    this.#child?.process.kill("SIGKILL");
    this.#child = null;
  }

  async #runNow(job: PictureJob): Promise<PictureOutcome> {
    clearTimeout(this.#idleTimer);
    this.#child ??= this.#start();
    const child = this.#child;
    const outcome = await new Promise<PictureOutcome>((done) => {
      child.receive = done;
      let killAt = performance.now() + startWithinMs;
      let cpuBefore = 0;
      let isAtWork = false;
      let isKilled = false;
      let isSettled = false;
      child.ready
        .then(() => {
          killAt = performance.now() + withinMs;
          cpuBefore = cpuMs(child.process.pid);
          child.process.send(job);
          isAtWork = true;
        })
        // It has ended just now, before it got the picture; what follows an end is below.
        .catch(() => {});
      const watch = setInterval(() => {
        const { pid } = child.process;
        const isTooLong =
          performance.now() > killAt || (isAtWork && cpuMs(pid) - cpuBefore > this.#cpuWithinMs);
        if (isKilled || !(isTooLong || residentBytes(pid) > memoryBytesMax)) return;
        isKilled = true;
        child.process.kill("SIGKILL");
      }, watchEveryMs);
      void child.process.exited.then(() => {
        clearInterval(watch);
        // It ended later, when it had nothing to do.
        if (isSettled) return;
        // A picture that makes it crash is unreadable. If somebody else killed it, or it never began, it says nothing
        // about the picture.
        const isOurs = isAtWork && (isKilled || child.process.signalCode !== "SIGKILL");
        if (!isOurs) this.#log.warn("pictures.child_failed", { exitCode: child.process.exitCode });
        done({ kind: isOurs ? "unreadable" : "failed" });
      });
      const receive = child.receive;
      child.receive = (result) => {
        clearInterval(watch);
        isSettled = true;
        receive(result);
      };
    });
    this.#idleTimer = setTimeout(() => this.stop(), idleMs);
    this.#idleTimer.unref();
    return outcome;
  }

  #start(): Child {
    const isReady = Promise.withResolvers<void>();
    const subprocess = Bun.spawn([...this.#command], {
      env: {},
      stdio: ["ignore", "ignore", "ignore"],
      ipc: (message) => {
        if (message === "ready") isReady.resolve();
        else child.receive(message as PictureOutcome);
      },
    });
    // A picture can wait; messages cannot.
    try {
      setPriority(subprocess.pid, 10);
    } catch {
      // It has ended already, or the system has no priorities.
    }
    subprocess.unref();
    const child: Child = { process: subprocess, ready: isReady.promise, receive: () => {} };
    void subprocess.exited.then(() => {
      if (this.#child === child) this.#child = null;
    });
    return child;
  }
}

/** The time of the processor that a process has used, in ms. 0 where the system does not say. */
function cpuMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Behind the name, which may have spaces: the times of the program and of the system for it, in ticks of 10 ms.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

/** The memory that a process has now. 0 where the system does not say. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * pageBytes;
  } catch {
    return 0;
  }
}
