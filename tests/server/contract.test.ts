// The documented behaviour, tested by clients that know nothing of our code: plain requests and a plain WebSocket.
import { expect, test } from "bun:test";
import { Person, password } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

type BasicFrame = {
  type?: string;
  messages?: unknown[];
  sender?: string;
  text?: string;
  timestamp?: number;
  detail?: string;
  code?: string;
};

/** A client written from the contract's tables alone. */
class PlainClient {
  readonly frames: BasicFrame[] = [];
  readonly socket: WebSocket;
  closedWith: number | null = null;

  constructor(url: string, headers: Record<string, string>) {
    this.socket = new WebSocket(url, { headers } as unknown as string[]);
    this.socket.onmessage = (event) => this.frames.push(JSON.parse(event.data as string) as BasicFrame);
    this.socket.onclose = (event) => {
      this.closedWith = event.code;
    };
  }

  say(text: unknown, more: Record<string, unknown> = {}) {
    this.socket.send(JSON.stringify({ sender: "somebody else", text, timestamp: 1, ...more }));
  }

  get texts() {
    return this.frames.flatMap((frame) =>
      frame.type === undefined && frame.text !== undefined ? [frame.text] : [],
    );
  }

  waitFor(holds: (client: PlainClient) => boolean) {
    return waitUntil(() => holds(this)).then((held) => expect(held, JSON.stringify(this.frames)).toBe(true));
  }
}

describeServer("the contract", { people: ["alice", "bob"] }, ({ server, alice, bob }) => {
  const plain = async (person: Person) => {
    const client = new PlainClient(`${server.url.replace("http", "ws")}/ws/${person.username}`, {
      cookie: person.cookieHeader,
      origin: server.origin,
    });
    await client.waitFor(({ frames }) => frames.length > 0);
    return client;
  };

  test("GET / is the sign-in page, and leads to the chat when signed in", async () => {
    const page = await fetch(`${server.url}/`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('action="/login"');
    const signedIn = await alice.fetch("/");
    expect([signedIn.status, signedIn.headers.get("location")]).toEqual([303, "/chat"]);
  });

  test("GET /register is the registration page", async () => {
    const page = await fetch(`${server.url}/register`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('name="confirm_password"');
  });

  test("GET /chat is the chat, and leads to the sign-in page when signed out", async () => {
    expect((await alice.fetch("/chat")).status).toBe(200);
    const signedOut = await fetch(`${server.url}/chat`, { redirect: "manual" });
    expect([signedOut.status, signedOut.headers.get("location")]).toEqual([303, "/"]);
  });

  test("POST /register and /login return {message, username} and a session cookie", async () => {
    const dave = new Person(server, "dave");
    const registered = await dave.register();
    expect(registered.status).toBe(200);
    expect(await registered.json()).toEqual({ message: expect.any(String), username: "dave" });
    expect(dave.sessionToken).toBeString();
    const again = new Person(server, "dave");
    const loggedIn = await again.signIn();
    expect(loggedIn.status).toBe(200);
    expect(await loggedIn.json()).toEqual({ message: expect.any(String), username: "dave" });
    expect(again.sessionToken).toBeString();
  });

  test("a wrong password is 401 {detail}, a refused registration 4xx {detail}, both problem+json with a code", async () => {
    const wrong = await new Person(server, "alice").signIn("not the password");
    expect(wrong.status).toBe(401);
    const taken = await new Person(server, "Alice").register();
    expect(taken.status).toBe(409);
    const differ = await new Person(server, "erin").register({ confirm_password: "something else here" });
    expect(differ.status).toBe(422);
    for (const response of [wrong, taken, differ]) {
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      const { status } = response;
      expect(await response.json()).toMatchObject({
        detail: expect.any(String),
        code: expect.any(String),
        status,
      });
      expect(response.headers.getSetCookie()).toEqual([]);
    }
  });

  test("the same routes accept HTML forms, and redirect", async () => {
    const form = (fields: Record<string, string>) => ({
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "content-type": "application/x-www-form-urlencoded" },
    });
    const frank = new Person(server, "frank");
    const fields = { email: "frank@example.org", username: "frank", password, confirm_password: password };
    const registered = await frank.fetch("/register", form(fields));
    expect([registered.status, registered.headers.get("location")]).toEqual([303, "/chat"]);
    expect((await frank.fetch("/chat")).status).toBe(200);
    const twin = new Person(server, "frank");
    const loggedIn = await twin.fetch("/login", form({ username: "frank", password }));
    expect([loggedIn.status, loggedIn.headers.get("location")]).toEqual([303, "/chat"]);
    const wrong = await new Person(server, "x").fetch(
      "/login",
      form({ username: "<b>frank", password: "nonsense" }),
    );
    expect(wrong.status).toBe(401);
    const page = await wrong.text();
    expect(page).toContain('role="alert"');
    expect(page).toContain("&lt;b&gt;frank");
    expect(page).not.toContain("nonsense");
  });

  test("a plain WebSocket gets the history, sends, and receives everybody else's messages", async () => {
    const [a, b] = [await plain(alice), await plain(bob)];
    expect(a.frames[0]).toEqual({ type: "history", messages: expect.any(Array) as unknown[] });
    const before = Date.now();
    a.say("hello from alice");
    await b.waitFor(({ texts }) => texts.includes("hello from alice"));
    const received = b.frames.find((frame) => frame.text === "hello from alice")!;
    expect(received.sender).toBe("alice");
    expect(received.timestamp).toBeWithin(before - 1000, Date.now() + 1000);
    b.say("hello from bob");
    await a.waitFor(({ texts }) => texts.includes("hello from bob"));
    expect(a.texts).not.toContain("hello from alice");
    expect(b.texts).not.toContain("hello from bob");
    a.socket.close();
    b.socket.close();
  });

  test("the history is oldest first and has at most the 50 newest messages", async () => {
    const a = await plain(alice);
    const b = await plain(bob);
    for (let index = 0; index < 55; index++) {
      a.say(`numbered ${index}`);
      // Stay below the limit of messages per second.
      if (index % 20 === 19) await Bun.sleep(1000);
    }
    await b.waitFor(({ texts }) => texts.includes("numbered 54"));
    const again = await plain(bob);
    const messages = again.frames[0]!.messages as { text: string; sender: string; timestamp: number }[];
    expect(messages.map((message) => message.text)).toEqual(
      Array.from({ length: 50 }, (_, index) => `numbered ${index + 5}`),
    );
    expect(Object.keys(messages[0]!).sort()).toEqual(["sender", "text", "timestamp"]);
    for (const client of [a, b, again]) client.socket.close();
  });

  test("GET /api/messages returns the same history with a session, with limit and room_id", async () => {
    const response = await bob.fetch("/api/messages?limit=3&room_id=general");
    expect(response.status).toBe(200);
    const { messages } = (await response.json()) as { messages: { text: string }[] };
    expect(messages.map((message) => message.text)).toEqual(["numbered 52", "numbered 53", "numbered 54"]);
    const whole = (await (await bob.fetch("/api/messages")).json()) as { messages: unknown[] };
    expect(whole.messages).toHaveLength(50);
    expect((await fetch(`${server.url}/api/messages`)).status).toBe(401);
    expect((await bob.fetch("/api/messages?room_id=secret")).status).toBe(404);
    for (const bad of ["limit=0", "limit=x", "limit=201", "limit=1&limit=2", "offset=1"]) {
      expect((await bob.fetch(`/api/messages?${bad}`)).status, bad).toBe(400);
    }
  });

  test("an invalid message gets an error and doesn't end the connection", async () => {
    const a = await plain(alice);
    const wrong = ["{", "[]", "null", "7", "{}", '{"text":7}', '{"text":{"$gt":""}}'];
    for (const frame of wrong) a.socket.send(frame);
    a.say("");
    a.say("x".repeat(4001));
    await a.waitFor(
      ({ frames }) => frames.filter((frame) => frame.type === "error").length === wrong.length + 2,
    );
    for (const frame of a.frames.slice(1))
      expect(frame).toEqual({
        type: "error",
        detail: expect.any(String) as string,
        code: expect.any(String) as string,
      });
    const b = await plain(bob);
    a.say("still here");
    await b.waitFor(({ texts }) => texts.includes("still here"));
    expect(a.closedWith).toBeNull();
    a.socket.close();
    b.socket.close();
  });

  test("user_id must be the session's own username; anything else is refused, and so is a missing session", async () => {
    const refusals = [
      { path: "bob", cookie: alice.cookieHeader, status: 403 },
      { path: "alice", cookie: "", status: 401 },
      { path: "alice", cookie: "novax_session=forged", status: 401 },
    ];
    for (const { path, cookie, status } of refusals) {
      const response = await fetch(`${server.url}/ws/${path}`, {
        headers: {
          ...{ cookie, origin: server.origin, connection: "upgrade", upgrade: "websocket" },
          ...{ "sec-websocket-version": "13", "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==" },
        },
      });
      expect(response.status, path).toBe(status);
    }
  });

  test("both protocols share one room: each sees what the other sends", async () => {
    const basic = await plain(alice);
    const full = await bob.enter();
    basic.say("from basic");
    await full.until(() => full.messageTexts.includes("from basic"));
    full.say("from full");
    await basic.waitFor(({ texts }) => texts.includes("from full"));
    const other = await (await alice.inAnotherBrowser()).enter();
    basic.say("to my other browser");
    await other.until(() => other.messageTexts.includes("to my other browser"));
    expect(basic.texts).not.toContain("to my other browser");
    for (const socket of [full, other]) socket.close();
    basic.socket.close();
  });
});

const app = "http://localhost:5173";
const allowing = { only: "embedded", env: { ALLOWED_ORIGINS: app }, people: [] } as const;

describeServer("a front end on another origin", allowing, ({ server }) => {
  test("an allowed origin can post JSON, read responses and open the socket; any other sees nothing", async () => {
    const preflight = await fetch(`${server.url}/login`, {
      method: "OPTIONS",
      headers: {
        origin: app,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect(preflight.headers.get("access-control-allow-origin")).toBe(app);
    expect(preflight.headers.get("access-control-allow-credentials")).toBe("true");
    const alice = new Person(server, "alice");
    const body = { email: "a@example.org", username: "alice", password, confirm_password: password };
    const registered = await alice.post("/register", body, { origin: app });
    expect(registered.status).toBe(200);
    expect(registered.headers.get("access-control-allow-origin")).toBe(app);
    const client = new PlainClient(`${server.url.replace("http", "ws")}/ws/alice`, {
      cookie: alice.cookieHeader,
      origin: app,
    });
    await client.waitFor(({ frames }) => frames[0]?.type === "history");
    client.socket.close();

    const evil = "http://evil.example";
    const refused = await alice.post("/login", { username: "alice", password }, { origin: evil });
    expect(refused.status).toBe(403);
    expect(refused.headers.get("access-control-allow-origin")).toBeNull();
    const read = await alice.fetch("/api/messages", { headers: { origin: evil } });
    expect(read.headers.get("access-control-allow-origin")).toBeNull();
  });
});
