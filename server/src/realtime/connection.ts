import type { BasicServerFrame } from "@novax/protocol/basic";
import { closeCodes } from "@novax/protocol/close-codes";
import type { Person } from "@novax/protocol/entities";
import type { RoomId, SendId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import { malformedFramesMax, malformedWindowMs } from "@novax/protocol/limits";
import type { ServerFrame } from "@novax/protocol/replies";
import type { ServerWebSocket } from "bun";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TokenBucket } from "../lib/token-bucket.ts";

export type ConnectionProtocol = "novax.v1" | "basic";

/** What is known when the socket opens; Bun carries it. */
export type SocketData = {
  actor: Actor;
  protocol: ConnectionProtocol;
  language: Language;
  connection: Connection | null;
};

export type Socket = ServerWebSocket<SocketData>;

/** After this many refusals for speed within {@link malformedWindowMs} the connection is closed. */
const rateRefusalsMax = 20;

/** One open socket: whose it is, what it may still spend, and the rooms it receives. */
export class Connection {
  #actor: Actor;
  readonly protocol: ConnectionProtocol;
  /** What its person reads refusals in. */
  readonly language: Language;
  readonly rooms = new Set<RoomId>();
  /** Where the rooms' logs ended when this connection was greeted: what it receives begins there. */
  greetedHeads: ReadonlyMap<RoomId, number> = new Map();
  /** It receives every room of its person, also those they come into later. */
  attachesAll = false;
  /** The room that is looked at on it. */
  viewed: RoomId | null = null;
  /** The rooms of which it hears who is there: the one looked at, and direct rooms. */
  readonly views = new Set<RoomId>();
  readonly #keptViews = new Set<RoomId>();
  /** Called when a room is no longer received. */
  leftRoom: (room: RoomId) => void = () => {};
  /** Messages this basic client sent itself: it shows them already and does not get them again. */
  readonly sentIds = new Set<SendId>();
  readonly #socket: Socket;
  readonly #budget: () => TokenBucket;
  readonly #malformedAt: number[] = [];
  readonly #rateRefusedAt: number[] = [];

  /** `budget` is the account's: it is shared by all its connections, and a new one does not fill it up again. */
  constructor(socket: Socket, budget: () => TokenBucket) {
    this.#socket = socket;
    this.#actor = socket.data.actor;
    this.protocol = socket.data.protocol;
    this.language = socket.data.language;
    this.#budget = budget;
  }

  /** Whose it is. */
  get actor(): Actor {
    return this.#actor;
  }

  rename({ username, displayName }: Person): void {
    const { displayName: _, ...rest } = this.#actor;
    this.#actor = { ...rest, username, ...(displayName === undefined ? {} : { displayName }) };
  }

  /** Of this room it hears who is there, whichever is looked at. */
  keepView(room: RoomId): void {
    this.#keptViews.add(room);
  }

  keepsView(room: RoomId): boolean {
    return this.#keptViews.has(room);
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  send(frame: ServerFrame | BasicServerFrame): void {
    this.sendText(JSON.stringify(frame));
  }

  sendText(text: string): void {
    // 0: dropped, the reader is too slow. A frame that is missing here is in the log: it reconnects and resumes.
    if (this.isOpen && this.#socket.send(text) === 0) this.close(closeCodes.tooSlow, "too slow");
  }

  subscribe(topic: string): void {
    this.#socket.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    if (this.isOpen) this.#socket.unsubscribe(topic);
  }

  /** Pays for a command. Throws a `rate_limited` Refusal, and closes a connection that goes on regardless. */
  spend(cost: number, now: number): void {
    const retryInMs = this.#budget().spend(cost, now);
    if (retryInMs === 0) return;
    if (countRecent(this.#rateRefusedAt, now) > rateRefusalsMax)
      this.close(closeCodes.rateLimited, "too fast");
    throw new Refusal("rate_limited", (t) => t.tooFast, { retryInMs });
  }

  /** Notes a frame that was no command; the third in ten seconds closes a `novax.v1` connection. */
  countMalformed(now: number): void {
    const isTooMany = countRecent(this.#malformedAt, now) >= malformedFramesMax;
    // The basic protocol promises that nothing wrong ends the connection; its frames cost budget all the same.
    if (isTooMany && this.protocol === "novax.v1") this.close(closeCodes.malformed, "malformed");
  }

  close(code: number, reason: string): void {
    if (this.isOpen) this.#socket.close(code, reason);
  }
}

/** Adds `now` to the times and returns how many of them lie within the window. */
function countRecent(times: number[], now: number): number {
  times.push(now);
  while (times.length > 0 && now - times[0]! > malformedWindowMs) times.shift();
  return times.length;
}
