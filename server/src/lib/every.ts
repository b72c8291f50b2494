/** A task that repeats until it is stopped. */
export type Repeating = {
  /** Runs it now, or once more after the current run. Resolves when that is done. */
  run(): Promise<void>;
  /** Prevents further runs. Resolves when the current one has ended. */
  stop(): Promise<void>;
};

type Log = { fault(event: string, error: unknown): unknown };

const logAgainAfterMs = 60_000;

/**
 * Runs `work` every `ms` milliseconds, one run at a time, so that a slow run is never overtaken. A failed run is
 * logged as `name`, the first of a series and then once a minute, and the next run tries again.
 */
export function every(log: Log, name: string, ms: number, work: () => Promise<unknown>): Repeating {
  const logEvery = Math.max(1, Math.ceil(logAgainAfterMs / ms));
  let failures = 0;
  let running: Promise<void> | null = null;
  let isDueAgain = false;
  const runOnce = async () => {
    try {
      await work();
      failures = 0;
    } catch (error) {
      if (failures % logEvery === 0) log.fault(name, error);
      failures += 1;
    }
  };
  const loop = async () => {
    do {
      isDueAgain = false;
      await runOnce();
    } while (isDueAgain);
    running = null;
  };
  const start = () => {
    running ??= loop();
    return running;
  };
  const timer = setInterval(() => void start(), ms);
  return {
    run: () => {
      if (running) isDueAgain = true;
      return start();
    },
    stop: async () => {
      clearInterval(timer);
      isDueAgain = false;
      await running;
    },
  };
}
