/** Something that is done again and again until it is stopped. */
export type Repeating = {
  /** Does it once more now, or as soon as the run under way has ended. Resolves when that is done. */
  run(): Promise<void>;
  /** No further run; resolves when the one under way has ended. */
  stop(): Promise<void>;
};

type Log = { fault(event: string, error: unknown): unknown };

const logAgainAfterMs = 60_000;

/**
 * Does `work` every `ms` milliseconds, one run at a time: one that is slow is not overtaken by the next. A run that
 * fails is logged as `name`, the first of a series and then once a minute, and the next one tries again.
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
