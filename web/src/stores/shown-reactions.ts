import { type TimelineEntry, withReaction } from "@novax/protocol/apply-event";
import { signal } from "@preact/signals";

export type ShownReaction = Parameters<typeof withReaction>[1];

/** The viewer's reactions that the server has not confirmed yet, shown over the entries that it has sent. */
export class ShownReactions {
  readonly #shown = signal<ReadonlyMap<string, { seq: number; reaction: ShownReaction }>>(new Map());

  /** Returns the entries with these reactions added or removed. */
  over(entries: readonly TimelineEntry[]): readonly TimelineEntry[] {
    let result = entries;
    for (const { seq, reaction } of this.#shown.value.values()) {
      const index = result.findIndex((entry) => entry.seq === seq);
      const entry = result[index];
      if (entry?.kind === "message") result = result.with(index, withReaction(entry, reaction));
    }
    return result;
  }

  /**
   * Shows a reaction. Returns a function that hides it again. If the same emoji was shown again meanwhile, that later
   * one stays.
   */
  show(seq: number, reaction: ShownReaction): () => void {
    const key = `${seq} ${reaction.emoji}`;
    const mine = { seq, reaction };
    this.#shown.value = new Map(this.#shown.peek()).set(key, mine);
    return () => {
      const others = new Map(this.#shown.peek());
      if (others.get(key) === mine && others.delete(key)) this.#shown.value = others;
    };
  }
}
