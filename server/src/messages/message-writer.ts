import type { EventOf } from "@novax/protocol/events";
import type { RoomId } from "@novax/protocol/ids";
import type { BusMessage } from "../bus/bus.ts";
import {
  answerWithinMs,
  isDatabaseAway,
  isDeadlock,
  isLockTimeout,
  isStorageFull,
  type Sql,
} from "../db/database.ts";
import { assertCallerWaits, callerWaitsUntil, forEverybody } from "../lib/caller.ts";
import { Refusal } from "../lib/refusal.ts";
import { commitMessages, commitSeconds, messagesSent } from "../metrics/metrics.ts";
import { type TransactionNeeds, transact } from "../transaction/transact.ts";
import type { MessageDraft } from "./draft.ts";
import { explainRefusal } from "./explain-refusal.ts";
import { type InsertOutcome, insertMessages, type RoomDraft } from "./queries.ts";
import { SendQueue, type Sent, type Waiting } from "./send-queue.ts";
import type { SendStep, SharedStep, WrittenMessage } from "./send-step.ts";

export type WriterNeeds = TransactionNeeds & {
  sendSteps: readonly SendStep[];
  sharedSteps: readonly SharedStep[];
};

const batchMax = 512;
/** A commit that takes longer than this is not waited for by the others: another one goes on beside it. */
const slowMs = 10;
const sharedMax = 4;
/** So many rooms that are written to by themselves at once: they may wait, and the others need connections too. */
const aloneMax = 6;
/** A commit takes less than this after its last statement. */
const commitMs = 500;
const expireEveryMs = 500;

/**
 * Writes messages. What arrives during a commit goes into the next one, of all rooms, without a timer: a single message is
 * written immediately, and a thousand at once cost little more than one. Messages that steps concern are written in a
 * transaction of their room, and so are those of a room that something else has locked: nobody else waits for them.
 *
 * Guarantees: a send resolves only after its commit; events are published after the commit, in the order of `seq`; a
 * refused draft does not affect the others; the same `sendId` from the same sender is one message.
 */
export class MessageWriter {
  readonly #app: WriterNeeds;
  readonly #queue = new SendQueue();
  /** When the shared commits under way began, by `performance.now()`. */
  readonly #shared: number[] = [];
  /** How many commits of one room alone are under way. */
  #alone = 0;
  /** Lets the next shared commit begin although one before is not done. */
  #impatience: Timer | undefined;
  /** Runs while anything waits, and once more. */
  #expiry: Timer | undefined;

  constructor(app: WriterNeeds) {
    this.#app = app;
  }

  /** How many rooms are being written to. */
  get size(): number {
    return this.#queue.size;
  }

  /**
   * Resolves when the message is committed. Refuses as `sendMessage` does; with `unavailable` also if that takes longer than
   * `answerWithinMs`.
   */
  send(room: RoomId, draft: MessageDraft): Promise<Sent> {
    return new Promise((resolve, reject) => {
      assertCallerWaits();
      const isAlone = this.#app.sendSteps.some((step) => step.concerns(draft));
      const expiresAt = Math.min(performance.now() + answerWithinMs, callerWaitsUntil());
      this.#queue.add({ room, draft, isAlone, expiresAt, resolve, reject });
      this.#expiry ??= setInterval(() => this.#expire(), expireEveryMs);
      forEverybody(() => this.#start());
    });
  }

  #start(): void {
    while (this.#alone < aloneMax) {
      const batch = this.#queue.takeAlone(batchMax);
      if (batch.length === 0) break;
      this.#alone += 1;
      void this.#write(batch, { isAlone: true }).finally(() => {
        this.#alone -= 1;
        this.#start();
      });
    }
    clearTimeout(this.#impatience);
    while (this.#queue.hasTogether) {
      const waitMs = this.#sharedWaitMs();
      if (waitMs > 0) {
        if (Number.isFinite(waitMs)) this.#impatience = setTimeout(() => this.#start(), waitMs);
        return;
      }
      const begunAt = performance.now();
      this.#shared.push(begunAt);
      void this.#write(this.#queue.takeTogether(batchMax), { isAlone: false }).finally(() => {
        this.#shared.splice(this.#shared.indexOf(begunAt), 1);
        this.#start();
      });
    }
  }

  /** How long the next shared commit has to wait for those before it. */
  #sharedWaitMs(): number {
    const last = this.#shared.at(-1);
    if (last === undefined) return 0;
    return this.#shared.length < sharedMax ? Math.max(0, last + slowMs - performance.now()) : Infinity;
  }

  async #write(batch: readonly Waiting[], { isAlone }: { isAlone: boolean }): Promise<void> {
    let again: readonly Waiting[] = [];
    try {
      const outcomes = await this.#commit(batch, { isAlone }).catch((error: unknown) => {
        // The database breaks a circle of transactions that wait for each other by ending one of them, which may be this.
        if (!isDeadlock(error)) throw error;
        return this.#commit(batch, { isAlone });
      });
      again = this.#answer(batch, outcomes);
    } catch (error) {
      // Whatever it is: the messages of one room must not fail because of another one.
      const isOfAll = isAlone || isStorageFull(error) || (isDatabaseAway(error) && !isLockTimeout(error));
      if (isOfAll) for (const waiting of batch) waiting.reject(error);
      else again = batch;
    }
    const now = performance.now();
    this.#queue.putBack(again.filter((waiting) => waiting.expiresAt > now));
    // What is refused must not be written later.
    for (const waiting of again) if (waiting.expiresAt <= now) waiting.reject(unanswered());
    const held = new Set(again.map(({ room }) => room));
    for (const room of new Set(batch.map((waiting) => waiting.room)))
      this.#queue.release(room, { isFree: !held.has(room) });
  }

  async #commit(batch: readonly Waiting[], { isAlone }: { isAlone: boolean }): Promise<InsertOutcome[]> {
    const endTimer = commitSeconds.startTimer({ alone: String(isAlone) });
    const outcomes = await this.#insert(batch, { isAlone });
    endTimer();
    commitMessages.observe(batch.length);
    messagesSent.inc(outcomes.filter(({ outcome }) => outcome === "sent").length);
    return outcomes;
  }

  async #insert(batch: readonly Waiting[], { isAlone }: { isAlone: boolean }): Promise<InsertOutcome[]> {
    const now = this.#app.clock.now();
    // Before the first of their senders is refused, so that nothing that was refused is written.
    const expiresAt = Math.min(...batch.map((waiting) => waiting.expiresAt));
    const withinMs = Math.floor(expiresAt - performance.now()) - commitMs;
    const insert = (sql: Sql) => insertMessages(sql, batch, { now, waits: isAlone, withinMs });
    const { db, bus, sendSteps, sharedSteps } = this.#app;
    const steps = sendSteps.filter((step) => isAlone && batch.some(({ draft }) => step.concerns(draft)));
    const together = sharedSteps.filter((step) => step.isNeeded());
    if (steps.length + together.length === 0) {
      const outcomes = await insert(db.sql);
      for (const written of toWritten(batch, outcomes)) bus.publish(toBusMessage(written));
      return outcomes;
    }
    return transact(this.#app, async ({ sql, publishAfterCommit, queue }) => {
      const outcomes = await insert(sql);
      const rooms = toWritten(batch, outcomes);
      for (const written of rooms)
        for (const step of steps) await step.run({ sql, publishAfterCommit, queue, now, ...written });
      // At once, so that they cost one round trip: the rooms are locked meanwhile.
      if (rooms.length > 0) await Promise.all(together.map((step) => step.run({ sql, queue, now, rooms })));
      for (const written of rooms) publishAfterCommit(toBusMessage(written));
      return outcomes;
    });
  }

  /** Tells the senders. Returns the messages that could not be looked at. */
  #answer(batch: readonly Waiting[], outcomes: readonly InsertOutcome[]): Waiting[] {
    const byIndex = new Map(outcomes.map((row) => [row.index, row]));
    return batch.filter((waiting, index) => {
      const row = byIndex.get(index);
      if (row?.outcome === "held") return true;
      if (row) waiting.resolve({ kind: row.outcome === "sent" ? "sent" : "duplicate", seq: row.seq });
      else explainRefusal(this.#app, waiting.room, waiting.draft).then(waiting.reject, waiting.reject);
      return false;
    });
  }

  #expire(): void {
    if (this.#queue.size === 0) {
      clearInterval(this.#expiry);
      this.#expiry = undefined;
    }
    for (const waiting of this.#queue.expire(performance.now())) waiting.reject(unanswered());
  }
}

function unanswered(): Refusal {
  return new Refusal("unavailable", (t) => t.databaseAway, { retryInMs: 2000 });
}

type Written = { room: RoomId; messages: WrittenMessage[] };

/** Returns the messages that were inserted, by room in the order of the ids. */
function toWritten(batch: readonly RoomDraft[], outcomes: readonly InsertOutcome[]): Written[] {
  const rooms = new Map<RoomId, WrittenMessage[]>();
  for (const row of outcomes) {
    if (row.outcome !== "sent") continue;
    const { room, draft } = batch[row.index]!;
    const message = { ...draft, seq: row.seq, event: toEvent(draft, row) };
    const messages = rooms.get(room);
    if (messages) messages.push(message);
    else rooms.set(room, [message]);
  }
  return [...rooms]
    .map(([room, messages]) => ({ room, messages: messages.sort((a, b) => a.seq - b.seq) }))
    .sort((a, b) => (a.room < b.room ? -1 : 1));
}

function toEvent(
  draft: MessageDraft,
  { seq, sentAt }: { seq: number; sentAt: number },
): EventOf<"message.sent"> {
  return {
    seq,
    at: sentAt,
    actor: draft.sender,
    type: "message.sent",
    sendId: draft.sendId,
    body: draft.body,
    ...(draft.threadRoot === null ? {} : { threadRoot: draft.threadRoot, replies: 0 }),
    ...(draft.mentionsEveryone ? { mentionsEveryone: true } : {}),
  };
}

function toBusMessage({ room, messages }: Written): BusMessage {
  return { kind: "events", room, events: messages.map((message) => message.event) };
}
