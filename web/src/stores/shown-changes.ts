import { type MessageEntry, type TimelineEntry, withReaction } from "@novax/protocol/apply-event";
import { signal } from "@preact/signals";

export type ShownReaction = Parameters<typeof withReaction>[1];
type Shown = { seq: number; change: (message: MessageEntry) => MessageEntry };

/** The viewer's reactions and edits that the server has not confirmed yet, shown over the entries that it has sent. */
export class ShownChanges {
  readonly #shown = signal<ReadonlyMap<string, Shown>>(new Map());

  /** Returns the entries with these changes. */
  over(entries: readonly TimelineEntry[]): readonly TimelineEntry[] {
    let result = entries;
    for (const { seq, change } of this.#shown.value.values()) {
      const index = result.findIndex((entry) => entry.seq === seq);
      const entry = result[index];
      if (entry?.kind === "message") result = result.with(index, change(entry));
    }
    return result;
  }

  /**
   * Shows a reaction. Returns a function that hides it again. If the same emoji was shown again meanwhile, that later
   * one stays.
   */
  react(seq: number, reaction: ShownReaction): () => void {
    return this.#show(`${seq} ${reaction.emoji}`, {
      seq,
      change: (message) => withReaction(message, reaction),
    });
  }

  /** Shows another text of a message, as {@link react} does. */
  edit(seq: number, text: string): () => void {
    const change = (message: MessageEntry): MessageEntry =>
      message.body.kind === "text"
        ? { ...message, body: { ...message.body, text }, editedAt: message.editedAt ?? Date.now() }
        : message;
    return this.#show(`${seq} text`, { seq, change });
  }

  #show(key: string, mine: Shown): () => void {
    this.#shown.value = new Map(this.#shown.peek()).set(key, mine);
    return () => {
      const others = new Map(this.#shown.peek());
      if (others.get(key) === mine && others.delete(key)) this.#shown.value = others;
    };
  }
}
