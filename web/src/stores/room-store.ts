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
import { ShownChanges } from "./shown-changes.ts";
import { eventsAfter, isFromOthers, toEntries, type Unfinished, unfinishedBy } from "./timeline-entries.ts";

/** Which part of a timeline: before a `seq`, after it, around it, or else the newest. */
export type PageQuery = { before?: number; after?: number; around?: number; limit: number };
export type FetchPage = (query: PageQuery) => Promise<TimelinePage>;

/** Whether there is more on one side of the loaded entries. */
export type MoreState = "more" | "loading" | "failed" | "none";

const pageEntries = 50;
/** How many entries of a room stay in memory while its end is shown. */
const timelineEntriesMax = 500;

/**
 * The loaded part of the timeline of one room or one thread. Usually that is its end, which grows with new events.
 * After a jump to an older message it is a part that does not reach the end, until the viewer has loaded all pages up
 * to it.
 */
export class RoomStore {
  readonly id: RoomId;
  /** The `seq` of the message whose thread this is; null for the room itself. */
  readonly threadRoot: number | null;
  readonly #fetchPage: FetchPage;
  /** The entries as the server has sent them. */
  readonly #entries = signal<readonly TimelineEntry[]>([]);
  /** What the server has not confirmed yet. */
  readonly changes = new ShownChanges();
  readonly #older = signal<MoreState>("more");
  readonly #newer = signal<MoreState>("none");
  readonly #dividerSeq = signal<number | null>(null);
  readonly #myVotes = signal<Readonly<Record<string, readonly number[]>>>({});
  readonly #hasLoaded = signal(false);
  /** The message that is being replied to or edited here, and the unfinished text of the edit. */
  readonly replyingTo = signal<MessageEntry | null>(null);
  readonly editing = signal<MessageEntry | null>(null);
  editText: string | null = null;
  /** An edit is on its way, whose event is no news. */
  isSavingEdit = false;
  onUnfinished: (happened: Unfinished) => void = () => {};
  readonly people: Map<AccountId, Person>;
  #headSeq = 0;
  #headAt: number | undefined;
  /** Grows when another part of the room replaces the loaded entries. */
  #part = 0;
  /** Events that arrive while a page is being fetched, because the page may not include them. */
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

  /** The loaded entries, oldest first. */
  readonly entries: ReadonlySignal<readonly TimelineEntry[]> = computed(() =>
    this.changes.over(this.#entries.value),
  );

  /** Whether there is more before the first entry. */
  get older(): ReadonlySignal<MoreState> {
    return this.#older;
  }

  /**
   * Whether there is more after the last entry. "none" means that the end is loaded, and new entries are added to it.
   */
  get newer(): ReadonlySignal<MoreState> {
    return this.#newer;
  }

  /**
   * The "New" line is shown after this `seq`; null means that there is none. It does not move while the viewer reads.
   */
  get dividerSeq(): ReadonlySignal<number | null> {
    return this.#dividerSeq;
  }

  /** The viewer's votes in polls, by the `seq` of the poll. */
  get myVotes(): ReadonlySignal<Readonly<Record<string, readonly number[]>>> {
    return this.#myVotes;
  }

  get hasLoaded(): ReadonlySignal<boolean> {
    return this.#hasLoaded;
  }

  get position(): { afterSeq: number; at?: number } {
    return { afterSeq: this.#headSeq, ...(this.#headAt === undefined ? {} : { at: this.#headAt }) };
  }

  readonly isLive = computed(() => this.#newer.value === "none");

  /** Applies events that follow the loaded ones. Returns false if events are missing in between. */
  apply(events: readonly RoomEvent[]): boolean {
    for (const list of this.#collecting) list.push(...events);
    if (!this.#hasLoaded.peek()) return true;
    const fresh = events.filter((event) => event.seq > this.#headSeq);
    if (fresh.length === 0) return true;
    if (fresh[0]!.seq !== this.#headSeq + 1) return false;
    ({ seq: this.#headSeq, at: this.#headAt } = fresh.at(-1)!);
    this.#entries.value = this.#withEvents(this.#entries.peek(), fresh, this.isLive.peek());
    for (const happened of fresh.flatMap((event) => unfinishedBy(event, this))) this.onUnfinished(happened);
    return true;
  }

  /** Takes the page that was delivered with the document. */
  fill(page: TimelinePage): void {
    this.#take(page, [], () => toEntries(page));
  }

  /**
   * Replaces all loaded entries by a page: the newest one, or the one around a `seq`. With `divider`, the "New" line is
   * put after its `readSeq`. Throws if the page cannot be fetched.
   */
  async load(around?: number, divider?: { readSeq: number; you: AccountId }): Promise<void> {
    if (!this.#hasLoaded.peek()) this.#older.value = "loading";
    try {
      const { page, arrived } = await this.#fetch(
        around === undefined ? { limit: pageEntries } : { around, limit: pageEntries },
      );
      // The message list opens at the "New" line, so the line must appear together with the messages.
      batch(() => {
        this.#take(page, arrived, () => toEntries(page));
        if (divider) this.startDivider(divider.readSeq, divider.you);
      });
    } catch (error) {
      if (!this.#hasLoaded.peek()) this.#older.value = "failed";
      throw error;
    }
  }

  /** Loads the page before the first entry. Only one request runs at a time. After a failure it can be called again. */
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
      // A jump has meanwhile replaced the part that this page belongs to.
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

  /** Loads the page after the last entry. Does nothing at the end of the timeline. */
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

  /** Drops the oldest entries while the end is shown. They can be loaded again. */
  trim(): void {
    const entries = this.#entries.value;
    if (!this.isLive.value || entries.length <= timelineEntriesMax) return;
    batch(() => {
      this.#entries.value = entries.slice(-timelineEntriesMax);
      this.#older.value = "more";
    });
  }

  /** Puts the "New" line after `readSeq` if others have sent messages after it. A line that is already shown stays. */
  startDivider(readSeq: number, you: AccountId): void {
    if (this.#dividerSeq.value !== null) return;
    const isNew = this.#entries.value.some((entry) => entry.seq > readSeq && isFromOthers(entry, you));
    if (isNew) this.#dividerSeq.value = readSeq;
  }

  /** Whether the entries right after `seq` are loaded, from the first of them on. */
  coversAfter(seq: number): boolean {
    const entries = this.#entries.peek();
    const reachesBack = this.#older.peek() === "none" || (entries[0]?.seq ?? Infinity) <= seq + 1;
    return reachesBack && entries.some((entry) => entry.seq > seq);
  }

  clearDivider(): void {
    this.#dividerSeq.value = null;
  }

  /** Shows the viewer's vote in a poll before the server has confirmed it. */
  setMyVote(seq: number, choices: readonly number[]): void {
    this.#myVotes.value = { ...this.#myVotes.value, [seq]: choices };
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
      const last = missed.at(-1);
      this.#headSeq = last?.seq ?? page.headSeq;
      this.#headAt = last?.at ?? page.headAt;
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

  /** Applies events to entries. With `isEnd`, the entries reach the end of the timeline, and new ones are added. */
  #withEvents(
    entries: readonly TimelineEntry[],
    events: readonly RoomEvent[],
    isEnd: boolean,
  ): readonly TimelineEntry[] {
    let result = entries;
    let added: TimelineEntry[] = [];
    // A page may include events that the socket delivers later. Those are not added a second time.
    const lastSeq = entries.at(-1)?.seq ?? 0;
    for (const event of events) {
      const entry = isEnd && event.seq > lastSeq ? this.#toEntry(event) : null;
      if (entry) added.push(entry);
      else {
        if (added.length > 0) result = [...result, ...added];
        added = [];
        result = applyToEntries(result, event);
      }
      // A reply in a thread also changes the thread's root message.
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
