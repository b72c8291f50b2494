import type { Message, MessageBody, Person } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId, SendId, SessionId } from "@novax/protocol/ids";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { Refusal, roomNotFound } from "../lib/refusal.ts";
import { insertMessages } from "./queries.ts";

export type MessageDraft = {
  sender: Person;
  sessionId: SessionId;
  sendId: SendId;
  body: MessageBody;
};

export type Sent = { kind: "sent"; message: Message } | { kind: "duplicate"; message: Message };

type Waiting = { draft: MessageDraft; resolve: (sent: Sent) => void; reject: (error: unknown) => void };

const batchMax = 512;
const waitingMax = 20_000;

/**
 * Writes the messages of one room. What queues while a commit is in flight goes into the next one, with no timer: one
 * message alone is written at once, and a thousand at a time cost little more than one.
 *
 * Guarantees: a send resolves after its commit and not before; events are published after the commit, in the order of
 * `seq`; one draft's refusal does not touch its neighbours; the same `sendId` of the same sender is one message.
 */
export class RoomWriter {
  readonly #app: { db: Database; bus: Bus; clock: Clock };
  readonly #room: RoomId;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(app: { db: Database; bus: Bus; clock: Clock }, room: RoomId) {
    this.#app = app;
    this.#room = room;
  }

  get isIdle(): boolean {
    return !this.#isWriting && this.#waiting.length === 0;
  }

  send(draft: MessageDraft): Promise<Sent> {
    if (this.#waiting.length >= waitingMax) {
      return Promise.reject(new Refusal("unavailable", "The room is busy. Try again.", { retryInMs: 1000 }));
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
        await this.#commit(batch.taken);
      } catch (error) {
        for (const waiting of batch.taken) waiting.reject(error);
      }
    }
    this.#isWriting = false;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const { db, bus, clock } = this.#app;
    const rows = await db.transact((tx) =>
      insertMessages(
        tx,
        this.#room,
        clock.now(),
        batch.map((waiting) => waiting.draft),
      ),
    );
    const outcomes = new Map(rows.map((row) => [row.index, row]));
    const events: RoomEvent[] = [];
    const settled: (() => void)[] = [];
    batch.forEach((waiting, index) => {
      const row = outcomes.get(index);
      if (!row) {
        settled.push(() => waiting.reject(roomNotFound()));
        return;
      }
      const { sender, sendId, body } = waiting.draft;
      const message: Message = { seq: row.seq, sendId, sender, sentAt: row.sentAt, body };
      if (row.isNew) {
        events.push({ seq: row.seq, at: row.sentAt, actor: sender, type: "message.sent", sendId, body });
      }
      settled.push(() => waiting.resolve({ kind: row.isNew ? "sent" : "duplicate", message }));
    });
    events.sort((a, b) => a.seq - b.seq);
    if (events.length > 0) bus.publish({ kind: "events", room: this.#room, events });
    for (const settle of settled) settle();
  }
}

/** The first `max` that have different `sendId`s: one statement cannot write the same message twice. */
function takeDistinct(waiting: readonly Waiting[], max: number): { taken: Waiting[]; rest: Waiting[] } {
  const taken: Waiting[] = [];
  const rest: Waiting[] = [];
  const seen = new Set<string>();
  for (const entry of waiting) {
    const key = messageKey(entry.draft.sender.id, entry.draft.sendId);
    if (taken.length < max && rest.length === 0 && !seen.has(key)) {
      seen.add(key);
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

/** The writers of all rooms that are being written to. */
export class RoomWriters {
  readonly #app: { db: Database; bus: Bus; clock: Clock };
  readonly #writers = new Map<RoomId, RoomWriter>();

  constructor(app: { db: Database; bus: Bus; clock: Clock }) {
    this.#app = app;
  }

  async send(room: RoomId, draft: MessageDraft): Promise<Sent> {
    let writer = this.#writers.get(room);
    if (!writer) {
      writer = new RoomWriter(this.#app, room);
      this.#writers.set(room, writer);
    }
    try {
      return await writer.send(draft);
    } finally {
      if (writer.isIdle) this.#writers.delete(room);
    }
  }
}
