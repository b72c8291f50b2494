import type { CommandType, FieldsOf } from "@novax/protocol/commands";
import type { Request } from "../client/realtime-client.ts";

/** A command that waits for a connection. A later one with the same key takes the place of an earlier one. */
export type HeldCommand = { key: string; type: CommandType; fields: object; heldAt: number };

/** Keeps them over a reload. It never throws. */
export type HeldStorage = {
  readAll(): Promise<HeldCommand[]>;
  read(key: string): Promise<HeldCommand | null>;
  /** Resolves with whether it is kept. */
  write(command: HeldCommand): Promise<boolean>;
  /** Removes what is kept under a key, unless it was held later than `upTo`. */
  remove(key: string, upTo: number): Promise<void>;
};

type Waiting = HeldCommand & { settle: (isDone: boolean) => void; isStored: boolean; faults: number };

const retryAfterMs = 2000;
/** A command that fails so often keeps the others waiting no longer. */
const faultsMax = 5;

/**
 * Commands that can be done later as well as now: reactions, edits, read marks. They are sent in order, one at a time, and
 * each again until the server has answered it: so only those belong here that change nothing when they are repeated.
 */
export class HeldCommands {
  readonly #storage: HeldStorage;
  readonly #request: Request;
  /** Says why the server refused one, and shows again what was before. */
  readonly #refused: (detail: string, command: HeldCommand) => void;
  readonly #waiting = new Map<string, Waiting>();
  #heldAt = 0;
  #isReady = false;
  #isSending = false;

  constructor(
    storage: HeldStorage,
    request: Request,
    refused: (detail: string, command: HeldCommand) => void,
  ) {
    this.#storage = storage;
    this.#request = request;
    this.#refused = refused;
  }

  /** Resolves with whether the server did it, which may be much later. One whose place another takes counts as done. */
  run<T extends CommandType>(key: string, type: T, fields: FieldsOf<T>): Promise<boolean> {
    const before = this.#waiting.get(key);
    before?.settle(true);
    this.#waiting.delete(key);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    // Two of the same millisecond keep their order.
    this.#heldAt = Math.max(Date.now(), this.#heldAt + 1);
    const command: Waiting = {
      ...{ key, type, fields: fields as object, heldAt: this.#heldAt },
      ...{ settle: resolve, isStored: false, faults: 0 },
    };
    this.#waiting.set(key, command);
    // Also in place of one that is kept, which would otherwise be found after a reload.
    if (!this.#isReady || before?.isStored) this.#store(command);
    void this.#send();
    return promise;
  }

  /** Takes up what waited when the page was closed. */
  async restore(): Promise<void> {
    const stored = await this.#storage.readAll();
    for (const command of stored.sort((a, b) => a.heldAt - b.heldAt))
      if (!this.#waiting.has(command.key))
        this.#waiting.set(command.key, { ...command, settle: () => {}, isStored: true, faults: 0 });
    void this.#send();
  }

  /** There is a connection. */
  ready(): void {
    this.#isReady = true;
    void this.#send();
  }

  interrupted(): void {
    this.#isReady = false;
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    for (let next = this.#first(); next && this.#isReady; next = this.#first()) {
      if (next.isStored && !(await this.#isStillHeld(next))) continue;
      const reply = await this.#request(next.type, next.fields as never);
      if (reply === null) {
        // Nothing says whether it was done, so it is done again.
        this.#isReady = false;
        if (this.#waiting.get(next.key) === next) this.#store(next);
        break;
      }
      if (reply.ok || !this.#isPassing(next, reply.code)) this.#answered(next, reply);
      else await new Promise((resolve) => setTimeout(resolve, reply.retryInMs ?? retryAfterMs));
    }
    this.#isSending = false;
  }

  #isPassing(command: Waiting, code: string): boolean {
    if (code === "internal") command.faults += 1;
    return ["rate_limited", "unavailable", "internal"].includes(code) && command.faults < faultsMax;
  }

  /** Whether no other page has done it meanwhile, or holds a later one in its place. */
  async #isStillHeld(command: Waiting): Promise<boolean> {
    const stored = await this.#storage.read(command.key);
    if (stored?.heldAt === command.heldAt) return true;
    if (this.#waiting.get(command.key) === command) this.#waiting.delete(command.key);
    command.settle(true);
    return false;
  }

  #answered(command: Waiting, reply: { ok: true } | { ok: false; detail: string }): void {
    if (!reply.ok) this.#refused(reply.detail, command);
    command.settle(reply.ok);
    // Another one may have taken its place while it was on its way.
    if (this.#waiting.get(command.key) !== command) return;
    this.#waiting.delete(command.key);
    // Another page may hold an earlier one.
    void this.#storage.remove(command.key, command.heldAt);
  }

  #first(): Waiting | undefined {
    return this.#waiting.values().next().value;
  }

  #store(command: Waiting): void {
    const { key, type, fields, heldAt } = command;
    // Where the browser has no storage it lasts as long as the page.
    void this.#storage.write({ key, type, fields, heldAt }).then((isStored) => {
      command.isStored = isStored;
    });
  }
}
