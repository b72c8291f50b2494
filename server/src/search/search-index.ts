import { mkdirSync, rmSync } from "node:fs";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Bus } from "../bus/bus.ts";
import { type Database, isDatabaseAway } from "../db/database.ts";
import { every, type Repeating } from "../lib/every.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Log } from "../log/log.ts";
import { readLogPositions } from "../rooms/queries.ts";
import type { IndexQuery, IndexResult } from "./index-parts.ts";
import { type Answer, type IndexRequest, IndexThread } from "./index-thread.ts";
import type { Opened } from "./index-worker.ts";
import type { MatchRequest, MatchResult } from "./match-messages.ts";
import { type LogSize, listErased, listHeads, readChanges, readLogSize } from "./queries.ts";

type Needs = {
  db: Database;
  bus: Bus;
  log: Log;
  epoch: string;
  indexFolder: string;
  /** How many processes of this machine have an index in the folder. */
  processes: number;
  /** Turned off, an index that was made before is removed. */
  isOn: boolean;
};

const lookEveryMs = 2000;
/** What is sent within this time is indexed together. */
const gatherMs = 100;
const batchEvents = 1000;
const batchRooms = 50;
const positionsAtOnce = 1000;
/** From so many events a second on, the index waits for the people who write. */
const busyEventsPerSecond = 100;
/** How long the index rests after a batch, as a multiple of the time that the batch took. */
const restWhenBusy = 40;
/** Without a rest, messages that come one by one are as many batches, which cost the people who write more than their words. */
const restOtherwise = 10;
const restWhileBuilding = 0.25;
/** Behind by more than this at the start, it says how far it is. */
const buildingFrom = 2000;
const logProgressEveryMs = 10_000;
/** After a failure it waits a moment, twice as long each time, until it went well for a while. */
const waitFirstMs = 100;
const waitMostMs = 30_000;
const wellAfterMs = 10_000;
const restMostMs = 2000;
const restMostWhenBusyMs = 10_000;
/** How often it looks whether it is still busy. */
const restStepMs = 500;
const closeWithinMs = 1000;
const goneWithinMs = 10_000;
/** How long a search waits for an index that is being opened. */
const openWithinMs = 3000;

/**
 * The index of this process. It follows the logs of all rooms as they are in the database, on nobody's way: nothing waits for
 * it, and what it missed it reads later. It is a copy: a lost one is made anew, and no backup needs it.
 */
export class SearchIndex {
  readonly #app: Needs;
  #thread: IndexThread | null = null;
  #opened = Promise.withResolvers<IndexThread>();
  /** Resolves when the thread before is gone. */
  #previous: Promise<void> = Promise.resolve();
  #follower: Repeating | null = null;
  #gathering: Timer | null = null;
  #stopListening: () => void = () => {};
  /** How far each room's log goes, as far as is known, and how far it is indexed. */
  readonly #heads = new Map<RoomId, number>();
  readonly #indexed = new Map<RoomId, number>();
  #erased = new Set<AccountId>();
  #size: LogSize = { rooms: 0, events: 0, erased: 0 };
  readonly #behind = new Set<RoomId>();
  #indexedEvents = 0;
  #messages = 0;
  #isBuilding = true;
  /** The events of all rooms, as far as this process knows. */
  #knownEvents = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #heard = { events: 0, since: 0 };
  #loggedAt = 0;
  #failures = 0;
  #openedAt = 0;
  #waitsUntil = 0;
  #isStopped = false;
  readonly #stopped = Promise.withResolvers<void>();

  constructor(app: Needs) {
    this.#app = app;
  }

  start(): void {
    const { bus, log, indexFolder, isOn } = this.#app;
    if (!isOn) {
      // Words of messages that are deleted from now on would stay in it.
      rmSync(indexFolder, { recursive: true, force: true });
      return;
    }
    const stopEvents = bus.on("events", ({ room, events }) =>
      this.#hear(room, events.at(-1)!.seq, events.length),
    );
    const stopRewrites = bus.on("history_rewritten", () => this.#soon());
    this.#stopListening = () => {
      stopEvents();
      stopRewrites();
    };
    this.#follower = every(log, "search.index_failed", lookEveryMs, () => this.#follow());
    void this.#follower.run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopped.resolve();
    this.#stopListening();
    if (this.#gathering) clearTimeout(this.#gathering);
    await this.#follower?.stop();
    const closed = this.#thread?.ask({ kind: "close" }).catch(() => {});
    await Promise.race([closed, Bun.sleep(closeWithinMs)]);
    this.#thread?.kill();
  }

  /** For the operator: how far the index is, and how many messages it has. */
  get status(): { kind: "off" | "away" | "building" | "ready"; part: number; messages: number } {
    const open = this.#isBuilding ? "building" : "ready";
    const kind = !this.#app.isOn ? "off" : this.#thread ? open : "away";
    return { kind, part: this.progress ?? 1, messages: this.#messages };
  }

  /** How many events of the rooms' logs are not indexed yet. */
  get lag(): number {
    return this.#app.isOn ? Math.max(0, this.#knownEvents - this.#indexedEvents) : 0;
  }

  /** Which part of all messages can be found, from 0 to 1; null if that is all of them, but for the newest. */
  get progress(): number | null {
    if (!this.#isBuilding) return null;
    return this.#size.events === 0 ? 0 : Math.min(1, this.#indexedEvents / this.#size.events);
  }

  /**
   * Returns what fits, newest first or best first. Refuses with `unavailable` if the index does not open in time, and where
   * there is none.
   */
  search(query: IndexQuery): Promise<IndexResult> {
    return this.#ask({ kind: "search", query });
  }

  /** Compares messages with a query, in the index's thread: long texts take a while. Refuses as {@link search} does. */
  match(request: MatchRequest): Promise<MatchResult> {
    return this.#ask({ kind: "match", request });
  }

  async #ask<R extends IndexRequest>(request: R): Promise<Answer<R>> {
    if (!this.#app.isOn) throw new Refusal("unavailable", (t) => t.searchOff);
    const deadline = performance.now() + openWithinMs;
    while (performance.now() < deadline) {
      const isLate = () => Bun.sleep(openWithinMs).then(() => null);
      const thread = this.#thread ?? (await Promise.race([this.#opened.promise, isLate()]));
      if (!thread) break;
      try {
        return await thread.ask(request);
      } catch (error) {
        if (!thread.hasEnded) throw error;
        this.#forget(thread);
      }
    }
    throw new Refusal("unavailable", (t) => t.searchAway, { retryInMs: lookEveryMs });
  }

  /** Resolves when everything that the database holds now is indexed. For tests and measurements. */
  async caughtUp(): Promise<void> {
    do {
      this.#lookedAt = Number.NEGATIVE_INFINITY;
      await this.#follower?.run();
      await Bun.sleep(10);
    } while (!this.#isStopped && (this.#thread === null || this.#behind.size > 0));
  }

  /** Ends the thread of the index as a crash would. For tests. */
  crash(): void {
    this.#thread?.kill();
  }

  #hear(room: RoomId, head: number, events: number): void {
    this.#heard.events += events;
    if ((this.#heads.get(room) ?? 0) >= head) return;
    this.#setHead(room, head);
    this.#soon();
  }

  #soon(): void {
    if (this.#isStopped) return;
    this.#gathering ??= setTimeout(() => {
      this.#gathering = null;
      void this.#follower?.run();
    }, gatherMs);
  }

  #setHead(room: RoomId, head: number): void {
    this.#knownEvents += head - (this.#heads.get(room) ?? 0);
    this.#heads.set(room, head);
    if (head > (this.#indexed.get(room) ?? 0)) this.#behind.add(room);
    else this.#behind.delete(room);
  }

  #setIndexed(room: RoomId, seq: number): void {
    this.#indexedEvents += seq - (this.#indexed.get(room) ?? 0);
    this.#indexed.set(room, seq);
    this.#setHead(room, Math.max(seq, this.#heads.get(room) ?? 0));
  }

  async #follow(): Promise<void> {
    if (performance.now() < this.#waitsUntil) return;
    const thread = await this.#open();
    if (!thread) return;
    try {
      do {
        if (performance.now() - this.#lookedAt >= lookEveryMs) await this.#look(thread);
        if (this.#behind.size > 0) await this.#indexBatch(thread);
      } while (this.#behind.size > 0 && !this.#isStopped);
    } catch (error) {
      if (this.#isStopped) return;
      // One that can't be written, for want of space on the disk, can still be searched.
      if (thread.hasEnded) this.#forget(thread);
      else if (!isDatabaseAway(error)) this.#wait();
      throw error;
    }
    if (!this.#isBuilding || this.#behind.size > 0) return;
    this.#isBuilding = false;
    this.#app.log.info("search.indexed", { events: this.#indexedEvents });
  }

  /** Leaves the index alone for a moment after a failure. */
  #wait(): void {
    if (performance.now() - this.#openedAt > wellAfterMs) this.#failures = 0;
    this.#waitsUntil = performance.now() + Math.min(waitMostMs, waitFirstMs * 2 ** this.#failures);
    this.#failures += 1;
  }

  /** A thread that ended is replaced by another one. */
  #forget(thread: IndexThread): void {
    if (this.#thread !== thread) return;
    this.#thread = null;
    this.#opened = Promise.withResolvers();
    this.#wait();
    setTimeout(() => this.#soon(), this.#waitsUntil - performance.now());
    // Until it is gone, its file is in use.
    this.#previous = Promise.race([thread.gone.promise, Bun.sleep(goneWithinMs)]);
  }

  /** The thread, started anew if it ended. Null while it can't be. */
  async #open(): Promise<IndexThread | null> {
    if (this.#thread && !this.#thread.hasEnded) return this.#thread;
    if (this.#thread) {
      this.#forget(this.#thread);
      return null;
    }
    const { epoch, indexFolder, log } = this.#app;
    await this.#previous;
    const thread = new IndexThread();
    try {
      mkdirSync(indexFolder, { recursive: true, mode: 0o700 });
      const opened = await thread.ask({
        kind: "open",
        folder: indexFolder,
        epoch,
        processes: this.#app.processes,
      });
      log.info("search.opened", { messages: opened.messages, words: opened.words });
      await this.#take(thread, opened);
    } catch (error) {
      thread.kill();
      if (!isDatabaseAway(error)) this.#wait();
      this.#previous = Promise.race([thread.gone.promise, Bun.sleep(goneWithinMs)]);
      throw error;
    }
    this.#openedAt = performance.now();
    this.#thread = thread;
    this.#opened.resolve(thread);
    return thread;
  }

  /** Compares an index that was opened with the database. */
  async #take(thread: IndexThread, { positions, erased, messages }: Opened): Promise<void> {
    const { sql } = this.#app.db;
    const known = new Set(await listErased(sql));
    // The database went back to an older copy, in which this person has messages again.
    const isOlder = erased.some((sender) => !known.has(sender));
    if (isOlder) await thread.ask({ kind: "reset", epoch: this.#app.epoch });
    this.#messages = isOlder ? 0 : messages;
    this.#erased = new Set(isOlder ? [] : erased);
    this.#heads.clear();
    this.#indexed.clear();
    this.#behind.clear();
    this.#indexedEvents = 0;
    this.#knownEvents = 0;
    const kept = isOlder ? [] : positions;
    for (let from = 0; from < kept.length; from += positionsAtOnce) {
      const part = kept.slice(from, from + positionsAtOnce);
      const found = new Map(
        (
          await readLogPositions(
            sql,
            part.map((position) => ({ ...position, afterSeq: position.seq })),
          )
        ).map((position) => [position.room, position]),
      );
      for (const { room, seq, at } of part) {
        this.#setIndexed(room, seq);
        // Its log is another one now.
        if (seq > 0 && found.get(room)?.at !== at) await this.#startAnew(thread, room);
      }
    }
    await this.#look(thread);
    this.#isBuilding = this.#knownEvents - this.#indexedEvents > buildingFrom;
  }

  /** Finds out which rooms have events that this process was not told of, and whose messages were erased. */
  async #look(thread: IndexThread): Promise<void> {
    const { sql } = this.#app.db;
    const size = await readLogSize(sql);
    this.#lookedAt = performance.now();
    this.#size = size;
    if (size.events !== this.#knownEvents || size.rooms !== this.#heads.size)
      for (const { room, headSeq } of await listHeads(sql)) await this.#see(thread, room, headSeq);
    if (size.erased === this.#erased.size) return;
    for (const sender of await listErased(sql)) {
      if (this.#erased.has(sender)) continue;
      // In parts, so that searches are answered in between.
      while (!(await thread.ask({ kind: "erase_sender", sender })) && !this.#isStopped);
      if (!this.#isStopped) this.#erased.add(sender);
    }
  }

  async #see(thread: IndexThread, room: RoomId, headSeq: number): Promise<void> {
    if (headSeq < (this.#indexed.get(room) ?? 0)) await this.#startAnew(thread, room);
    this.#setHead(room, headSeq);
  }

  async #startAnew(thread: IndexThread, room: RoomId): Promise<void> {
    this.#app.log.warn("search.log_replaced", { room });
    while (!(await thread.ask({ kind: "forget_room", room })) && !this.#isStopped);
    this.#setIndexed(room, 0);
  }

  async #indexBatch(thread: IndexThread): Promise<void> {
    const { db, log } = this.#app;
    const rooms = [...this.#behind].slice(0, batchRooms);
    const started = performance.now();
    const positions = rooms.map((room) => ({ room, seq: this.#indexed.get(room) ?? 0 }));
    const batch = await readChanges(db.sql, positions, { perRoom: Math.ceil(batchEvents / rooms.length) });
    const applied = await thread.ask({ kind: "apply", batch });
    for (const { room, seq } of applied.positions) this.#setIndexed(room, seq);
    this.#messages = applied.messages;
    for (const room of applied.stale) await this.#startAnew(thread, room);
    // The bus announced events that the database does not have; the next comparison corrects it.
    const moved = new Set([...applied.positions.map(({ room }) => room), ...applied.stale]);
    for (const { room, seq } of positions) if (!moved.has(room)) this.#setHead(room, seq);
    // Those that are still behind come after the others.
    for (const room of rooms) if (this.#behind.delete(room)) this.#behind.add(room);
    const now = performance.now();
    if (this.#isBuilding && now - this.#loggedAt > logProgressEveryMs) {
      this.#loggedAt = now;
      log.info("search.indexing", { events: this.#indexedEvents, of: this.#size.events });
    }
    await this.#rest(now - started);
  }

  /** Rests after a batch that took so long. */
  async #rest(tookMs: number): Promise<void> {
    const from = performance.now();
    const restedMs = () => performance.now() - from;
    while (
      this.#isBusy() &&
      restedMs() < Math.min(restMostWhenBusyMs, tookMs * restWhenBusy) &&
      !this.#isStopped
    )
      await Promise.race([this.#stopped.promise, Bun.sleep(restStepMs)]);
    const rest = Math.min(restMostMs, tookMs * (this.#isBuilding ? restWhileBuilding : restOtherwise));
    if (restedMs() < rest) await Promise.race([this.#stopped.promise, Bun.sleep(rest - restedMs())]);
  }

  #isBusy(): boolean {
    const now = performance.now();
    const seconds = (now - this.#heard.since) / 1000;
    const isBusy = this.#heard.events / Math.max(seconds, 0.05) > busyEventsPerSecond;
    if (seconds > 1) this.#heard = { events: 0, since: now };
    return isBusy;
  }
}
