import type { DraftBody, Person, Quote } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId, SendId, SessionId } from "@novax/protocol/ids";
import type { MentionSignal } from "@novax/protocol/signals";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { Refusal } from "../lib/refusal.ts";
import { listFollowers } from "./collections-queries.ts";
import { explainRefusal } from "./explain-refusal.ts";
import { insertMentions, insertMessages, readQuotes, recordReplies } from "./queries.ts";

export type MessageDraft = {
  sender: Person;
  /** Null: the server itself sends what somebody told it to send. */
  sessionId: SessionId | null;
  sendId: SendId;
  body: DraftBody;
  /** The message it answers. */
  replyTo: number | null;
  /** The message in whose thread it belongs. */
  threadRoot: number | null;
  /** It calls everybody in the room. */
  mentionsEveryone: boolean;
  /** Whom else it calls, by username in lower case; whoever of them is a member. */
  names: readonly string[];
  /** And by id: who is here, who wants to hear of a word in it. */
  accounts: readonly AccountId[];
};

export type Sent = { kind: "sent" | "duplicate"; seq: number };

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
        await this.#commit(batch.taken);
      } catch (error) {
        for (const waiting of batch.taken) waiting.reject(error);
      }
    }
    this.#isWriting = false;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const { db, bus, clock } = this.#app;
    const now = clock.now();
    const drafts = batch.map((waiting) => waiting.draft);
    const { rows, facts, followers, mentioned } = await db.transact(async (tx) => {
      const rows = await insertMessages(tx, this.#room, now, drafts);
      const fresh = rows.flatMap((row) => (row.isNew ? [{ ...drafts[row.index]!, seq: row.seq }] : []));
      const answering = fresh.flatMap((message) => (message.replyTo === null ? [] : [message.replyTo]));
      const replies = fresh.flatMap(({ threadRoot: root, seq, sender }) =>
        root === null ? [] : [{ root, seq, sender: sender.id }],
      );
      const mentioning = fresh.flatMap(({ seq, threadRoot, sender, names, accounts }) =>
        names.length + accounts.length === 0 ? [] : [{ seq, threadRoot, sender: sender.id, names, accounts }],
      );
      return {
        rows,
        facts: {
          replies: replies.length === 0 ? null : await recordReplies(tx, this.#room, now, replies),
          quotes: answering.length === 0 ? null : await readQuotes(tx, this.#room, answering),
        },
        followers:
          replies.length === 0
            ? []
            : await listFollowers(tx, this.#room, [...new Set(replies.map((reply) => reply.root))]),
        mentioned: mentioning.length === 0 ? [] : await insertMentions(tx, this.#room, now, mentioning),
      };
    });
    const outcomes = new Map(rows.map((row) => [row.index, row]));
    const events: RoomEvent[] = [];
    const settled: (() => void)[] = [];
    batch.forEach((waiting, index) => {
      const row = outcomes.get(index);
      if (!row) {
        settled.push(() => {
          explainRefusal(this.#app, this.#room, waiting.draft).then(waiting.reject, waiting.reject);
        });
        return;
      }
      const { seq } = row;
      if (row.isNew) events.push(toSentEvent(waiting.draft, row, facts));
      settled.push(() => waiting.resolve({ kind: row.isNew ? "sent" : "duplicate", seq }));
    });
    events.sort((a, b) => a.seq - b.seq);
    if (events.length > 0) bus.publish({ kind: "events", room: this.#room, events });
    for (const { account, seq, threadRoot } of mentioned)
      bus.publish({ kind: "account_signal", account, signal: mentionSignal(this.#room, seq, threadRoot) });
    for (const account of followers)
      bus.publish({ kind: "account_signal", account, signal: { type: "me.changed", part: "threads" } });
    for (const settle of settled) settle();
  }
}

/** What tells somebody that a message calls them. */
export function mentionSignal(room: RoomId, seq: number, threadRoot: number | null): MentionSignal {
  return { type: "mention", room, seq, ...(threadRoot === null ? {} : { threadRoot }) };
}

function toSentEvent(
  draft: MessageDraft,
  { seq, sentAt }: { seq: number; sentAt: number },
  facts: { quotes: ReadonlyMap<number, Quote> | null; replies: ReadonlyMap<number, number> | null },
): RoomEvent {
  const quote = draft.replyTo === null ? undefined : facts.quotes?.get(draft.replyTo);
  return {
    seq,
    at: sentAt,
    actor: draft.sender,
    type: "message.sent",
    sendId: draft.sendId,
    body: draft.body,
    ...(quote ? { quote } : {}),
    ...(draft.threadRoot === null
      ? {}
      : { threadRoot: draft.threadRoot, replies: facts.replies?.get(draft.threadRoot) ?? 0 }),
    ...(draft.mentionsEveryone ? { mentionsEveryone: true } : {}),
  };
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
