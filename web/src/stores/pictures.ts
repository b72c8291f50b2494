import type { FileId } from "@novax/protocol/files";
import type { AccountId } from "@novax/protocol/ids";
import { peopleAskedMax } from "@novax/protocol/limits";
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Api } from "../client/api.ts";

/** People who are drawn together are asked for together. */
const askAfterMs = 30;
const askAgainAfterMs = 10_000;

/** The pictures of people, asked for when somebody is drawn for the first time. */
export class Pictures {
  readonly #pictures = new Map<AccountId, Signal<FileId | null>>();
  readonly #wanted = new Set<AccountId>();
  #isAskDue = false;
  #api: Pick<Api, "read"> | null = null;

  /** Begins to ask. Before that, everybody is drawn without a picture. */
  start(api: Pick<Api, "read">): void {
    this.#api = api;
    if (this.#wanted.size > 0) this.#askSoon();
  }

  /** The picture of a person, null as long as none is known. */
  of(person: AccountId): ReadonlySignal<FileId | null> {
    const known = this.#pictures.get(person);
    if (known) return known;
    const fresh = signal<FileId | null>(null);
    this.#pictures.set(person, fresh);
    this.#want(person);
    return fresh;
  }

  /** What the server has said. */
  learn(person: AccountId, picture: FileId | null): void {
    const known = this.#pictures.get(person);
    if (known) known.value = picture;
    else this.#pictures.set(person, signal(picture));
    this.#wanted.delete(person);
  }

  /** Asks again, because it has changed. */
  reread(person: AccountId): void {
    this.#want(person);
  }

  #want(person: AccountId): void {
    this.#wanted.add(person);
    if (this.#api) this.#askSoon();
  }

  #askSoon(afterMs = askAfterMs): void {
    if (this.#isAskDue) return;
    this.#isAskDue = true;
    setTimeout(() => void this.#ask(), afterMs);
  }

  async #ask(): Promise<void> {
    this.#isAskDue = false;
    const ids = [...this.#wanted].slice(0, peopleAskedMax);
    for (const id of ids) this.#wanted.delete(id);
    if (this.#wanted.size > 0) this.#askSoon();
    if (ids.length === 0) return;
    try {
      const { pictures } = await this.#api!.read("people.pictures", { ids: ids.join() });
      const found = new Map(pictures.map(({ person, picture }) => [person, picture]));
      for (const id of ids) this.learn(id, found.get(id) ?? null);
    } catch {
      // Meanwhile they are drawn with their letter.
      for (const id of ids) this.#wanted.add(id);
      this.#askSoon(askAgainAfterMs);
    }
  }
}

/** Those of this page. */
export const pictures = new Pictures();
