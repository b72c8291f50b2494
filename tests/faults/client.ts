// A client as the chat page is one: it comes back by itself, resumes, sends again what was not answered, and keeps what it
// shows by applying events. It notes what it did and saw.
import { applyEvents, type RoomSnapshot } from "@novax/protocol/apply-event";
import type { CommandType, FieldsOf } from "@novax/protocol/commands";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import type { Reply, ServerFrame } from "@novax/protocol/replies";
import type { Person } from "../support/person.ts";
import { type ChangeRecord, type History, type SendRecord, type Shown, toShown } from "./history.ts";

/** Where a node is reached. */
export type Address = { url: string; origin: string };

type RoomState = {
  snapshot: RoomSnapshot;
  /** The time of the last event, which names it. */
  at: number | undefined;
  isLoading: boolean;
  /** Arrived while the room was loaded. */
  held: RoomEvent[];
  stretch: RoomEvent[];
};

const answerWithinMs = 15_000;
const readWithinMs = 5000;
const reconnectMs = { first: 50, max: 1000 };

export class FaultClient {
  readonly person: Person;
  readonly id: AccountId;
  /** When commands of this client were last acknowledged, by `performance.now()`. */
  lastAnswerAt = 0;
  /** The longest time between a command and its acknowledgement, over all repeats, in ms. */
  longestWaitMs = 0;
  /** The longest time until any answer, a refusal included, in ms. */
  longestAnswerMs = 0;
  /** How often it was told to load a room again. */
  resyncs = 0;
  /** Codes of refusals that a person would have seen, other than of rooms that they are not in. */
  readonly refusals: string[] = [];
  readonly #history: History;
  readonly #pick: () => Address;
  readonly #isWatched: boolean;
  readonly #rooms = new Map<RoomId, RoomState>();
  readonly #replies = new Map<number, (reply: Reply | null) => void>();
  readonly #acknowledged = new Map<string, (seq: number) => void>();
  #address!: Address;
  #socket: WebSocket | null = null;
  #epoch = "";
  #isAttached = false;
  #isStopped = false;
  #isAway = false;
  #attempts = 0;
  #nextId = 1;
  #lastFrameAt = 0;
  #liveness: Timer | undefined;

  /** `isWatched`: whether every message that it receives is noted. */
  constructor(
    person: Person,
    id: AccountId,
    options: { history: History; pick: () => Address; isWatched: boolean },
  ) {
    this.person = person;
    this.id = id;
    this.#history = options.history;
    this.#pick = options.pick;
    this.#isWatched = options.isWatched;
  }

  start(): void {
    this.#connect();
    // As the page does: a connection from which nothing comes is no connection.
    this.#liveness = setInterval(() => {
      const silentMs = performance.now() - this.#lastFrameAt;
      if (this.#socket && silentMs > 2000) this.#command("ping", {});
      if (this.#socket && silentMs > 5000) this.drop();
    }, 1000);
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#liveness);
    this.drop();
  }

  /** Loses the connection, as a network does that goes away. */
  drop(): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onclose = null;
    socket.onmessage = null;
    (socket as WebSocket & { terminate(): void }).terminate();
    this.#lost();
  }

  /** Loses the connection, and does not come back until {@link comeBack}. */
  goAway(): void {
    this.#isAway = true;
    this.drop();
  }

  comeBack(): void {
    this.#isAway = false;
    this.#connect();
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** What it shows of a room; null if it has none of it. */
  shown(room: RoomId): Shown[] | null {
    const state = this.#rooms.get(room);
    if (!state || state.isLoading) return null;
    return state.snapshot.timeline.flatMap((entry) => (entry.kind === "message" ? [toShown(entry)] : []));
  }

  headSeq(room: RoomId): number {
    return this.#rooms.get(room)?.snapshot.room.headSeq ?? 0;
  }

  /** Sends a message until it is acknowledged or refused for good, or the client stops. Returns its seq, or null. */
  async send(record: SendRecord): Promise<number | null> {
    const { room, sendId, text } = record;
    this.#history.sends.push(record);
    const startedAt = performance.now();
    while (!this.#isStopped) {
      const acknowledged = new Promise<number>((resolve) => this.#acknowledged.set(sendId, resolve));
      const fields = { room, sendId: sendId as SendId, body: { kind: "text" as const, text } };
      const replied = this.#command("message.send", fields);
      const answer = await Promise.race([acknowledged, replied]);
      this.#acknowledged.delete(sendId);
      const seq =
        typeof answer === "number"
          ? answer
          : answer?.ok
            ? (answer.result as { seq?: number }).seq
            : undefined;
      if (seq !== undefined) {
        record.acknowledged = { seq, at: performance.now() };
        this.#answered(startedAt);
        return seq;
      }
      if (answer === null) record.wasUnknown = true;
      else if (typeof answer === "object" && !answer.ok) {
        if (answer.code !== "unavailable" && answer.code !== "rate_limited") {
          record.refused = answer.code;
          if (answer.code !== "not_found") this.refusals.push(answer.code);
          return null;
        }
        record.wasUnknown ||= answer.code === "unavailable";
      }
      await Bun.sleep(answer === null ? 20 : 200);
    }
    return null;
  }

  /** Makes a change once, and notes what came of it. */
  async change(
    type: "message.edit" | "message.delete" | "reaction.add" | "reaction.remove",
    fields: FieldsOf<typeof type>,
    change: ChangeRecord["change"],
  ): Promise<void> {
    const startedAt = performance.now();
    const answer = await this.#command(type, fields);
    const outcome: ChangeRecord["outcome"] = !answer
      ? "unknown"
      : answer.ok
        ? "ok"
        : answer.code === "unavailable"
          ? "unavailable"
          : "refused";
    if (outcome === "ok") this.#answered(startedAt);
    const { room, seq } = fields as { room: RoomId; seq: number };
    this.#history.changes.push({ room, seq, change, client: this.id, outcome, endedAt: performance.now() });
  }

  /** Reads a room's newest page from any node. Resolves with null if it cannot. */
  async read(room: RoomId): Promise<TimelinePage | null> {
    const startedAt = performance.now();
    const page = await this.#fetchPage(room, this.#pick());
    if (page) this.#history.reads.push({ room, client: this.id, startedAt, headSeq: page.headSeq });
    return page;
  }

  async #fetchPage(room: RoomId, { url, origin }: Address): Promise<TimelinePage | null> {
    try {
      const response = await fetch(`${url}/api/rooms/${room}/timeline`, {
        headers: { origin, cookie: this.person.cookieHeader },
        signal: AbortSignal.timeout(readWithinMs),
      });
      if (response.status !== 200) return null;
      const page = (await response.json()) as TimelinePage;
      this.#watch(room, page.entries);
      return page;
    } catch {
      return null;
    }
  }

  #answered(startedAt: number): void {
    this.lastAnswerAt = performance.now();
    this.longestWaitMs = Math.max(this.longestWaitMs, this.lastAnswerAt - startedAt);
  }

  /** Resolves with the reply, or with null if the connection is lost before it. */
  #command<T extends CommandType | "rooms.attach" | "ping">(type: T, fields: object): Promise<Reply | null> {
    const socket = this.#socket;
    const isEarly = type !== "rooms.attach" && type !== "ping" && !this.#isAttached;
    if (!socket || socket.readyState !== WebSocket.OPEN || isEarly) return Promise.resolve(null);
    const id = this.#nextId++;
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#replies.get(id)?.(null), answerWithinMs);
      this.#replies.set(id, (reply) => {
        clearTimeout(timer);
        this.#replies.delete(id);
        // A message is answered by its event, and has no reply.
        if (reply) this.longestAnswerMs = Math.max(this.longestAnswerMs, performance.now() - startedAt);
        resolve(reply);
      });
      socket.send(JSON.stringify({ id, type, ...fields }));
    });
  }

  #connect(): void {
    if (this.#isStopped || this.#isAway || this.#socket) return;
    this.#address = this.#pick();
    const { url, origin } = this.#address;
    const headers = { origin, cookie: this.person.cookieHeader };
    const options = { headers, protocols: ["novax.v1"] } as unknown as string[];
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws/${this.person.username}`, options);
    this.#socket = socket;
    this.#lastFrameAt = performance.now();
    socket.onmessage = ({ data }) => {
      this.#lastFrameAt = performance.now();
      this.#take(JSON.parse(data as string) as ServerFrame);
    };
    socket.onerror = () => {};
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#lost();
    };
  }

  #lost(): void {
    this.#isAttached = false;
    for (const answer of [...this.#replies.values()]) answer(null);
    if (this.#isStopped || this.#isAway) return;
    const ceiling = Math.min(reconnectMs.max, reconnectMs.first * 2 ** this.#attempts);
    this.#attempts += 1;
    setTimeout(() => this.#connect(), Math.random() * ceiling);
  }

  #take(frame: ServerFrame): void {
    if (frame.type === "reply" && frame.re !== null) this.#replies.get(frame.re)?.(frame);
    if (frame.type === "hello") {
      if (this.#epoch !== "" && this.#epoch !== frame.epoch) this.#rooms.clear();
      this.#epoch = frame.epoch;
      for (const room of this.#rooms.keys())
        if (!frame.rooms.some(({ id }) => id === room)) this.#rooms.delete(room);
      for (const room of frame.rooms) {
        const state = this.#rooms.get(room.id);
        // What a load before the loss of the connection has left half done begins again.
        if (!state || state.isLoading) this.#beginRoom({ ...room });
      }
      void this.#attach();
    }
    if (frame.type === "room.joined") this.#beginRoom(frame.room);
    if (frame.type === "room.left") this.#rooms.delete(frame.room);
    if (frame.type === "resync") {
      this.resyncs += 1;
      const state = this.#rooms.get(frame.room);
      if (state) this.#beginRoom({ ...state.snapshot.room, headSeq: frame.headSeq });
    }
    if (frame.type !== "events") return;
    this.#watch(frame.room, frame.events);
    this.#receive(frame.room, frame.events);
  }

  async #attach(): Promise<void> {
    const positions = [...this.#rooms].flatMap(([room, { snapshot, at, isLoading }]) =>
      isLoading ? [] : [{ room, afterSeq: snapshot.room.headSeq, ...(at === undefined ? {} : { at }) }],
    );
    const socket = this.#socket;
    const reply = await this.#command("rooms.attach", { epoch: this.#epoch, positions });
    if (socket !== this.#socket) return;
    if (!reply?.ok) {
      this.drop();
      return;
    }
    this.#attempts = 0;
    this.#isAttached = true;
  }

  /** Loads a room from its newest page; what arrives meanwhile is held. */
  #beginRoom(room: RoomSnapshot["room"]): void {
    const stretch: RoomEvent[] = [];
    this.#history.stretches.push({ room: room.id, client: this.id, events: stretch });
    const state: RoomState = {
      snapshot: { room, timeline: [] },
      at: undefined,
      isLoading: true,
      held: [],
      stretch,
    };
    this.#rooms.set(room.id, state);
    void this.#load(state);
  }

  async #load(state: RoomState): Promise<void> {
    const { room } = state.snapshot;
    const isCurrent = () => this.#rooms.get(room.id) === state && !this.#isStopped;
    for (let page = null; isCurrent(); ) {
      page = await this.#fetchPage(room.id, this.#address);
      if (!isCurrent()) return;
      // A node may not have what another one's clients have seen, but never what was delivered here.
      if (page && page.headSeq >= room.headSeq) {
        const timeline = page.entries.map((entry) =>
          entry.kind === "message" ? { ...entry, asOf: page!.headSeq } : entry,
        );
        state.snapshot = { room: { ...room, headSeq: page.headSeq }, timeline } as RoomSnapshot;
        state.at = page.headAt;
        state.isLoading = false;
        this.#note(page.entries);
        const held = state.held.splice(0);
        if (held.length > 0) this.#receive(room.id, held);
        return;
      }
      await Bun.sleep(100);
    }
  }

  /** Messages of ours that a page has are sent. */
  #note(entries: TimelinePage["entries"]): void {
    for (const entry of entries)
      if (entry.kind === "message") this.#acknowledged.get(entry.sendId)?.(entry.seq);
  }

  #receive(room: RoomId, events: readonly RoomEvent[]): void {
    for (const event of events)
      if (event.type === "message.sent") this.#acknowledged.get(event.sendId)?.(event.seq);
    const state = this.#rooms.get(room);
    if (!state) return;
    if (state.isLoading) {
      state.held.push(...events);
      return;
    }
    const fresh = events.filter((event) => event.seq > state.snapshot.room.headSeq);
    if (fresh.length === 0) return;
    if (fresh[0]!.seq !== state.snapshot.room.headSeq + 1) {
      // Events are missing in between. A new connection resumes from the position here.
      this.drop();
      return;
    }
    state.stretch.push(...fresh);
    state.snapshot = applyEvents(state.snapshot, fresh);
    state.at = fresh.at(-1)!.at;
  }

  #watch(room: RoomId, messages: readonly { seq: number }[]): void {
    if (!this.#isWatched || messages.length === 0) return;
    const seq = Math.max(0, ...messages.map((message) => message.seq));
    this.#history.sightings.push({ room, client: this.id, seq, at: performance.now() });
  }
}
