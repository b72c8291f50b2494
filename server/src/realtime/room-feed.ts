import { toTimelineEntry } from "@novax/protocol/apply-event";
import { type BasicMessage, toBasicMessage } from "@novax/protocol/basic";
import type { EventsFrame, RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { eventsFrameBytesMax, historyMessagesMax, resumeEventsMax } from "@novax/protocol/limits";
import type { Signal } from "@novax/protocol/signals";
import type { Database } from "../db/database.ts";
import { readEventsAfter } from "../events/queries.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Log } from "../log/log.ts";
import { readNewestMessagesUpTo } from "../messages/queries.ts";
import type { Presence } from "../presence/presence.ts";
import { readHeads } from "../rooms/queries.ts";
import { requireMembership } from "../rooms/require-membership.ts";
import type { BasicConnection, Connection, NovaxConnection } from "./connection.ts";

export type FeedNeeds = {
  db: Database;
  log: Log;
  epoch: string;
  /** Sends one frame to every socket subscribed to the topic. */
  publishToSockets: (topic: string, frame: string) => void;
  presence: Pick<Presence, "joined" | "removed">;
};

const recentEventsMax = 512;
const catchUpPage = 500;
/** A replay must fit the send buffer of a reader on a slow line; up to three bytes a character. */
const replayCharsMax = 200_000;

/**
 * One room's events on their way to this process's sockets.
 *
 * Guarantees, per connection: every event after the one it attached at, once, in the order of `seq`, until the room is
 * left; nothing recorded after the member's removal. What the bus lost, doubled or reordered is read from the log.
 *
 * All changes run one after the other in the feed's own queue, so an event can be neither missed nor doubled between
 * a replay and the live stream.
 */
export class RoomFeed {
  readonly room: RoomId;
  readonly #app: FeedNeeds;
  readonly #topic: string;
  readonly #connections = new Set<Connection>();
  readonly #basicConnections = new Set<BasicConnection>();
  readonly #jobs: (() => Promise<void> | void)[] = [];
  #isRunning = false;
  /** The last event delivered; null until the first connection attaches. */
  #last: number | null = null;
  /** The newest events, contiguous, ending at `#last`: a resume of those needs no query. */
  #recent: RoomEvent[] = [];

  constructor(app: FeedNeeds, room: RoomId) {
    this.#app = app;
    this.room = room;
    this.#topic = `room:${room}`;
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  get isIdle(): boolean {
    return this.#connections.size === 0 && !this.#isRunning;
  }

  /** Takes committed events, in whatever order and however often they come. */
  offer(events: readonly RoomEvent[]): void {
    this.#enqueue(() => this.#accept(events));
  }

  /** Reads what is missing, if the room's log goes on after what was delivered. */
  checkPosition(headSeq: number): void {
    this.#enqueue(() => (this.#last !== null && headSeq > this.#last ? this.#catchUp() : undefined));
  }

  /** A passing state; lost where nobody is attached. */
  signal(signal: Signal): void {
    if (this.#connections.size > 0) this.#app.publishToSockets(viewTopic(this.room), JSON.stringify(signal));
  }

  /**
   * Lets a connection receive the room from `afterSeq` on, replaying what it missed; too far back, or from another
   * epoch, it is told to start afresh, from the head. Refuses with `not_found` whoever is no member.
   */
  attach(connection: NovaxConnection, afterSeq: number, epoch: string): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#connections.has(connection)) return;
      const { room } = await requireMembership(this.#app.db.sql, connection.actor, this.room);
      await this.#attach(connection, room.headSeq, afterSeq, epoch);
    });
  }

  /**
   * As {@link attach}, for whoever was a member when the room's log ended at `headSeq`: of many rooms at once that is one
   * query. `begin` is called before the first frame, where there is one. Resolves with whether it receives the room.
   */
  async attachMember(
    connection: NovaxConnection,
    headSeq: number,
    { afterSeq, epoch, begin }: { afterSeq: number; epoch: string; begin?: (() => void) | undefined },
  ): Promise<boolean> {
    await this.#inTurn(async () => {
      if (this.#connections.has(connection) || !connection.isOpen) return;
      await this.#attach(connection, headSeq, afterSeq, epoch, begin);
    }).catch((error: unknown) => {
      // Taken out of it meanwhile: it is as if they had not been in it.
      if (!(error instanceof Refusal)) throw error;
    });
    return this.#connections.has(connection);
  }

  async #attach(
    connection: NovaxConnection,
    headSeq: number,
    afterSeq: number,
    epoch: string,
    begin?: () => void,
  ): Promise<void> {
    const last = await this.#start(connection, headSeq);
    begin?.();
    const isInReach = epoch === this.#app.epoch && afterSeq <= last && last - afterSeq <= resumeEventsMax;
    const frames = isInReach ? encodeFrames(this.room, await this.#read(afterSeq, last)) : [];
    const size = frames.reduce((sum, frame) => sum + frame.length, 0);
    if (isInReach && size <= replayCharsMax) {
      for (const frame of frames) connection.sendText(frame);
    } else {
      connection.send({ type: "resync", room: this.room, epoch: this.#app.epoch, headSeq: last });
    }
    if (this.#admit(connection)) connection.subscribe(this.#topic);
  }

  /** As {@link attach}, for a basic client: its newest messages as `history`, then each new one. */
  attachBasic(connection: BasicConnection): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#connections.has(connection)) return;
      const { room } = await requireMembership(this.#app.db.sql, connection.actor, this.room);
      const last = await this.#start(connection, room.headSeq);
      const messages = await readNewestMessagesUpTo(this.#app.db.sql, this.room, last, historyMessagesMax);
      connection.send({ type: "history", messages });
      if (this.#admit(connection)) this.#basicConnections.add(connection);
    });
  }

  detach(connection: Connection): void {
    if (!this.#connections.delete(connection)) return;
    connection.rooms.delete(this.room);
    if (connection.protocol === "basic") {
      this.#basicConnections.delete(connection);
      return;
    }
    connection.unsubscribe(this.#topic);
    connection.leftRoom(this.room);
  }

  /**
   * Where the room stands, as far as those who receive it know. Whoever was a member when its log ended at `headSeq` may
   * have been removed by what was delivered since, and nobody was there to be expelled: then the membership is asked for
   * again. What removes them after that finds them among the connections.
   */
  async #start(connection: Connection, headSeq: number): Promise<number> {
    if (this.#last === null) this.#last = headSeq;
    // The log may be ahead of what was delivered; those in the room get the same events by the same way.
    else if (headSeq > this.#last) await this.#catchUp();
    if (this.#last > headSeq) await requireMembership(this.#app.db.sql, connection.actor, this.room);
    return this.#last;
  }

  /** Forgets what it kept for resumes: what it says has changed where it stands. */
  forgetRecent(): void {
    this.#enqueue(() => {
      this.#recent = [];
    });
  }

  #admit(connection: Connection): boolean {
    if (!connection.isOpen) return false;
    this.#connections.add(connection);
    connection.rooms.add(this.room);
    return true;
  }

  async #read(afterSeq: number, last: number): Promise<RoomEvent[]> {
    if (afterSeq >= last) return [];
    const firstRecent = this.#recent[0]?.seq ?? Number.POSITIVE_INFINITY;
    if (firstRecent <= afterSeq + 1) return this.#recent.slice(afterSeq + 1 - firstRecent);
    const events = await readEventsAfter(this.#app.db.sql, this.room, afterSeq, resumeEventsMax);
    return events.filter((event) => event.seq <= last);
  }

  #accept(events: readonly RoomEvent[]): Promise<void> | void {
    const last = this.#last;
    const first = events[0];
    if (last === null || !first) return;
    if (first.seq > last + 1) return this.#catchUp();
    const fresh = first.seq === last + 1 ? events : events.filter((event) => event.seq > last);
    if (fresh.length > 0) this.#deliver(fresh);
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      const events = await readEventsAfter(this.#app.db.sql, this.room, this.#last ?? 0, catchUpPage);
      if (events.length > 0) this.#deliver(events);
      if (events.length < catchUpPage) return;
    }
  }

  #deliver(events: readonly RoomEvent[]): void {
    this.#last = events.at(-1)!.seq;
    this.#recent.push(...events);
    if (this.#recent.length > recentEventsMax * 2) this.#recent = this.#recent.slice(-recentEventsMax);
    // What was said before it was edited or deleted must not be said again to whoever comes later.
    const rewriting = this.#recent.findLastIndex(
      ({ type }) => type === "message.edited" || type === "message.deleted",
    );
    if (rewriting >= 0) this.#recent = this.#recent.slice(rewriting + 1);
    // A removal ends a part: what follows it must not reach the removed member.
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
    if (this.#connections.size > this.#basicConnections.size) {
      for (const frame of encodeFrames(this.room, events)) this.#app.publishToSockets(this.#topic, frame);
    }
    if (this.#basicConnections.size > 0) for (const event of events) this.#sendBasic(event);
  }

  #sendBasic(event: RoomEvent): void {
    const entry = toTimelineEntry(event);
    if (entry?.kind !== "message" || entry.body.kind === "deleted") return;
    const frame = JSON.stringify(toBasicMessage(entry) satisfies BasicMessage);
    for (const connection of this.#basicConnections) {
      if (!connection.sentIds.delete(entry.sendId)) connection.sendText(frame);
    }
  }

  #expel(member: AccountId): void {
    for (const connection of [...this.#connections]) {
      if (connection.actor.id !== member) continue;
      this.detach(connection);
      if (connection.protocol === "novax.v1") connection.send({ type: "room.left", room: this.room });
    }
  }

  #inTurn(job: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#enqueue(() => job().then(resolve, reject));
    });
  }

  #enqueue(job: () => Promise<void> | void): void {
    this.#jobs.push(job);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) {
      try {
        const result = job();
        // Delivering does not wait for anything, so a message leaves in the same turn as its commit is known.
        if (result) await result;
      } catch (error) {
        // The next event or position check finds the same gap and tries again.
        this.#app.log.fault("feed.failed", error, { room: this.room });
      }
    }
    this.#isRunning = false;
  }
}

/** Who looks at a room hears who is there and who types; everybody in it hears what happens. */
export function viewTopic(room: RoomId): string {
  return `view:${room}`;
}

/** Contiguous events as frames of at most about {@link eventsFrameBytesMax}. */
function encodeFrames(room: RoomId, events: readonly RoomEvent[]): string[] {
  const frames: string[] = [];
  let parts: string[] = [];
  let size = 0;
  let from = 0;
  const finish = (to: number) => {
    const head = { type: "events", room, from, to } satisfies Omit<EventsFrame, "events">;
    frames.push(`${JSON.stringify(head).slice(0, -1)},"events":[${parts.join(",")}]}`);
    parts = [];
    size = 0;
  };
  for (const event of events) {
    const part = JSON.stringify(event);
    if (size > 0 && size + part.length > eventsFrameBytesMax) finish(event.seq - 1);
    if (size === 0) from = event.seq;
    parts.push(part);
    size += part.length + 1;
  }
  if (parts.length > 0) finish(events.at(-1)!.seq);
  return frames;
}

/** The feeds of all rooms somebody on this process is attached to. */
export class RoomFeeds {
  readonly #app: FeedNeeds;
  readonly #feeds = new Map<RoomId, RoomFeed>();

  constructor(app: FeedNeeds) {
    this.#app = app;
  }

  /** The room's feed, made new where there is none; it ends when nobody is attached any more. */
  open(room: RoomId): RoomFeed {
    let feed = this.#feeds.get(room);
    if (!feed) {
      feed = new RoomFeed(this.#app, room);
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

  detach(connection: Connection): void {
    for (const room of [...connection.rooms]) this.#feeds.get(room)?.detach(connection);
    this.dropIdle();
  }

  dropIdle(): void {
    for (const [room, feed] of this.#feeds) if (feed.isIdle) this.#feeds.delete(room);
  }

  /** Compares every open room with the log, in one query. Called every few seconds, and when the bus is in doubt. */
  async checkPositions(): Promise<void> {
    this.dropIdle();
    if (this.#feeds.size === 0) return;
    const heads = await readHeads(this.#app.db.sql, [...this.#feeds.keys()]);
    for (const [room, headSeq] of heads) this.#feeds.get(room)?.checkPosition(headSeq);
  }
}
