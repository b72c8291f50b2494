import type { Bus, BusMessage } from "../bus/bus.ts";
import { every, type Repeating } from "../lib/every.ts";
import type { Log } from "../log/log.ts";

const rereadEveryMs = 30_000;
/** Read again at most so often: one person who changes a list again and again keeps nobody waiting. */
const restMs = 500;

/**
 * What every process keeps in memory because it is asked for with every request or message: read at the start, again
 * when the bus says that it has changed (here or on another process), and twice a minute in case the bus lost that.
 */
export class FreshList<T> {
  readonly #app: { bus: Bus; log: Log };
  readonly #options: { name: string; changedBy: BusMessage["kind"]; read: () => Promise<T> };
  #current: T;
  #reading: Repeating | undefined;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #hasChanged = false;

  /** `initial` is what it is before `start`. `name` is what a failed reading is logged as. */
  constructor(
    app: { bus: Bus; log: Log },
    options: { name: string; changedBy: BusMessage["kind"]; initial: T; read: () => Promise<T> },
  ) {
    this.#app = app;
    this.#options = options;
    this.#current = options.initial;
  }

  get current(): T {
    return this.#current;
  }

  /** Reads it, and keeps it fresh until `stop`. Rejects when it cannot be read. */
  async start(): Promise<void> {
    await this.reread();
    this.#app.bus.on(this.#options.changedBy, () => this.#changed());
    this.#reading = every(this.#app.log, this.#options.name, rereadEveryMs, () => this.reread());
  }

  stop(): void {
    clearTimeout(this.#restTimer);
    void this.#reading?.stop();
    this.#reading = undefined;
  }

  async reread(): Promise<void> {
    this.#current = await this.#options.read();
  }

  #changed(): void {
    if (this.#restTimer) {
      this.#hasChanged = true;
      return;
    }
    this.#hasChanged = false;
    // One reading after the other, so that what was read first cannot replace what was read later.
    void this.#reading?.run();
    this.#restTimer = setTimeout(() => {
      this.#restTimer = undefined;
      if (this.#hasChanged) this.#changed();
    }, restMs);
  }
}
