// A person with a session, as the server sees them: cookies, requests, sockets.

import type { Command, CommandType, FieldsOf, ResultOf } from "@novax/protocol/commands";
import type { JoinedRoom } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import type { Reply, ServerFrame } from "@novax/protocol/replies";
import { textOf } from "@novax/protocol/text";
import type { TestServer } from "./server.ts";

export const password = "four quiet words here";

export class Person {
  readonly username: string;
  readonly server: TestServer;
  /** Every cookie the server set, as a browser would send them back. */
  readonly cookies = new Map<string, string>();
  #id: AccountId | null = null;

  constructor(server: TestServer, username: string) {
    this.server = server;
    this.username = username;
  }

  get cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  get sessionToken(): string | undefined {
    return this.cookies.get("novax_session");
  }

  /** Sends a request as a page of the server's own origin would. */
  async fetch(
    path: string,
    init: RequestInit & { headers?: Record<string, string> } = {},
  ): Promise<Response> {
    const headers = { origin: this.server.origin, cookie: this.cookieHeader, ...init.headers };
    const response = await fetch(this.server.url + path, { redirect: "manual", ...init, headers });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";");
      const split = pair.indexOf("=");
      if (/max-age=0/i.test(cookie)) this.cookies.delete(pair.slice(0, split));
      else this.cookies.set(pair.slice(0, split), pair.slice(split + 1));
    }
    return response;
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json", ...headers },
    });
  }

  /** Sends a command over HTTP. */
  command<T extends CommandType>(type: T, fields: FieldsOf<T>): Promise<Response> {
    return this.post(`/api/commands/${type}`, fields);
  }

  /** As {@link command}; fails the test if it is refused. */
  async run<T extends CommandType>(type: T, fields: FieldsOf<T>): Promise<ResultOf<T>> {
    const response = await this.command(type, fields);
    if (response.status !== 200) throw new Error(`${type}: ${response.status} ${await response.text()}`);
    return (await response.json()) as ResultOf<T>;
  }

  /** Sends a command that must be refused, and returns the refusal's code. Fails the test if it is accepted. */
  async refusedWith<T extends CommandType>(type: T, fields: FieldsOf<T>): Promise<string> {
    const response = await this.command(type, fields);
    if (response.status === 200) throw new Error(`${type} was not refused`);
    return (await problemOf(response)).code;
  }

  async read<T>(path: string): Promise<T> {
    const response = await this.fetch(path);
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Sends a text message over HTTP. Returns its seq. */
  async say(room: RoomId, text: string, more: Partial<FieldsOf<"message.send">> = {}): Promise<number> {
    const sendId = crypto.randomUUID() as SendId;
    return (await this.run("message.send", { room, sendId, body: { kind: "text", text }, ...more })).seq;
  }

  async rooms(): Promise<JoinedRoom[]> {
    return (await this.read<{ rooms: JoinedRoom[] }>("/api/rooms")).rooms;
  }

  async room(id: RoomId): Promise<JoinedRoom> {
    const room = (await this.rooms()).find((candidate) => candidate.id === id);
    if (!room) throw new Error(`${this.username} is not in ${id}`);
    return room;
  }

  /** This account's id. */
  async id(): Promise<AccountId> {
    this.#id ??= (
      await this.read<{ people: { id: AccountId; username: string }[] }>(`/api/people?q=${this.username}`)
    ).people.find((person) => person.username === this.username)!.id;
    return this.#id;
  }

  register(more: Record<string, unknown> = {}): Promise<Response> {
    const { username } = this;
    const email = `${username}@example.org`;
    return this.post("/register", { email, username, password, confirm_password: password, ...more });
  }

  signIn(secret = password): Promise<Response> {
    return this.post("/login", { username: this.username, password: secret });
  }

  /** The same person in another browser. */
  async inAnotherBrowser(server = this.server): Promise<Person> {
    const twin = new Person(server, this.username);
    const response = await twin.signIn();
    if (response.status !== 200) throw new Error(`login: ${response.status} ${await response.text()}`);
    return twin;
  }

  /** Opens the full protocol and waits for the greeting. */
  async connect(): Promise<TestSocket> {
    const socket = await this.open("novax.v1");
    await socket.next((frame) => frame.type === "hello");
    return socket;
  }

  /** As {@link connect}, and attached to `general`, from its newest event on or from `afterSeq`. */
  async enter(afterSeq?: number): Promise<TestSocket> {
    const socket = await this.connect();
    await socket.attach("general", afterSeq);
    return socket;
  }

  async open(protocol?: string, headers: Record<string, string> = {}): Promise<TestSocket> {
    const socket = new TestSocket(
      `${this.server.url.replace("http", "ws")}/ws/${this.username}`,
      { cookie: this.cookieHeader, origin: this.server.origin, ...headers },
      protocol,
    );
    await socket.opened;
    return socket;
  }
}

/**
 * Asks again for as long as the server says that too many wait, as a busy machine does when many passwords come at once. For tests of
 * what happens then to each of them.
 */
export async function untilTaken(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const response = await ask();
    if (response.status !== 503) return response;
    await response.body?.cancel();
    await Bun.sleep(100);
  }
}

/** The message of a refusal. */
export async function problemOf(
  response: Response,
): Promise<{ code: string; detail: string; field?: string }> {
  return (await response.json()) as { code: string; detail: string; field?: string };
}

/** Registers a new person, or fails the test. */
export async function join(server: TestServer, username: string): Promise<Person> {
  const person = new Person(server, username);
  await registerOrFail(person);
  return person;
}

export async function registerOrFail(person: Person): Promise<void> {
  const response = await person.register();
  if (response.status !== 200)
    throw new Error(`register ${person.username}: ${response.status} ${await response.text()}`);
}

/** A command before it has its id. */
export type CommandDraft = Command extends infer C ? (C extends Command ? Omit<C, "id"> : never) : never;

type AnyFrame = ServerFrame & Record<string, unknown>;

/** A socket that keeps every frame in order, for assertions. */
export class TestSocket {
  readonly frames: AnyFrame[] = [];
  readonly texts: string[] = [];
  /** The sendId of each `message.send`, by command id. */
  readonly sendIds = new Map<number, string>();
  readonly opened: Promise<void>;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #socket: WebSocket;
  readonly #wakers = new Set<() => void>();
  #nextId = 1;
  #read = 0;

  constructor(url: string, headers: Record<string, string>, protocol?: string) {
    // Bun's client can set headers, as every client except a browser's can.
    const options = { headers, ...(protocol === undefined ? {} : { protocols: [protocol] }) };
    this.#socket = new WebSocket(url, options as unknown as string[]);
    this.opened = new Promise((resolve, reject) => {
      this.#socket.onopen = () => resolve();
      this.#socket.onerror = () => reject(new Error("the socket was refused"));
    });
    this.closed = new Promise((resolve) => {
      this.#socket.onclose = ({ code, reason }) => {
        resolve({ code, reason });
        for (const wake of this.#wakers) wake();
      };
    });
    this.#socket.onmessage = (event) => {
      this.texts.push(event.data as string);
      this.frames.push(JSON.parse(event.data as string) as AnyFrame);
      for (const wake of this.#wakers) wake();
    };
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Every event received, over all frames. */
  get events(): RoomEvent[] {
    return this.frames.flatMap((frame) => (frame.type === "events" ? frame.events : []));
  }

  get messageTexts(): string[] {
    return this.events.flatMap((event) => (event.type === "message.sent" ? [textOf(event.body)] : []));
  }

  sendRaw(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(data);
  }

  close(): void {
    this.#socket.close();
  }

  /** Drops the connection without a close frame. */
  terminate(): void {
    (this.#socket as WebSocket & { terminate(): void }).terminate();
  }

  /** The next matching frame among those not yet returned. */
  async next<T = AnyFrame>(fits: (frame: AnyFrame) => boolean, timeoutMs = 5000): Promise<T> {
    let found: AnyFrame | undefined;
    await this.until(() => {
      for (; this.#read < this.frames.length; this.#read++) {
        if (!fits(this.frames[this.#read]!)) continue;
        found = this.frames[this.#read++];
        return true;
      }
      return false;
    }, timeoutMs);
    return found as T;
  }

  /**
   * Waits until a message has reached this connection: as an event, or within a room that it joins meanwhile. Events that a
   * joined room has already are not sent again.
   */
  async untilReached(room: string, seq: number): Promise<void> {
    await this.until(() =>
      this.frames.some(
        (frame) =>
          (frame.type === "events" && frame.room === room && frame.to >= seq) ||
          (frame.type === "room.joined" && frame.room.id === room && frame.room.headSeq >= seq),
      ),
    );
  }

  /** Waits until the condition holds, checking again on every frame. */
  async until(holds: () => boolean, timeoutMs = 5000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!holds()) {
      if (Date.now() > deadline)
        throw new Error(`not within ${timeoutMs} ms; frames: ${this.texts.slice(-10).join("\n")}`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#wakers.delete(wake);
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(wake, 50);
        this.#wakers.add(wake);
      });
    }
  }

  /** Sends a command and waits for its reply. */
  async command(draft: CommandDraft): Promise<Reply> {
    const id = this.#nextId++;
    this.sendRaw(JSON.stringify({ ...draft, id }));
    const isReply = (frame: AnyFrame) => frame.type === "reply" && frame.re === id;
    await this.until(() => this.frames.some(isReply));
    return this.frames.find(isReply) as AnyFrame & Reply;
  }

  async attach(room: string, afterSeq?: number): Promise<void> {
    const hello = this.frames.find((frame) => frame.type === "hello")!;
    const head = hello.type === "hello" ? (hello.rooms.find((known) => known.id === room)?.headSeq ?? 0) : 0;
    const epoch = hello.type === "hello" ? hello.epoch : "";
    const draft = { type: "room.attach", room, afterSeq: afterSeq ?? head, epoch } as CommandDraft;
    const reply = await this.command(draft);
    if (!reply.ok) throw new Error(`attach: ${reply.code} ${reply.detail}`);
  }

  /** Sends a text message without waiting, and returns its sendId. */
  say(text: string, room = "general", sendId: string = crypto.randomUUID()): string {
    const id = this.#nextId++;
    this.sendIds.set(id, sendId);
    this.sendRaw(JSON.stringify({ id, type: "message.send", room, sendId, body: { kind: "text", text } }));
    return sendId;
  }

  /** Sends a text message and waits for its event or a refusal. Returns its seq. */
  async sayAndWait(text: string, sendId: string = crypto.randomUUID()): Promise<number> {
    this.say(text, "general", sendId);
    const find = () => this.events.find((event) => event.type === "message.sent" && event.sendId === sendId);
    await this.until(() => find() !== undefined);
    return find()!.seq;
  }
}
