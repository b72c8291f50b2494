import type { BasicServerFrame } from "@novax/protocol/basic";
import { closeCodes } from "@novax/protocol/close-codes";
import type { JoinedRoom, Person } from "@novax/protocol/entities";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import { malformedFramesMax, malformedWindowMs } from "@novax/protocol/limits";
import type { ServerFrame } from "@novax/protocol/replies";
import type { ServerWebSocket } from "bun";
import type { Actor } from "../auth/sessions.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TokenBucket } from "../lib/token-bucket.ts";
import { type BasicSubscriber, basicDelivery } from "./basic-subscriber.ts";
import { novaxDelivery, roomTopic } from "./novax-subscriber.ts";
import type { Subscriber } from "./subscriber.ts";

export type ConnectionProtocol = Connection["protocol"];

/** What is known when the socket opens; Bun carries it. */
export type SocketData = {
  actor: Actor;
  /** Where the socket comes from, which may be elsewhere than its session. */
  address: string;
  protocol: ConnectionProtocol;
  language: Language;
  connection: Connection | null;
};

export type Socket = ServerWebSocket<SocketData>;

/** After this many refusals for speed within {@link malformedWindowMs} the connection is closed. */
const rateRefusalsMax = 20;

type ConnectionParts = { budget: () => TokenBucket };

/** What the connections of both protocols share: a socket, its account, and a budget. */
abstract class SocketConnection {
  #actor: Actor;
  /** The language of refusals. */
  readonly language: Language;
  /** The rooms whose events are sent here. */
  readonly rooms = new Set<RoomId>();
  readonly #socket: Socket;
  readonly #budget: () => TokenBucket;
  readonly #rateRefusedAt: number[] = [];
  #heardAt = performance.now();

  /** `budget` is the account's: all its connections share it, and a new connection does not refill it. */
  constructor(socket: Socket, { budget }: ConnectionParts) {
    this.#socket = socket;
    this.#actor = socket.data.actor;
    this.language = socket.data.language;
    this.#budget = budget;
  }

  get address(): string {
    return this.#socket.data.address;
  }

  get actor(): Actor {
    return this.#actor;
  }

  rename({ username, displayName }: Person): void {
    const { displayName: _, ...rest } = this.#actor;
    this.#actor = { ...rest, username, ...(displayName === undefined ? {} : { displayName }) };
  }

  /** When the client was last heard: with a frame, or with the answer to a ping. In ms since this process began. */
  get heardAt(): number {
    return this.#heardAt;
  }

  heard(): void {
    this.#heardAt = performance.now();
  }

  /** Asks the client to answer, which every WebSocket client does by itself. */
  ping(): void {
    if (this.isOpen) this.#socket.ping();
  }

  /** Ends a connection whose client is gone, without waiting for its answer. */
  terminate(): void {
    this.#socket.terminate();
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  sendText(text: string): void {
    // 0: dropped, the reader is too slow. The log still has the frame: the client reconnects and resumes.
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

  close(code: number, reason: string): void {
    if (this.isOpen) this.#socket.close(code, reason);
  }
}

/** How long the list of the greeting is good for, and kept. A client attaches at once. */
const greetingFreshMs = 10_000;

/** `at`: when it was read, in ms since this process began. */
export function isOld(greeted: { at: number }): boolean {
  return performance.now() - greeted.at >= greetingFreshMs;
}

/** A connection that speaks `novax.v1`: it attaches to rooms by command and resumes them by `seq`. */
export class NovaxConnection extends SocketConnection implements Subscriber {
  readonly protocol = "novax.v1";
  readonly delivery = novaxDelivery;
  /** The rooms that this connection was greeted with, until it receives them. It receives them from their heads on. */
  greeted: { heads: ReadonlyMap<RoomId, number>; rooms: readonly JoinedRoom[] | null; at: number } | null =
    null;
  /** Lets go of the list of the greeting when it is old: it may be long, and the client may never attach. */
  dropOldGreeting(): void {
    if (this.greeted?.rooms && isOld(this.greeted)) this.greeted = { ...this.greeted, rooms: null };
  }

  /** Whether its account has joined a room since it was opened. */
  hasJoinedSince = false;
  /** Whether it receives every room of its account, including rooms joined later. */
  attachesAll = false;
  /** The room that is open in the client. */
  viewed: RoomId | null = null;
  /** The rooms whose presence and typing are sent here: the viewed room and direct rooms. */
  readonly views = new Set<RoomId>();
  /** Who blocked this account: their presence and typing are not sent here. */
  blockers: ReadonlySet<AccountId> = new Set();
  readonly #keptViews = new Set<RoomId>();
  /** Called when a room is no longer received. */
  leftRoom: (room: RoomId) => void = () => {};
  readonly #malformedAt: number[] = [];

  send(frame: ServerFrame): void {
    this.sendText(JSON.stringify(frame));
  }

  attached(room: RoomId): void {
    this.rooms.add(room);
    this.subscribe(roomTopic(room));
  }

  detached(room: RoomId, isRemoved: boolean): void {
    this.rooms.delete(room);
    this.unsubscribe(roomTopic(room));
    this.leftRoom(room);
    if (isRemoved) this.send({ type: "room.left", room });
  }

  /** Keeps the presence of a room coming when another room is viewed. */
  keepView(room: RoomId): void {
    this.#keptViews.add(room);
  }

  keepsView(room: RoomId): boolean {
    return this.#keptViews.has(room);
  }

  /**
   * Counts a frame that is no command; the third in ten seconds closes the connection. The basic protocol promises that
   * nothing malformed closes a connection, so only this one counts; there such a frame costs budget and no more.
   */
  countMalformed(now: number): void {
    if (countRecent(this.#malformedAt, now) >= malformedFramesMax)
      this.close(closeCodes.malformed, "malformed");
  }
}

/** A connection that speaks the basic protocol: plain messages, to and from `general` alone. */
export class BasicConnection extends SocketConnection implements BasicSubscriber {
  readonly protocol = "basic";
  readonly delivery = basicDelivery;
  readonly sentIds = new Set<SendId>();

  send(frame: BasicServerFrame): void {
    this.sendText(JSON.stringify(frame));
  }

  attached(room: RoomId): void {
    this.rooms.add(room);
  }

  /** The protocol has no frame for it. */
  detached(room: RoomId): void {
    this.rooms.delete(room);
  }
}

/** One open socket. Its protocol says which members it has. */
export type Connection = NovaxConnection | BasicConnection;

/** The connection of a socket that just opened. */
export function createConnection(socket: Socket, parts: ConnectionParts): Connection {
  return socket.data.protocol === "novax.v1"
    ? new NovaxConnection(socket, parts)
    : new BasicConnection(socket, parts);
}

/** Adds `now` to the times and returns how many of them lie within the window. */
function countRecent(times: number[], now: number): number {
  times.push(now);
  while (times.length > 0 && now - times[0]! > malformedWindowMs) times.shift();
  return times.length;
}
