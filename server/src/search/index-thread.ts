import { scriptPath } from "../lib/paths.ts";
import type { IndexResult } from "./index-parts.ts";
import type { Applied, FromIndex, Opened, ToIndex } from "./index-worker.ts";
import type { MatchResult } from "./match-messages.ts";

type Without<T> = T extends unknown ? Omit<T, "id"> : never;
export type IndexRequest = Without<ToIndex>;
/** What a request is answered with. */
export type Answer<R extends IndexRequest> = R extends { kind: "open" }
  ? Opened
  : R extends { kind: "apply" }
    ? Applied
    : R extends { kind: "search" }
      ? IndexResult
      : R extends { kind: "match" }
        ? MatchResult
        : R extends { kind: "forget_room" | "erase_sender" }
          ? boolean
          : null;

/** After this long without an answer the thread is ended: whatever it does, others must be able to search. */
const answerWithinMs = 20_000;

/** The thread that has the index. When it ends, everything that waits for it is rejected. */
export class IndexThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (result: never) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  #ended: Error | null = null;
  /** Resolves when the thread is gone, and its file can be opened by another one. */
  readonly gone = Promise.withResolvers<void>();

  constructor() {
    this.#worker = new Worker(scriptPath("search/index-worker"));
    this.#worker.onmessage = (event: MessageEvent<FromIndex>) => {
      const answer = event.data;
      const request = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ("error" in answer) request?.reject(new Error(answer.error));
      else request?.resolve(answer.result as never);
    };
    this.#worker.onerror = (event) => this.#end(new Error(event.message));
    this.#worker.addEventListener("close", () => {
      this.#end(new Error("the thread of the index ended"));
      this.gone.resolve();
    });
  }

  get hasEnded(): boolean {
    return this.#ended !== null;
  }

  ask<R extends IndexRequest>(request: R): Promise<Answer<R>> {
    if (this.#ended) return Promise.reject(this.#ended);
    this.#lastId += 1;
    const id = this.#lastId;
    // Opening a large index takes a while.
    const isTimed = request.kind !== "open" && request.kind !== "reset";
    return new Promise((resolve, reject) => {
      const timer = isTimed ? setTimeout(() => this.kill(), answerWithinMs) : undefined;
      const settle = <T>(then: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          then(value);
        };
      };
      this.#waiting.set(id, { resolve: settle(resolve), reject: settle(reject) });
      this.#worker.postMessage({ ...request, id } as ToIndex);
    });
  }

  /** Ends it at once, as a crash would. */
  kill(): void {
    this.#end(new Error("the thread of the index was ended"));
    this.#worker.terminate();
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
