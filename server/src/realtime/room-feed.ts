import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { resumeEventsMax } from "@novax/protocol/limits";
import type { Database } from "../db/database.ts";
import { readEventsAfter } from "../events/queries.ts";
import { forEverybody } from "../lib/caller.ts";
import { Refusal, roomNotFound } from "../lib/refusal.ts";
import type { Log } from "../log/log.ts";
import { feedsRepaired } from "../metrics/metrics.ts";
import type { Presence } from "../presence/presence.ts";
import { type LogPosition, readLogPositions, timeMark } from "../rooms/queries.ts";
import { requireMembership } from "../rooms/require-membership.ts";
import type { Delivery, Opening, SendOpening, Subscriber } from "./subscriber.ts";

export type FeedNeeds = {
  db: Database;
  log: Log;
  epoch: string;
  /** Sends one frame to every socket subscribed to the topic. */
  publishToSockets: (topic: string, frame: string) => void;
  presence: Pick<Presence, "joined" | "removed">;
};

/** Of a room, and of all rooms together: a thousand open rooms must not take a thousand times as much memory. */
const recentEventsMax = 512;
const recentOfAllMax = 100_000;
const rewritingTypes: readonly RoomEvent["type"][] = [
  "message.edited",
  "message.previewed",
  "message.deleted",
];
const catchUpPage = 500;
/** Of more events than this only the last is compared with the log. */
const comparedMax = 5000;

/** How far a feed is, and the marks of what it has delivered after `afterSeq`, added up. `sum` are those of all. */
export type FeedMark = { seq: number; afterSeq: number; marks: number; sum: number; generation: number };
const openingTriesMax = 4;
const keepIdleMs = 60_000;
const keptIdleMax = 2000;

/**
 * Delivers one room's events to the subscribers of this process.
 *
 * Guarantees, per subscriber: every event after the one it attached at, once, in the order of `seq`, until the room is
 * left; nothing recorded after the member's removal. What the bus lost, doubled or reordered is read from the log.
 *
 * All changes run one after the other in the feed's own queue, so an event can be neither missed nor doubled between
 * a replay and the live stream. What a new subscriber is sent first is read outside of it, so that a database that does not answer
 * keeps no events from the others.
 */
export class RoomFeed {
  readonly room: RoomId;
  readonly #app: FeedNeeds;
  readonly #subscribers = new Set<Subscriber>();
  /** The subscribers by how they are delivered to; no set is empty. */
  readonly #byDelivery = new Map<Delivery, Set<Subscriber>>();
  readonly #jobs: (() => Promise<void> | void)[] = [];
  #isRunning = false;
  /** Subscribers for which is being read what they are sent first. */
  #openings = 0;
  /** Grows when what was read of the log may be true no longer. */
  #generation = 0;
  /** The last event delivered; null until the first subscriber attaches. */
  #last: number | null = null;
  /** The time of that event, which tells it from another one at the same `seq`. Null until it is known. */
  #lastAt: number | null = null;
  /** {@link timeMark} of all events delivered, added up. */
  #sum = 0;
  /** The last event that was compared with the log, with all before it, and {@link #sum} at that event. */
  #checked = { seq: 0, sum: 0 };
  /** The newest events, contiguous, ending at `#last`: a resume of those needs no query. */
  #recent: RoomEvent[] = [];

  readonly #recentMax: () => number;

  /** `recentMax`: how many of its newest events it may keep now; for a short time it has twice as many. */
  constructor(
    app: FeedNeeds,
    room: RoomId,
    { recentMax = () => recentEventsMax }: { recentMax?: () => number } = {},
  ) {
    this.#app = app;
    this.room = room;
    this.#recentMax = recentMax;
  }

  /** Lets go of what it may no longer keep: the more rooms are open, the less each has. */
  trim(): void {
    const recentMax = this.#recentMax();
    if (this.#recent.length <= recentMax * 2) return;
    this.#recent = recentMax === 0 ? [] : this.#recent.slice(-recentMax);
  }

  /** How many of its newest events it keeps. */
  get kept(): number {
    return this.#recent.length;
  }

  get isIdle(): boolean {
    return this.#subscribers.size === 0 && this.#openings === 0 && !this.#isRunning;
  }

  /** Takes committed events, in any order and any number of times. */
  offer(events: readonly RoomEvent[]): void {
    this.#enqueue(() => this.#accept(events));
  }

  /**
   * The last event delivered (0 until the first subscriber attaches), and what was delivered since the last comparison with
   * the log: after which event, and the marks of their times, added up.
   */
  get position(): FeedMark {
    const seq = this.#last ?? 0;
    const { seq: afterSeq, sum } = this.#checked;
    const state = { seq, sum: this.#sum, generation: this.#generation };
    return seq - afterSeq > comparedMax
      ? { ...state, afterSeq: seq, marks: 0 }
      : { ...state, afterSeq, marks: this.#sum - sum };
  }

  /** The time of the event at a `seq`, if it is still kept. */
  timeOf(seq: number): number | undefined {
    if (seq === this.#last) return this.#lastAt ?? undefined;
    return this.#recent[seq - (this.#recent[0]?.seq ?? 0)]?.at;
  }

  /**
   * Compares what was delivered up to a {@link position} with the room's log, which ended at `headSeq` and had an event of the time
   * `at` (null: none) at `seq`. Reads the events that are missing. If the log is another one, because the database went back to
   * an older copy, starts anew from its end.
   */
  checkPosition({ headSeq, seq, at, marks }: LogPosition, position: FeedMark): void {
    this.#enqueue(() => {
      if (this.#last === null) return undefined;
      if (seq > 0 && position.generation === this.#generation) {
        const known = this.timeOf(seq);
        if (at === null || (known !== undefined && known !== at) || marks !== position.marks)
          return this.#startAnew();
        if (seq === this.#last) this.#lastAt = at;
        // What was delivered since then is compared next time.
        if (seq > this.#checked.seq) this.#checked = { seq, sum: position.sum };
      }
      return headSeq > this.#last ? this.#catchUp() : undefined;
    });
  }

  async #startAnew(): Promise<void> {
    const [head] = await readLogPositions(this.#app.db.sql, [{ room: this.room, seq: 0, afterSeq: 0 }]);
    if (!head) return;
    const { log, epoch, publishToSockets } = this.#app;
    log.warn("feed.log_replaced", { room: this.room, before: this.#last, now: head.headSeq });
    this.#last = head.headSeq;
    this.#lastAt = null;
    this.#checked = { seq: head.headSeq, sum: this.#sum };
    this.#recent = [];
    this.#generation += 1;
    for (const delivery of this.#byDelivery.keys())
      delivery.restart?.({ room: this.room, epoch, headSeq: head.headSeq }, publishToSockets);
  }

  /**
   * Lets a subscriber receive the room: what `opening` sends, then every event after it. Refuses with `not_found` if the
   * account is no member.
   */
  attach(subscriber: Subscriber, opening: Opening): Promise<void> {
    return this.#attach(subscriber, opening, async () => {
      const { room } = await requireMembership(this.#app.db.sql, subscriber.actor, this.room);
      return room.headSeq;
    });
  }

  /**
   * As {@link attach}, for an account that was a member when the room's log ended at `headSeq`: one query can say that of
   * many rooms. Resolves with whether the subscriber receives the room.
   */
  async attachMember(subscriber: Subscriber, headSeq: number, opening: Opening): Promise<boolean> {
    await this.#attach(subscriber, opening, async () => headSeq).catch((error: unknown) => {
      // Removed since that query: the same as if it had not listed the room.
      if (!(error instanceof Refusal)) throw error;
    });
    return this.#subscribers.has(subscriber);
  }

  async #attach(subscriber: Subscriber, opening: Opening, readHead: () => Promise<number>): Promise<void> {
    this.#openings += 1;
    try {
      const headSeq = await readHead();
      for (let tries = 1; tries <= openingTriesMax; tries++) {
        // In a room where too much happens meanwhile, the others wait for the last try.
        const isAdmitted =
          tries < openingTriesMax
            ? this.#open(subscriber, opening, { headSeq, inTurn: (job) => this.#inTurn(job) })
            : this.#inTurn(() => this.#open(subscriber, opening, { headSeq, inTurn: (job) => job() }));
        if (await isAdmitted) return;
      }
    } finally {
      this.#openings -= 1;
    }
  }

  /** Reads what a subscriber is sent first, and lets it in. Resolves with false if that was overtaken. */
  async #open(
    subscriber: Subscriber,
    opening: Opening,
    { headSeq, inTurn }: { headSeq: number; inTurn: <T>(job: () => Promise<T>) => Promise<T> },
  ): Promise<boolean> {
    if (this.#subscribers.has(subscriber) || !subscriber.isOpen) return true;
    const { last, generation } = await inTurn(() => this.#start(headSeq));
    // The membership was read when the log ended at `headSeq`. One of the events since then may be the removal of this member.
    // A later one is among those that are missed below, or finds a subscriber.
    if (last > headSeq) await requireMembership(this.#app.db.sql, subscriber.actor, this.room);
    const read = (afterSeq: number) => this.#read(afterSeq, last);
    const send = await opening({ room: this.room, epoch: this.#app.epoch, last, read });
    return inTurn(async () => this.#letIn(subscriber, send, { last, generation }));
  }

  #letIn(
    subscriber: Subscriber,
    send: SendOpening,
    { last, generation }: { last: number; generation: number },
  ): boolean {
    if (this.#subscribers.has(subscriber) || !subscriber.isOpen) return true;
    const missed = generation === this.#generation ? this.#recentAfter(last) : null;
    if (missed === null) return false;
    const isRemoval = (event: RoomEvent) =>
      event.type === "member.removed" && event.member.id === subscriber.actor.id;
    if (missed.some(isRemoval)) throw roomNotFound();
    if (!send(missed)) return false;
    this.#subscribers.add(subscriber);
    const group = this.#byDelivery.get(subscriber.delivery) ?? new Set();
    this.#byDelivery.set(subscriber.delivery, group.add(subscriber));
    subscriber.attached(this.room);
    return true;
  }

  /** The events that were delivered after `last`; null if they are not all kept. */
  #recentAfter(last: number): RoomEvent[] | null {
    if (this.#last === last) return [];
    const first = this.#recent[0]?.seq ?? Number.POSITIVE_INFINITY;
    return first <= last + 1 ? this.#recent.slice(last + 1 - first) : null;
  }

  detach(subscriber: Subscriber, isRemoved = false): void {
    if (!this.#subscribers.delete(subscriber)) return;
    const group = this.#byDelivery.get(subscriber.delivery);
    group?.delete(subscriber);
    if (group?.size === 0) this.#byDelivery.delete(subscriber.delivery);
    subscriber.detached(this.room, isRemoved);
  }

  /** The last event that the subscribers have. */
  async #start(headSeq: number): Promise<{ last: number; generation: number }> {
    if (this.#last === null) {
      this.#last = headSeq;
      this.#lastAt = null;
      this.#checked = { seq: headSeq, sum: this.#sum };
    }
    // The log may be ahead of what was delivered. The other subscribers get those events now too.
    else if (headSeq > this.#last) await this.#catchUp();
    return { last: this.#last, generation: this.#generation };
  }

  /** Forgets the events that it keeps for resumes: their texts were changed in the database. */
  forgetRecent(): void {
    this.#enqueue(() => {
      this.#recent = [];
      this.#generation += 1;
    });
  }

  async #read(afterSeq: number, last: number): Promise<RoomEvent[]> {
    if (afterSeq >= last) return [];
    const events =
      this.#recentAfter(afterSeq) ??
      (await readEventsAfter(this.#app.db.sql, this.room, afterSeq, { limit: resumeEventsMax }));
    // The log, and what is kept of it, may have gone on.
    return events.filter((event) => event.seq <= last);
  }

  #accept(events: readonly RoomEvent[]): Promise<void> | void {
    const last = this.#last;
    const first = events[0];
    if (last === null || !first) return;
    if (first.seq > last + 1) return this.#catchUp();
    if (events.some((event) => this.#contradicts(event))) return this.#startAnew();
    const fresh = first.seq === last + 1 ? events : events.filter((event) => event.seq > last);
    if (fresh.length > 0) this.#deliver(fresh);
  }

  /** Whether another event was delivered at the same `seq`. */
  #contradicts({ seq, at }: RoomEvent): boolean {
    const delivered = this.timeOf(seq);
    return delivered !== undefined && delivered !== at;
  }

  async #catchUp(): Promise<void> {
    if (this.#last !== null) feedsRepaired.inc();
    for (;;) {
      const events = await readEventsAfter(this.#app.db.sql, this.room, this.#last ?? 0, {
        limit: catchUpPage,
      });
      if (events.length > 0) this.#deliver(events);
      if (events.length < catchUpPage) return;
    }
  }

  #deliver(events: readonly RoomEvent[]): void {
    const { seq, at } = events.at(-1)!;
    this.#last = seq;
    this.#lastAt = at;
    for (const event of events) this.#sum += timeMark(event.at);
    // A later resume must not bring a text from before its edit or deletion, or a preview that was removed.
    const rewriting = events.findLastIndex(({ type }) => rewritingTypes.includes(type));
    if (rewriting >= 0) this.#recent = events.slice(rewriting + 1);
    else this.#recent.push(...events);
    this.trim();
    // Delivered in parts that end with a removal: what follows must not reach the removed member.
    let start = 0;
    events.forEach((event, index) => {
      if (event.type === "member.joined") this.#app.presence.joined(this.room, event.member.id);
      if (event.type !== "member.removed") return;
      this.#app.presence.removed(this.room, event.member.id);
      this.#send(events.slice(start, index + 1));
      this.#expel(event.member.id);
      start = index + 1;
    });
    this.#send(start === 0 ? events : events.slice(start));
  }

  #send(events: readonly RoomEvent[]): void {
    if (events.length === 0) return;
    const { publishToSockets } = this.#app;
    const batch = { room: this.room, events, publishToSockets };
    for (const [delivery, subscribers] of this.#byDelivery) delivery.deliver(batch, subscribers);
  }

  #expel(member: AccountId): void {
    for (const subscriber of [...this.#subscribers])
      if (subscriber.actor.id === member) this.detach(subscriber, true);
  }

  #inTurn<T>(job: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#enqueue(() => job().then(resolve, reject));
    });
  }

  #enqueue(job: () => Promise<void> | void): void {
    this.#jobs.push(job);
    if (!this.#isRunning) void forEverybody(() => this.#run());
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) {
      try {
        const result = job();
        // Delivering is synchronous: a message is sent in the same tick in which its commit is known.
        if (result) await result;
      } catch (error) {
        // The next event or position check finds the same gap and repairs it.
        this.#app.log.fault("feed.failed", error, { room: this.room });
      }
    }
    this.#isRunning = false;
  }
}

/** The feeds of all rooms that have subscribers on this process. */
export class RoomFeeds {
  readonly #app: FeedNeeds;
  readonly #feeds = new Map<RoomId, RoomFeed>();
  /** When feeds were first found without subscribers, by `performance.now()`. */
  readonly #idleSince = new Map<RoomId, number>();

  constructor(app: FeedNeeds) {
    this.#app = app;
  }

  get #recentMax(): number {
    return Math.min(recentEventsMax, Math.floor(recentOfAllMax / 2 / this.#feeds.size));
  }

  /** The room's feed, created if there is none. It is dropped when it has had no subscribers for a while. */
  open(room: RoomId): RoomFeed {
    let feed = this.#feeds.get(room);
    if (!feed) {
      feed = new RoomFeed(this.#app, room, { recentMax: () => this.#recentMax });
      this.#feeds.set(room, feed);
    }
    return feed;
  }

  find(room: RoomId): RoomFeed | undefined {
    return this.#feeds.get(room);
  }

  all(): Iterable<RoomFeed> {
    return this.#feeds.values();
  }

  /** Detaches a subscriber from all rooms that it receives. */
  detach(subscriber: Subscriber & { readonly rooms: ReadonlySet<RoomId> }): void {
    for (const room of [...subscriber.rooms]) this.#feeds.get(room)?.detach(subscriber);
  }

  /**
   * Drops feeds that nobody has received for a while. Not at once: when all connections are lost together, they come back within
   * seconds, and are sent what they missed from memory.
   */
  #dropIdle(): void {
    const now = performance.now();
    let kept = 0;
    for (const [room, feed] of [...this.#feeds].reverse()) {
      if (!feed.isIdle) {
        this.#idleSince.delete(room);
        continue;
      }
      const since = this.#idleSince.get(room) ?? now;
      this.#idleSince.set(room, since);
      kept += 1;
      if (now - since < keepIdleMs && kept <= keptIdleMax) continue;
      this.#feeds.delete(room);
      this.#idleSince.delete(room);
    }
  }

  /** Compares every open room with the log, in one query. Called regularly, and when the bus may have lost messages. */
  async checkPositions(): Promise<void> {
    this.#dropIdle();
    if (this.#feeds.size === 0) return;
    for (const feed of this.#feeds.values()) feed.trim();
    const positions = new Map([...this.#feeds.values()].map(({ room, position }) => [room, position]));
    const asked = [...positions].map(([room, position]) => ({ room, ...position }));
    for (const found of await readLogPositions(this.#app.db.sql, asked))
      this.#feeds.get(found.room)?.checkPosition(found, positions.get(found.room)!);
  }
}
