import type { Bus, BusMessage } from "../bus/bus.ts";
import { every, type Repeating } from "../lib/every.ts";
import type { Log } from "../log/log.ts";

const rereadEveryMs = 30_000;
/** At most one read per this time, so that a person who changes a list repeatedly does not slow the process down. */
const restMs = 500;

type FreshListOptions<T> = {
  name: string;
  changedBy: BusMessage["kind"];
  read: () => Promise<T>;
  /** Called after each read. */
  onReread?: () => void;
};

/**
 * A list that every process keeps in memory because each request or message needs it. It is read at the start, again
 * when the bus reports a change on any process or may have lost one, and every `rereadEveryMs` in case that was not noticed.
 */
export class FreshList<T> {
  readonly #app: { bus: Bus; log: Log };
  readonly #options: FreshListOptions<T>;
  #current: T;
  #reading: Repeating | undefined;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #hasChanged = false;

  /** `initial` is the value before `start`. `name` is the log entry for a failed read. */
  constructor(app: { bus: Bus; log: Log }, options: FreshListOptions<T> & { initial: T }) {
    this.#app = app;
    this.#options = options;
    this.#current = options.initial;
  }

  get current(): T {
    return this.#current;
  }

  /** Reads the list and keeps it fresh until `stop`. Rejects if the first read fails. */
  async start(): Promise<void> {
    // Subscribed first: a change during the first read is read again after it.
    this.#app.bus.on(this.#options.changedBy, () => this.#changed());
    this.#app.bus.onDoubt(() => this.#changed());
    await this.reread();
    this.#reading = every(this.#app.log, this.#options.name, rereadEveryMs, () => this.reread());
    if (this.#hasChanged) this.#changed();
  }

  stop(): void {
    clearTimeout(this.#restTimer);
    void this.#reading?.stop();
    this.#reading = undefined;
  }

  async reread(): Promise<void> {
    this.#current = await this.#options.read();
    this.#options.onReread?.();
  }

  #changed(): void {
    if (this.#restTimer || !this.#reading) {
      this.#hasChanged = true;
      return;
    }
    this.#hasChanged = false;
    // Reads never overlap, so an older result cannot replace a newer one.
    void this.#reading.run();
    this.#restTimer = setTimeout(() => {
      this.#restTimer = undefined;
      if (this.#hasChanged) this.#changed();
    }, restMs);
  }
}
