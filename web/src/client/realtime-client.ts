import { closeCodes, mayReconnectAfter } from "@novax/protocol/close-codes";
import type { AnyCommandType, CommandType, FieldsOf, ResultOf } from "@novax/protocol/commands";
import type { EventsFrame } from "@novax/protocol/events";
import type { Hello, Reply, Resync, RoomJoined, RoomLeft, ServerFrame } from "@novax/protocol/replies";
import type { Signal as PassingSignal } from "@novax/protocol/signals";
import { type ReadonlySignal, signal } from "@preact/signals";
import { backoffMs } from "./backoff.ts";

/**
 * `since` in `away` is when the connection was lost, so that a short interruption need not be shown. `isFull` says that
 * the account has too many connections, `isBlocked` that the server answers everything but sockets.
 */
export type ConnectionState =
  | { kind: "connecting" }
  | { kind: "open" }
  | { kind: "away"; since: number; nextTryAt: number; isFull: boolean; isBlocked: boolean }
  | { kind: "ended"; reason: "signed_out" | "refused" };

export type RealtimeListener = {
  onHello(hello: Hello): void;
  onEvents(frame: EventsFrame): void;
  onResync(frame: Resync): void;
  onRoomLeft(frame: RoomLeft): void;
  onRoomJoined(frame: RoomJoined): void;
  onSignal(signal: PassingSignal): void;
};

/** The reply to one command. */
export type ReplyOf<T extends AnyCommandType> =
  | Extract<Reply, { ok: false }>
  | (Omit<Extract<Reply, { ok: true }>, "result"> & {
      result: T extends CommandType ? ResultOf<T> : Record<string, never>;
    });

/** Sends a command. Resolves with the reply, or with null if the connection broke first. */
export type Request = <T extends AnyCommandType>(type: T, fields: FieldsOf<T>) => Promise<ReplyOf<T> | null>;

/** The part of a `WebSocket` that the client needs. */
export type Socket = Pick<WebSocket, "readyState" | "send" | "close" | "onmessage" | "onclose">;

export type RealtimeParts = {
  openSocket(url: string): Socket;
  now(): number;
  random(): number;
  /** Runs something after `ms`. Returns a function that cancels it. */
  schedule(run: () => void, ms: number): () => void;
};

const browserParts: RealtimeParts = {
  openSocket: (url) => new WebSocket(url, "novax.v1"),
  now: Date.now,
  random: Math.random,
  schedule: (run, ms) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

export const greetWithinMs = 30_000;
export const pingEveryMs = 20_000;
export const answerWithinMs = 10_000;
/** After sleep, when a connection is likely to be dead. */
export const wakeWithinMs = 3000;
const giveUpEveryMs = 5000;
const rateLimitedPauseMs = 3000;
const fullPauseMs = 30_000;
/** After so many tries at which only the socket failed, something in between lets none through. */
const blockedAfter = 3;

/**
 * One connection to the server. It reconnects by itself, and calls `onHello` for every new connection. A request that
 * was waiting when the connection broke resolves with null, because nothing says whether the server has done it.
 */
export class RealtimeClient {
  readonly #url: string;
  readonly #isSignedIn: () => Promise<boolean>;
  readonly #listener: RealtimeListener;
  readonly #state = signal<ConnectionState>({ kind: "connecting" });
  readonly #waiting = new Map<number, (reply: Reply | null) => void>();
  readonly #parts: RealtimeParts;
  #socket: Socket | null = null;
  #attempt = 0;
  #nextId = 1;
  #hasGreeted = false;
  #gaveUpAt = Number.NEGATIVE_INFINITY;
  #framesReceived = 0;
  #awaySince: number | null = null;
  /** How many tries in a row the server answered over HTTP, but not on the socket. */
  #triesBlocked = 0;
  #stopRetry = () => {};
  /** Stops the wait for the greeting, and later the pings. */
  #stopWatch = () => {};

  /** `isSignedIn` asks the server over HTTP, because a browser does not say whether a socket was refused or broke. */
  constructor(
    url: string,
    listener: RealtimeListener,
    isSignedIn: () => Promise<boolean>,
    parts: RealtimeParts = browserParts,
  ) {
    this.#url = url;
    this.#parts = parts;
    this.#isSignedIn = isSignedIn;
    this.#listener = listener;
  }

  get state(): ReadonlySignal<ConnectionState> {
    return this.#state;
  }

  connect(): void {
    this.#stopRetry();
    if (this.#socket || this.#state.value.kind === "ended") return;
    if (this.#awaySince === null) this.#state.value = { kind: "connecting" };
    const socket = this.#parts.openSocket(this.#url);
    this.#hasGreeted = false;
    this.#socket = socket;
    socket.onmessage = (event) => this.#receive(JSON.parse(event.data as string) as ServerFrame);
    socket.onclose = (event) => this.#closed(socket, event.code);
    this.#stopWatch = this.#parts.schedule(() => {
      drop(socket);
      this.#closed(socket, closeCodes.restarting);
    }, greetWithinMs);
  }

  /** Drops the current connection, dead or in doubt, and opens a new one at once. */
  reconnect(): void {
    const socket = this.#socket;
    if (!socket) {
      this.#attempt = 0;
      this.connect();
      return;
    }
    drop(socket);
    // The reason for dropping the connection may still be there. A second time soon after the first waits.
    const isAgain = this.#parts.now() - this.#gaveUpAt < giveUpEveryMs;
    this.#gaveUpAt = this.#parts.now();
    this.#attempt = isAgain ? Math.max(2, this.#attempt) : 0;
    this.#closed(socket, closeCodes.restarting, isAgain ? undefined : 0);
  }

  /** Asks whether the connection is alive, and opens a new one if no answer comes soon: after the device may have slept. */
  check(): void {
    const { kind } = this.#state.value;
    if (kind === "open") this.#expectAnswer(wakeWithinMs);
    else if (kind === "away") this.reconnect();
  }

  /** Sends a command as {@link Request} says. */
  readonly request: Request = (type, fields) => {
    if (this.#state.value.kind !== "open" || this.#socket?.readyState !== WebSocket.OPEN)
      return Promise.resolve(null);
    const id = this.#nextId++;
    this.#socket.send(JSON.stringify({ ...(fields as object), id, type }));
    return new Promise((resolve) => this.#waiting.set(id, resolve as (reply: Reply | null) => void));
  };

  #receive(frame: ServerFrame): void {
    this.#framesReceived += 1;
    switch (frame.type) {
      case "hello":
        this.#hasGreeted = true;
        this.#attempt = 0;
        this.#awaySince = null;
        this.#triesBlocked = 0;
        this.#state.value = { kind: "open" };
        this.#stopWatch();
        this.#ping();
        this.#listener.onHello(frame);
        return;
      case "reply":
        if (frame.re !== null) this.#settle(frame.re, frame);
        return;
      case "events":
        this.#listener.onEvents(frame);
        return;
      case "resync":
        this.#listener.onResync(frame);
        return;
      case "room.left":
        this.#listener.onRoomLeft(frame);
        return;
      case "room.joined":
        this.#listener.onRoomJoined(frame);
        return;
      default:
        this.#listener.onSignal(frame);
    }
  }

  #settle(id: number, reply: Reply | null): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(reply);
  }

  #closed(socket: Socket, code: number, waitMs = backoffMs(this.#attempt, this.#parts.random)): void {
    if (this.#socket !== socket) return;
    this.#forgetSocket();
    const isFull = code === closeCodes.tooManyConnections;
    if (!isFull && !mayReconnectAfter(code)) {
      this.#state.value = {
        kind: "ended",
        reason: code === closeCodes.sessionEnded ? "signed_out" : "refused",
      };
      return;
    }
    if (!this.#hasGreeted) void this.#checkSession();
    this.#attempt += 1;
    const now = this.#parts.now();
    this.#awaySince ??= now;
    // The connection's budget is used up, and takes some seconds to fill; a dead connection takes longer to be noticed.
    const wait = waitMs + (isFull ? fullPauseMs : code === closeCodes.rateLimited ? rateLimitedPauseMs : 0);
    this.#state.value = {
      kind: "away",
      since: this.#awaySince,
      nextTryAt: now + wait,
      isFull,
      isBlocked: this.#triesBlocked >= blockedAfter,
    };
    this.#stopRetry = this.#parts.schedule(() => this.connect(), wait);
  }

  #forgetSocket(): void {
    this.#socket = null;
    this.#stopWatch();
    for (const id of [...this.#waiting.keys()]) this.#settle(id, null);
  }

  async #checkSession(): Promise<void> {
    const isSignedIn = await this.#isSignedIn().catch(() => null);
    if (isSignedIn === null) this.#triesBlocked = 0;
    // The response may arrive late, when the next try is already greeted or under way.
    const { kind } = this.#state.value;
    if (kind === "open" || kind === "ended" || isSignedIn === null) return;
    if (isSignedIn) {
      this.#triesBlocked += 1;
      return;
    }
    this.#stopRetry();
    if (this.#socket) drop(this.#socket);
    this.#forgetSocket();
    this.#state.value = { kind: "ended", reason: "signed_out" };
  }

  /**
   * A browser does not show the protocol's own pings. A connection that died silently is noticed because no reply
   * arrives.
   */
  #ping(): void {
    const { schedule, now } = this.#parts;
    const dueAt = now() + pingEveryMs;
    this.#stopWatch = schedule(() => {
      this.#ping();
      // The timers of a device that sleeps stand still.
      this.#expectAnswer(now() > dueAt + pingEveryMs ? wakeWithinMs : answerWithinMs);
    }, pingEveryMs);
  }

  #expectAnswer(withinMs: number): void {
    const framesBefore = this.#framesReceived;
    const stopOverdue = this.#parts.schedule(() => {
      // On a slow connection the reply waits behind other frames. If any frame has arrived, the connection is alive.
      if (this.#framesReceived === framesBefore) this.reconnect();
    }, withinMs);
    void this.request("ping", {}).then(stopOverdue);
  }
}

/** Closes a socket and ignores everything it still delivers, because another connection takes its place. */
function drop(socket: Socket): void {
  socket.onclose = null;
  socket.onmessage = null;
  socket.close();
}
