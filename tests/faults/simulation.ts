// The real feeds of two nodes and the real outboxes of clients, with a log, a bus and networks that are made up, in one process. A seed
// decides what happens next: which answer of the database arrives, which hint of the bus is lost, doubled or late, which request or
// its answer is lost, who writes, loses the connection, closes the page, is removed, or comes back. Thousands of seeds take
// seconds, and each of them can be run again.
import { applyEvents, type RoomSnapshot } from "@novax/protocol/apply-event";
import type { Room } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import type { Database, Sql } from "../../server/src/db/database.ts";
import { silentLog as log } from "../../server/src/log/log.ts";
import { novaxDelivery, resume } from "../../server/src/realtime/novax-subscriber.ts";
import { RoomFeed } from "../../server/src/realtime/room-feed.ts";
import type { Subscriber } from "../../server/src/realtime/subscriber.ts";
import { timeMark } from "../../server/src/rooms/queries.ts";
import type { ReplyOf, Request } from "../../web/src/client/realtime-client.ts";
import { Outbox, type OutboxItem } from "../../web/src/stores/outbox.ts";
import { seededRandom } from "./seeded-random.ts";

const room = "room" as RoomId;
const epoch = "epoch";
const steps = 250;
const clientCount = 3;
/** How many turns of the microtask queue one thing may take until it waits for something else. */
const turns = 12;

type Task = () => void;
type Frame =
  | { type: "events"; events: RoomEvent[] }
  | { type: "resync"; headSeq: number }
  | { type: "room.left" };

/** Runs one seed. Returns what went wrong, or null. */
export async function simulate(seed: number): Promise<string | null> {
  const world = new Simulation(seed);
  await world.run();
  return world.problem;
}

class Simulation {
  problem: string | null = null;
  readonly #random: () => number;
  /** What is under way: answers, hints and frames that have not arrived yet. */
  #tasks: Task[] = [];
  readonly #log: RoomEvent[] = [];
  /** By account: whether it is a member, at the end of the log. */
  readonly #members = new Set<AccountId>();
  readonly #clients: Client[] = [];
  readonly #nodes: Node[] = [];
  /** Grows with each event, and tells events of another log from those at the same `seq`. */
  #time = 1;
  #written = 0;
  #isHealing = false;
  readonly #acknowledged = new Map<string, number>();

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    for (let index = 0; index < 2; index++) this.#nodes.push(new Node(this.#database()));
    for (let index = 0; index < clientCount; index++) {
      const id = `account${index}` as AccountId;
      this.#clients.push(
        new Client(id, { send: (...request) => this.#send(...request), random: this.#random }),
      );
      this.#join(id);
    }
  }

  async run(): Promise<void> {
    for (let step = 0; step < steps && this.problem === null; step++) {
      this.#act();
      await settle();
    }
    await this.#heal();
    if (this.problem === null) this.#check();
    for (const client of this.#clients) client.closePage();
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  /** One thing that happens: mostly something that was under way, sometimes something new. */
  #act(): void {
    const dice = this.#random();
    if (this.#tasks.length > 0 && dice < 0.6) {
      const [task] = this.#tasks.splice(this.#below(this.#tasks.length), 1);
      task!();
      return;
    }
    const client = this.#clients[this.#below(clientCount)]!;
    const node = this.#nodes[this.#below(2)]!;
    if (dice < 0.75) this.#write(client);
    else if (dice < 0.85) this.#reconnect(client, node);
    else if (dice < 0.9) client.drop();
    else if (dice < 0.91) client.reload();
    else if (dice < 0.94) this.#checkPosition(node);
    else if (dice < 0.97) this.#removeOrAdd(client);
    else this.#editOrDelete(client);
  }

  #write(client: Client): void {
    if (this.#members.has(client.id)) client.write(`${this.#written++}`);
  }

  /** A request to store a message, which arrives some time later; its answer later still, or never. */
  #send(client: Client, request: SendRequest): void {
    this.#tasks.push(() => {
      if (!request.arrives()) return;
      const reply = this.#store(client, request);
      this.#tasks.push(() => request.answer(reply));
    });
  }

  /** As the server does: once for each `sendId`, and only for members. */
  #store(client: Client, { sendId, text }: SendRequest): ReplyOf<"message.send"> {
    const refused = { type: "reply", re: 1, ok: false, detail: "" } as const;
    const known = this.#log.find((event) => event.type === "message.sent" && event.sendId === sendId);
    if (known) return { type: "reply", re: 1, ok: true, result: { seq: known.seq } };
    if (!this.#isHealing && this.#random() < 0.05) return { ...refused, code: "unavailable" };
    if (!this.#members.has(client.id)) return { ...refused, code: "not_found" };
    this.#record({ type: "message.sent", sendId, body: { kind: "text", text } } as never, client.id);
    const seq = this.#log.length;
    this.#acknowledged.set(sendId, seq);
    return { type: "reply", re: 1, ok: true, result: { seq } };
  }

  #editOrDelete(client: Client): void {
    const own = this.#log.filter((event) => event.type === "message.sent" && event.actor.id === client.id);
    const message = own[this.#below(own.length)];
    if (!message || !this.#members.has(client.id)) return;
    const target = message.seq;
    const body = { kind: "text" as const, text: `edit ${this.#time}` };
    this.#record({ type: "message.edited", target, body } as never, client.id);
  }

  #removeOrAdd(client: Client): void {
    if (this.#members.has(client.id)) {
      this.#members.delete(client.id);
      this.#record({ type: "member.removed", member: person(client.id) } as never, "owner" as AccountId);
    } else this.#join(client.id);
  }

  #join(id: AccountId): void {
    this.#members.add(id);
    this.#record({ type: "member.joined", member: person(id) } as never, "owner" as AccountId);
  }

  #record(event: object, actor: AccountId): void {
    const recorded = {
      ...event,
      seq: this.#log.length + 1,
      at: this.#time++,
      actor: person(actor),
    } as unknown as RoomEvent;
    this.#log.push(recorded);
    // A hint to each node, which may come late, in another order, twice, or never.
    for (const node of this.#nodes) {
      const copies = this.#random() < 0.15 ? 0 : this.#random() < 0.1 ? 2 : 1;
      for (let copy = 0; copy < copies; copy++) this.#tasks.push(() => node.feed.offer([recorded]));
    }
  }

  #reconnect(client: Client, node: Node): void {
    if (!this.#members.has(client.id)) return;
    client.drop();
    // The list of rooms, read when the log ended here.
    const headSeq = this.#log.length;
    const subscriber = client.connect(node, (frame) => this.#tasks.push(frame));
    const position = client.position;
    const isElsewhere =
      position !== null && position.afterSeq > 0 && this.#log[position.afterSeq - 1]?.at !== position.at;
    const afterSeq = isElsewhere ? null : (position?.afterSeq ?? headSeq);
    if (position === null) client.load(this.#snapshot(), this.#log.at(-1)?.at);
    const opening = resume(subscriber, { afterSeq, epoch });
    // Who is no member any more, or was not attached because the database was away, comes back later.
    const comeBack = () => client.drop(subscriber);
    node.feed.attachMember(subscriber, headSeq, opening).then((isAttached) => {
      if (isAttached) client.attached(subscriber);
      else comeBack();
    }, comeBack);
  }

  #checkPosition(node: Node): void {
    const { position } = node.feed;
    const { seq, afterSeq } = position;
    const between = this.#log.slice(afterSeq, seq);
    const marks = between.reduce((sum, event) => sum + timeMark(event.at), 0);
    const found = { room, headSeq: this.#log.length, seq, at: this.#log[seq - 1]?.at ?? null, marks };
    this.#tasks.push(() => node.feed.checkPosition(found, position));
  }

  /** Everything arrives, and everybody comes back. */
  async #heal(): Promise<void> {
    this.#isHealing = true;
    for (let round = 0; round < 6; round++) {
      for (const node of this.#nodes) this.#checkPosition(node);
      for (const client of this.#clients) {
        if (client.needsPage) client.load(this.#snapshot(), this.#log.at(-1)?.at);
        if (client.isConnected) client.outbox.resend();
        else this.#reconnect(client, this.#nodes[this.#below(2)]!);
      }
      await this.#drain();
    }
  }

  /** Lets everything arrive that is under way. */
  async #drain(): Promise<void> {
    for (let left = 2000; this.#tasks.length > 0 && left > 0; left--) {
      this.#tasks.shift()!();
      await settle();
    }
  }

  #check(): void {
    for (const client of this.#clients) {
      if (client.problem) this.problem ??= `${client.id}: ${client.problem}`;
      if (!this.#members.has(client.id)) continue;
      const expected = this.#snapshot().timeline.map(shown).join();
      const seen = (client.snapshot?.timeline ?? []).map(shown).join();
      if (!client.isConnected) this.problem ??= `${client.id} does not come back`;
      else if (!expected.endsWith(seen)) this.problem ??= `${client.id} shows ${seen}, not ${expected}`;
      else if (client.snapshot?.room.headSeq !== this.#log.length)
        this.problem ??= `${client.id} is at ${client.snapshot?.room.headSeq} of ${this.#log.length}`;
    }
    const sent = this.#log.filter((event) => event.type === "message.sent");
    if (new Set(sent.map(({ sendId }) => sendId)).size < sent.length)
      this.problem ??= "a message is there twice";
    for (const client of this.#clients) {
      const own = sent.filter(({ actor }) => actor.id === client.id).map(textOf);
      if (own.some((text, index) => index > 0 && Number(text) < Number(own[index - 1])))
        this.problem ??= `${client.id} wrote ${own} in another order`;
      const waiting = client.outbox.items.value.filter(({ state }) => state.kind === "waiting");
      if (this.#members.has(client.id) && waiting.length > 0)
        this.problem ??= `${client.id} still has ${waiting.map(({ text }) => text)} to send`;
    }
    for (const [sendId, seq] of this.#acknowledged) {
      const event = this.#log[seq - 1];
      if (event?.type !== "message.sent" || event.sendId !== sendId) this.problem ??= `${sendId} is lost`;
    }
  }

  /** What a load from the database gives. */
  #snapshot(): RoomSnapshot {
    const empty: RoomSnapshot = { room: { id: room, headSeq: 0, memberCount: 0 } as Room, timeline: [] };
    return { ...applyEvents(empty, this.#log) };
  }

  /** Answers what a feed asks of the database with what was true at that moment, some time later. */
  #database(): Database {
    const answer = (strings: TemplateStringsArray, values: unknown[]): unknown[] => {
      const text = strings.join("?");
      if (text.includes("left join messages m on m.room_id = e.room_id"))
        return this.#log.slice(values[1] as number).map((event) => this.#toRow(event));
      if (text.includes("join rooms r using (id)"))
        return [{ id: room, head_seq: this.#log.length, seq: 0, at: null, marks: 0 }];
      if (text.includes("from memberships m")) {
        const isMember = values.some((value) => this.#members.has(value as AccountId));
        return isMember ? [{ id: room, kind: "private", head_seq: this.#log.length, role: "member" }] : [];
      }
      throw new Error(`the simulation has no answer to ${text}`);
    };
    const sql = Object.assign(
      (strings: TemplateStringsArray, ...values: unknown[]) =>
        new Promise<unknown[]>((resolve, reject) => {
          const rows = answer(strings, values);
          const fails = this.#random() < 0.05;
          this.#tasks.push(() => (fails ? reject(new Error("away")) : resolve(rows)));
        }),
      { array: (values: unknown) => values, limit: () => null, fragment: () => null },
    );
    return { sql: sql as unknown as Sql } as Database;
  }

  /** As the log has it now: a text that was edited since is the new one. */
  #toRow(event: RoomEvent): object {
    const { id: actor_id, username: actor_username } = event.actor;
    const base = { seq: event.seq, type: event.type, at: event.at, actor_id, actor_username };
    const none = {
      actor_display_name: "",
      quoted_seq: null,
      thread_root: null,
      mentions_all: null,
      replies: null,
    };
    const target =
      event.type === "message.edited" ? event.target : event.type === "message.sent" ? event.seq : null;
    const edits = this.#log.filter((other) => other.type === "message.edited" && other.target === target);
    const sent = target === null ? undefined : this.#log[target - 1];
    const newest = edits.at(-1) ?? sent;
    const member = "member" in event ? event.member : null;
    return {
      ...{ ...base, ...none },
      subject_id: member?.id ?? null,
      subject_username: member?.username ?? null,
      subject_display_name: "",
      target_seq: event.type === "message.edited" ? event.target : null,
      payload: null,
      send_id: event.type === "message.sent" ? event.sendId : null,
      body: newest && "body" in newest ? newest.body : null,
    };
  }
}

class Node {
  readonly feed: RoomFeed;
  /** The sockets that are subscribed to the room. */
  readonly sockets = new Set<(text: string) => void>();

  constructor(db: Database) {
    this.feed = new RoomFeed(
      {
        ...{ db, log, epoch },
        presence: { joined: () => {}, removed: () => {} },
        publishToSockets: (_topic, text) => {
          for (const socket of this.sockets) socket(text);
        },
      },
      room,
    );
  }
}

type SendRequest = {
  sendId: SendId;
  text: string;
  /** Called when it arrives. Returns whether it does: not if its connection is gone and has taken it along. */
  arrives(): boolean;
  answer(reply: ReplyOf<"message.send">): void;
};

/** A client as the page is one: it applies events, ignores what it has, and reconnects when some are missing. */
class Client {
  readonly id: AccountId;
  outbox: Outbox;
  readonly #network: { send(client: Client, request: SendRequest): void; random(): number };
  /** What the browser keeps over a reload. */
  readonly #stored = new Map<SendId, OutboxItem>();
  readonly #underWay = new Set<{ request: SendRequest; lose(): void }>();
  #written = 0;
  snapshot: RoomSnapshot | null = null;
  needsPage = false;
  problem: string | null = null;
  #at: number | undefined;
  #connection: { isOpen: boolean; subscriber?: Subscriber; leave(): void } | null = null;
  /** Whether the last thing that it was told is that it is no member any more. */
  #hasLeft = false;

  constructor(
    id: AccountId,
    network: { send(client: Client, request: SendRequest): void; random(): number },
  ) {
    this.id = id;
    this.#network = network;
    this.outbox = this.#openOutbox();
  }

  write(text: string): void {
    this.outbox.add({ room, text }, this.#written++);
  }

  /** What was not sent is sent by the page that opens next. */
  reload(): void {
    this.closePage();
    this.outbox = this.#openOutbox();
    this.snapshot = null;
  }

  closePage(): void {
    this.drop();
    this.outbox.interrupted();
  }

  /** The rooms are attached, so that messages can be sent. */
  attached(subscriber: Subscriber): void {
    if (this.#connection?.subscriber === subscriber) this.outbox.ready();
  }

  #openOutbox(): Outbox {
    const storage = {
      readAll: async () => [...this.#stored.values()],
      write: async (item: OutboxItem) => void this.#stored.set(item.sendId, item),
      remove: async (sendId: SendId) => void this.#stored.delete(sendId),
    };
    const request = (_type: "message.send", fields: { sendId: SendId; body: { text: string } }) =>
      new Promise<ReplyOf<"message.send"> | null>((resolve) => {
        const { sendId, body } = fields;
        const entry = {
          request: {
            ...{ sendId, text: body.text },
            arrives: () => this.#underWay.has(entry),
            answer: (reply: ReplyOf<"message.send">) => {
              if (this.#underWay.delete(entry)) resolve(reply);
            },
          },
          lose: () => resolve(null),
        };
        this.#underWay.add(entry);
        this.#network.send(this, entry.request);
      });
    const outbox = new Outbox(storage, { request: request as unknown as Request, reconnect: () => {} });
    void outbox.restore();
    return outbox;
  }

  get isConnected(): boolean {
    return this.#connection !== null;
  }

  get position(): { afterSeq: number; at: number | undefined } | null {
    return this.snapshot && !this.needsPage ? { afterSeq: this.snapshot.room.headSeq, at: this.#at } : null;
  }

  /** `at`: the time of the last event in it. */
  load(snapshot: RoomSnapshot, at: number | undefined): void {
    this.snapshot = snapshot;
    this.#at = at;
    this.needsPage = false;
  }

  /** Loses the connection; with `only`, if it is this one. */
  drop(only?: Subscriber): void {
    const connection = this.#connection;
    if (!connection || (only && connection.subscriber !== only)) return;
    this.#connection = null;
    connection.isOpen = false;
    connection.leave();
    this.outbox.interrupted();
    for (const { lose } of this.#underWay) lose();
    this.#underWay.clear();
  }

  connect(node: Node, later: (arrive: () => void) => void) {
    this.#hasLeft = false;
    const connection: { isOpen: boolean; subscriber?: Subscriber; leave(): void } = {
      isOpen: true,
      leave: () => node.feed.detach(subscriber),
    };
    this.#connection = connection;
    // Frames arrive in their order, each some time after it was sent.
    const queue: Frame[] = [];
    const receive = (text: string) => {
      queue.push(JSON.parse(text) as Frame);
      later(() => {
        const frame = queue.shift();
        if (connection.isOpen && frame) this.#take(frame);
      });
    };
    const subscriber: Subscriber & { send(frame: object): void; sendText(text: string): void } = {
      actor: { id: this.id },
      get isOpen() {
        return connection.isOpen;
      },
      delivery: novaxDelivery,
      attached: () => node.sockets.add(receive),
      detached: (_room, isRemoved) => {
        node.sockets.delete(receive);
        if (isRemoved) receive(JSON.stringify({ type: "room.left" }));
      },
      send: (frame) => receive(JSON.stringify(frame)),
      sendText: receive,
    };
    connection.subscriber = subscriber;
    return subscriber;
  }

  #take(frame: Frame): void {
    if (frame.type === "room.left") {
      this.#hasLeft = true;
      this.snapshot = null;
      this.drop();
      return;
    }
    if (this.#hasLeft) this.problem ??= `got ${frame.type} after it was removed`;
    if (frame.type === "resync") {
      this.needsPage = true;
      this.drop();
      return;
    }
    if (!this.snapshot || this.needsPage) return;
    const head = this.snapshot.room.headSeq;
    const fresh = frame.events.filter((event) => event.seq > head);
    if (fresh.length === 0) return;
    if (fresh[0]!.seq !== head + 1) {
      this.drop();
      return;
    }
    this.snapshot = applyEvents(this.snapshot, fresh);
    this.outbox.acknowledge(
      new Set(fresh.flatMap((event) => (event.type === "message.sent" ? event.sendId : []))),
    );
    this.#at = fresh.at(-1)!.at;
  }
}

function person(id: AccountId) {
  return { id, username: id };
}

function textOf(event: RoomEvent): string {
  return event.type === "message.sent" && event.body.kind === "text" ? event.body.text : "";
}

function shown(entry: RoomSnapshot["timeline"][number]): string {
  return entry.kind === "message"
    ? `${entry.seq} ${JSON.stringify(entry.body)}`
    : `${entry.seq} ${entry.kind}`;
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}
