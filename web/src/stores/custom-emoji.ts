import type { FileId } from "@novax/protocol/files";
import type { AccountId } from "@novax/protocol/ids";
import { type ReadonlySignal, signal } from "@preact/signals";
import type { Api } from "../client/api.ts";

export type ServerEmoji = { name: string; picture: FileId; by: AccountId };

/** A name that is not known may be new; it is asked for no more often than this. */
const rereadEveryMs = 30_000;

/** The server's own emoji, by name. */
export class CustomEmoji {
  readonly #list = signal<ReadonlyMap<string, ServerEmoji>>(new Map());
  readonly #unknown = new Set<string>();
  #api: Pick<Api, "read"> | null = null;
  #readAt = Number.NEGATIVE_INFINITY;

  get list(): ReadonlySignal<ReadonlyMap<string, ServerEmoji>> {
    return this.#list;
  }

  start(api: Pick<Api, "read">): void {
    this.#api = api;
    void this.reread();
  }

  /** Reads them again. A failure is ignored, because the next unknown name reads them again. */
  async reread(): Promise<void> {
    this.#readAt = Date.now();
    try {
      const { emoji } = await this.#api!.read("emoji.list", {});
      this.#list.value = new Map(emoji.map((entry) => [entry.name, entry]));
    } catch {
      this.#unknown.clear();
    }
  }

  /** A text or a reaction has this name and it is not in the list. */
  noteUnknown(name: string): void {
    if (!this.#api || this.#unknown.has(name) || Date.now() - this.#readAt < rereadEveryMs) return;
    this.#unknown.add(name);
    void this.reread();
  }
}

/** Those of this page. */
export const customEmoji = new CustomEmoji();
