import type { EventOf } from "@novax/protocol/events";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import { filesOf } from "@novax/protocol/text";
import { isDeadlock } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { type TransactionNeeds, transact } from "../transaction/transact.ts";
import type { MessageDraft } from "./draft.ts";
import { explainRefusal } from "./explain-refusal.ts";
import { type InsertedMessage, insertMessages } from "./queries.ts";
import type { SendStep, WrittenMessage } from "./send-step.ts";

export type WriterNeeds = TransactionNeeds & { sendSteps: readonly SendStep[] };

export type Sent = { kind: "sent" | "duplicate"; seq: number };

type Waiting = { draft: MessageDraft; resolve: (sent: Sent) => void; reject: (error: unknown) => void };

const batchMax = 512;
const waitingMax = 20_000;

/**
 * Writes the messages of one room. Messages that arrive during a commit go into the next one, without a timer: a single
 * message is written immediately, and a thousand at once cost little more than one.
 *
 * Guarantees: a send resolves only after its commit; events are published after the commit, in the order of `seq`; a
 * refused draft does not affect the others; the same `sendId` from the same sender is one message.
 */
export class RoomWriter {
  readonly #app: WriterNeeds;
  readonly #room: RoomId;
  readonly #onIdle: () => void;
  #waiting: Waiting[] = [];
  #isWriting = false;

  /** `onIdle` is called whenever nothing is left to write. */
  constructor(app: WriterNeeds, room: RoomId, onIdle: () => void) {
    this.#app = app;
    this.#room = room;
    this.#onIdle = onIdle;
  }

  send(draft: MessageDraft): Promise<Sent> {
    if (this.#waiting.length >= waitingMax) {
      return Promise.reject(new Refusal("unavailable", (t) => t.roomBusy, { retryInMs: 1000 }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ draft, resolve, reject });
      if (!this.#isWriting) this.#write();
    });
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = takeDistinct(this.#waiting, batchMax);
      this.#waiting = batch.rest;
      try {
        // The database breaks a circle of transactions that wait for each other by ending one of them, which may be this.
        await this.#commit(batch.taken).catch((error: unknown) => {
          if (!isDeadlock(error)) throw error;
          return this.#commit(batch.taken);
        });
      } catch (error) {
        for (const waiting of batch.taken) waiting.reject(error);
      }
    }
    this.#isWriting = false;
    this.#onIdle();
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const drafts = batch.map((waiting) => waiting.draft);
    const rows = await transact(this.#app, async (transaction) => {
      const now = this.#app.clock.now();
      const written = await insertMessages(transaction.sql, this.#room, now, drafts);
      const messages = written
        .filter((row) => row.isNew)
        .map((row) => toWritten(drafts[row.index]!, row))
        .sort((a, b) => a.seq - b.seq);
      if (messages.length === 0) return written;
      const { sql, publishAfterCommit, queue } = transaction;
      const commit = { sql, publishAfterCommit, queue, room: this.#room, now, messages };
      for (const step of this.#app.sendSteps) await step.run(commit);
      const events = messages.map((message) => message.event);
      publishAfterCommit({ kind: "events", room: this.#room, events });
      return written;
    });
    const outcomes = new Map(rows.map((row) => [row.index, row]));
    batch.forEach((waiting, index) => {
      const row = outcomes.get(index);
      if (row) waiting.resolve({ kind: row.isNew ? "sent" : "duplicate", seq: row.seq });
      else explainRefusal(this.#app, this.#room, waiting.draft).then(waiting.reject, waiting.reject);
    });
  }
}

function toWritten(draft: MessageDraft, { seq, sentAt }: InsertedMessage): WrittenMessage {
  const event: EventOf<"message.sent"> = {
    seq,
    at: sentAt,
    actor: draft.sender,
    type: "message.sent",
    sendId: draft.sendId,
    body: draft.body,
    ...(draft.threadRoot === null ? {} : { threadRoot: draft.threadRoot, replies: 0 }),
    ...(draft.mentionsEveryone ? { mentionsEveryone: true } : {}),
  };
  return { ...draft, seq, event };
}

/**
 * Takes up to `max` messages, in order, up to the first one whose sender and `sendId`, or one of its files, are already
 * taken: one statement cannot insert the same message twice, nor a file into two messages.
 */
function takeDistinct(waiting: readonly Waiting[], max: number): { taken: Waiting[]; rest: Waiting[] } {
  const taken: Waiting[] = [];
  const rest: Waiting[] = [];
  const seen = new Set<string>();
  for (const entry of waiting) {
    const { sender, sendId, body } = entry.draft;
    const keys = [messageKey(sender.id, sendId), ...filesOf(body).map((file) => file.id)];
    if (taken.length < max && rest.length === 0 && !keys.some((key) => seen.has(key))) {
      for (const key of keys) seen.add(key);
      taken.push(entry);
    } else {
      rest.push(entry);
    }
  }
  return { taken, rest };
}

function messageKey(sender: AccountId, sendId: SendId): string {
  return `${sender} ${sendId.toLowerCase()}`;
}

/** One writer for each room that is being written to. */
export class RoomWriters {
  readonly #app: WriterNeeds;
  readonly #writers = new Map<RoomId, RoomWriter>();

  constructor(app: WriterNeeds) {
    this.#app = app;
  }

  /** How many rooms are being written to. */
  get size(): number {
    return this.#writers.size;
  }

  send(room: RoomId, draft: MessageDraft): Promise<Sent> {
    let writer = this.#writers.get(room);
    if (!writer) {
      writer = new RoomWriter(this.#app, room, () => this.#writers.delete(room));
      this.#writers.set(room, writer);
    }
    return writer.send(draft);
  }
}
