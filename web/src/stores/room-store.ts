import {
  applyToEntries,
  type MessageEntry,
  type TimelineEntry,
  toMessageEntry,
  toTimelineEntry,
} from "@novax/protocol/apply-event";
import type { Person } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { type ShownReaction, ShownReactions } from "./shown-reactions.ts";
import { eventsAfter, isFromOthers, toEntries } from "./timeline-entries.ts";

/** Which part: before a `seq`, after it, around it, or the newest. */
export type PageQuery = { before?: number; after?: number; around?: number; limit: number };
export type FetchPage = (query: PageQuery) => Promise<TimelinePage>;

/** Whether there is more on one side of what is here. */
export type MoreState = "more" | "loading" | "failed" | "none";

const pageEntries = 50;
/** What stays in memory of a room that is read at its end. */
const timelineEntriesMax = 500;

/**
 * A part of one room's timeline, or of a thread's, as this browser has it. Mostly its end, which grows as things happen;
 * after a jump into the past a part that does not reach to the end, until somebody has read on to it.
 */
export class RoomStore {
  readonly id: RoomId;
  /** The message whose thread this is; null: the room itself. */
  readonly threadRoot: number | null;
  readonly #fetchPage: FetchPage;
  /** As the server says it is. */
  readonly #entries = signal<readonly TimelineEntry[]>([]);
  readonly #reactions = new ShownReactions();
  readonly #older = signal<MoreState>("more");
  readonly #newer = signal<MoreState>("none");
  readonly #dividerSeq = signal<number | null>(null);
  readonly #myVotes = signal<Readonly<Record<string, readonly number[]>>>({});
  readonly #hasLoaded = signal(false);
  /** The message that is being answered or edited here, and how far the edit has come. */
  readonly replyingTo = signal<MessageEntry | null>(null);
  readonly editing = signal<MessageEntry | null>(null);
  editText: string | null = null;
  readonly people: Map<AccountId, Person>;
  #headSeq = 0;
  /** Grows when another part of the room takes the place of what is here. */
  #part = 0;
  #epoch = "";
  /** What arrives while a page is on its way: it may be missing in the page. */
  readonly #collecting = new Set<RoomEvent[]>();

  constructor(
    id: RoomId,
    options: { fetchPage: FetchPage; people: Map<AccountId, Person>; threadRoot?: number },
  ) {
    this.id = id;
    this.threadRoot = options.threadRoot ?? null;
    this.#fetchPage = options.fetchPage;
    this.people = options.people;
  }

  /** The entries, oldest first. */
  readonly entries: ReadonlySignal<readonly TimelineEntry[]> = computed(() =>
    this.#reactions.over(this.#entries.value),
  );

  /** Whether there is more before the first entry. */
  get older(): ReadonlySignal<MoreState> {
    return this.#older;
  }

  /** Whether there is more after the last entry; "none": it is the end, and grows. */
  get newer(): ReadonlySignal<MoreState> {
    return this.#newer;
  }

  /** The "New" line stands after this place; null: there is none. It does not move while one reads. */
  get dividerSeq(): ReadonlySignal<number | null> {
    return this.#dividerSeq;
  }

  /** What one chose oneself in polls, by the poll's place. */
  get myVotes(): ReadonlySignal<Readonly<Record<string, readonly number[]>>> {
    return this.#myVotes;
  }

  get hasLoaded(): ReadonlySignal<boolean> {
    return this.#hasLoaded;
  }

  get position(): { afterSeq: number; epoch: string } {
    return { afterSeq: this.#headSeq, epoch: this.#epoch };
  }

  readonly isLive = computed(() => this.#newer.value === "none");

  /** Takes events that follow what is here. False when some are missing in between. */
  apply(events: readonly RoomEvent[]): boolean {
    for (const list of this.#collecting) list.push(...events);
    if (!this.#hasLoaded.peek()) return true;
    const fresh = events.filter((event) => event.seq > this.#headSeq);
    if (fresh.length === 0) return true;
    if (fresh[0]!.seq !== this.#headSeq + 1) return false;
    this.#headSeq = fresh.at(-1)!.seq;
    this.#entries.value = this.#withEvents(this.#entries.peek(), fresh, this.isLive.peek());
    return true;
  }

  /** Takes a page that came with the document. */
  fill(page: TimelinePage): void {
    this.#take(page, [], () => toEntries(page));
  }

  /**
   * Takes a page in the place of everything that is here: the newest, or the one around a message; with the "New" line
   * after `readSeq`, where that is given. Throws when it cannot be had.
   */
  async load(around?: number, divider?: { readSeq: number; you: AccountId }): Promise<void> {
    if (!this.#hasLoaded.peek()) this.#older.value = "loading";
    try {
      const { page, arrived } = await this.#fetch(
        around === undefined ? { limit: pageEntries } : { around, limit: pageEntries },
      );
      // Whoever draws what is here opens at the line: it must not come later than the messages.
      batch(() => {
        this.#take(page, arrived, () => toEntries(page));
        if (divider) this.startDivider(divider.readSeq, divider.you);
      });
    } catch (error) {
      if (!this.#hasLoaded.peek()) this.#older.value = "failed";
      throw error;
    }
  }

  /** Reads one page further back. One at a time; a failed one can be tried again. */
  async loadOlder(): Promise<void> {
    if (this.#older.value === "loading" || this.#older.value === "none") return;
    this.#older.value = "loading";
    const first = this.#entries.value[0];
    const part = this.#part;
    try {
      const { page, arrived } = await this.#fetch({
        before: first?.seq ?? this.#headSeq + 1,
        limit: pageEntries,
      });
      // A jump in between has replaced the part that this page belonged to.
      if (this.#part !== part) return;
      batch(() => {
        this.#note(page);
        this.#entries.value = [
          ...this.#withEvents(toEntries(page), eventsAfter(page, arrived), false),
          ...this.#entries.value,
        ];
        this.#older.value = page.hasBefore ? "more" : "none";
      });
    } catch {
      if (this.#part === part) this.#older.value = "failed";
    }
  }

  /** Reads one page further on, up to the end. */
  async loadNewer(): Promise<void> {
    if (this.#newer.value === "loading" || this.#newer.value === "none") return;
    this.#newer.value = "loading";
    const last = this.#entries.value.at(-1);
    const part = this.#part;
    try {
      const { page, arrived } = await this.#fetch({ after: last?.seq ?? 0, limit: pageEntries });
      if (this.#part !== part) return;
      batch(() => {
        this.#note(page);
        const more = this.#withEvents(toEntries(page), eventsAfter(page, arrived), !page.hasAfter);
        this.#entries.value = [...this.#entries.value, ...more];
        this.#newer.value = page.hasAfter ? "more" : "none";
      });
    } catch {
      if (this.#part === part) this.#newer.value = "failed";
    }
  }

  /** Lets go of the oldest, while the end is read; they can be loaded again. */
  trim(): void {
    const entries = this.#entries.value;
    if (!this.isLive.value || entries.length <= timelineEntriesMax) return;
    batch(() => {
      this.#entries.value = entries.slice(-timelineEntriesMax);
      this.#older.value = "more";
    });
  }

  /** Draws the line after a place, if others wrote after it; one that is there stays. */
  startDivider(readSeq: number, you: AccountId): void {
    if (this.#dividerSeq.value !== null) return;
    const isNew = this.#entries.value.some((entry) => entry.seq > readSeq && isFromOthers(entry, you));
    if (isNew) this.#dividerSeq.value = readSeq;
  }

  /** Whether what follows a place is here from its beginning on. */
  coversAfter(seq: number): boolean {
    const entries = this.#entries.peek();
    const reachesBack = this.#older.peek() === "none" || (entries[0]?.seq ?? Infinity) <= seq + 1;
    return reachesBack && entries.some((entry) => entry.seq > seq);
  }

  clearDivider(): void {
    this.#dividerSeq.value = null;
  }

  /** Shows one's own choice in a poll at once. */
  setMyVote(seq: number, choices: readonly number[]): void {
    this.#myVotes.value = { ...this.#myVotes.value, [seq]: choices };
  }

  /** Shows a reaction before the server has said so. Returns what leaves it to the server again. */
  react(seq: number, reaction: ShownReaction): () => void {
    return this.#reactions.show(seq, reaction);
  }

  find(seq: number): MessageEntry | null {
    const entry = this.entries.peek().find((candidate) => candidate.seq === seq);
    return entry?.kind === "message" ? entry : null;
  }

  async #fetch(query: PageQuery): Promise<{ page: TimelinePage; arrived: RoomEvent[] }> {
    const arrived: RoomEvent[] = [];
    this.#collecting.add(arrived);
    try {
      return { page: await this.#fetchPage(query), arrived };
    } finally {
      this.#collecting.delete(arrived);
    }
  }

  #take(page: TimelinePage, arrived: readonly RoomEvent[], read: () => readonly TimelineEntry[]): void {
    batch(() => {
      const missed = eventsAfter(page, arrived);
      this.#note(page);
      this.#part += 1;
      this.#epoch = page.epoch;
      this.#headSeq = Math.max(page.headSeq, missed.at(-1)?.seq ?? 0);
      this.#entries.value = this.#withEvents(read(), missed, !page.hasAfter);
      this.#older.value = page.hasBefore ? "more" : "none";
      this.#newer.value = page.hasAfter ? "more" : "none";
      this.#hasLoaded.value = true;
    });
  }

  #note(page: TimelinePage): void {
    for (const person of page.people) this.people.set(person.id, person);
    for (const entry of page.entries) {
      const person = entry.kind === "message" ? entry.sender : entry.actor;
      this.people.set(person.id, person);
    }
    if (Object.keys(page.myVotes).length > 0)
      this.#myVotes.value = { ...this.#myVotes.value, ...page.myVotes };
  }

  /** The entries after these events; new ones are added where the end is here. */
  #withEvents(
    entries: readonly TimelineEntry[],
    events: readonly RoomEvent[],
    isEnd: boolean,
  ): readonly TimelineEntry[] {
    let result = entries;
    let added: TimelineEntry[] = [];
    // A page may have overtaken its events: what it brought is not added again.
    const lastSeq = entries.at(-1)?.seq ?? 0;
    for (const event of events) {
      const entry = isEnd && event.seq > lastSeq ? this.#toEntry(event) : null;
      if (entry) added.push(entry);
      else {
        if (added.length > 0) result = [...result, ...added];
        added = [];
        result = applyToEntries(result, event);
      }
      // An answer in a thread is news for the message that the thread hangs on.
      if (entry && event.type === "message.sent" && event.threadRoot !== undefined)
        result = applyToEntries(result, event);
    }
    return added.length > 0 ? [...result, ...added] : result;
  }

  #toEntry(event: RoomEvent): TimelineEntry | null {
    if (this.threadRoot === null) return toTimelineEntry(event);
    return event.type === "message.sent" && event.threadRoot === this.threadRoot
      ? toMessageEntry(event)
      : null;
  }
}
