import { describe, expect, test } from "bun:test";
import { closeCodes } from "@novax/protocol/close-codes";
import type { AccountId } from "@novax/protocol/ids";
import type { ServerFrame } from "@novax/protocol/replies";
import fc from "fast-check";
import { backoffMs } from "./backoff.ts";
import {
  answerWithinMs,
  greetWithinMs,
  pingEveryMs,
  RealtimeClient,
  type Socket,
  wakeWithinMs,
} from "./realtime-client.ts";

/** A socket that only does what the test tells it to. */
class FakeSocket implements Socket {
  readyState: Socket["readyState"] = WebSocket.CONNECTING;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  readonly sent: { id: number; type: string }[] = [];

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = WebSocket.CLOSING;
  }

  receive(frame: Partial<ServerFrame>): void {
    const onmessage = this.onmessage as ((event: { data: string }) => void) | null;
    onmessage?.({ data: JSON.stringify(frame) });
  }

  greet(): void {
    this.readyState = WebSocket.OPEN;
    this.receive({
      type: "hello",
      protocol: "novax.v1",
      epoch: "1",
      you: { id: "alice" as AccountId, username: "alice" },
      rooms: [],
      serverTime: 0,
    });
  }

  answer(re: number | null): void {
    if (re !== null) this.receive({ type: "reply", re, ok: true, result: { echo: re } });
    else this.receive({ type: "reply", re, ok: false, code: "malformed", detail: "no" });
  }

  /** The server closes the socket, or the connection breaks. */
  break(code = 1006): void {
    this.readyState = WebSocket.CLOSED;
    const onclose = this.onclose as ((event: { code: number }) => void) | null;
    onclose?.({ code });
  }
}

class FakeClock {
  now = 0;
  #timers: { at: number; run: () => void }[] = [];

  readonly schedule = (run: () => void, ms: number): (() => void) => {
    const timer = { at: this.now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  get pending(): number {
    return this.#timers.length;
  }

  /** Time passes, and no timer comes nearer. */
  sleep(ms: number): void {
    this.now += ms;
    for (const timer of this.#timers) timer.at += ms;
  }

  /** Moves the clock forward, and lets pending promises run before and after every timer. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    await settle();
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.now = next.at;
      next.run();
      await settle();
    }
    this.now = end;
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}

function setUp({ random = (): number => 1, isSignedIn = async () => true } = {}) {
  const sockets: FakeSocket[] = [];
  const heard: string[] = [];
  const clock = new FakeClock();
  const hear = (name: string) => () => void heard.push(name);
  const client = new RealtimeClient(
    "wss://chat.example/ws",
    {
      onHello: hear("hello"),
      onEvents: hear("events"),
      onResync: hear("resync"),
      onRoomLeft: hear("left"),
      onRoomJoined: hear("joined"),
      onSignal: hear("signal"),
    },
    isSignedIn,
    {
      openSocket: () => {
        const socket = new FakeSocket();
        sockets.push(socket);
        return socket;
      },
      now: () => clock.now,
      random,
      schedule: clock.schedule,
    },
  );
  const newest = () => sockets.at(-1)!;
  const waitMs = () => {
    const state = client.state.value;
    return state.kind === "away" ? state.nextTryAt - clock.now : null;
  };
  client.connect();
  return { client, clock, sockets, heard, newest, waitMs };
}

function setUpOpen(options?: Parameters<typeof setUp>[0]) {
  const parts = setUp(options);
  parts.newest().greet();
  return parts;
}

describe("the line to the server", () => {
  test("is open when the server has greeted, not before, and only one is made", async () => {
    const { client, sockets, heard, newest } = setUp();
    client.connect();
    expect(sockets).toHaveLength(1);
    expect(client.state.value).toEqual({ kind: "connecting" });
    expect(await client.request("ping", {})).toBeNull();
    newest().greet();
    expect(client.state.value).toEqual({ kind: "open" });
    expect(heard).toEqual(["hello"]);
  });

  test("hands on what arrives to whom it concerns", () => {
    const { newest, heard } = setUpOpen();
    for (const type of ["events", "resync", "room.left", "room.joined", "typing"] as const)
      newest().receive({ type } as Partial<ServerFrame>);
    expect(heard).toEqual(["hello", "events", "resync", "left", "joined", "signal"]);
  });
});

describe("requests", () => {
  test("are answered by the reply with their number, in whatever order", async () => {
    const { client, newest } = setUpOpen();
    const [first, second] = [client.request("ping", {}), client.request("ping", {})];
    const [one, two] = newest().sent.map(({ id }) => id);
    expect(one).not.toBe(two);
    newest().answer(null);
    newest().answer(999);
    newest().answer(two!);
    newest().answer(one!);
    newest().answer(one!);
    expect(await second).toMatchObject({ ok: true, re: two! });
    expect(await first).toMatchObject({ ok: true, re: one! });
  });

  test("cannot have the number or the type of another by their fields", () => {
    const { client, newest } = setUpOpen();
    void client.request("ping", { id: 77, type: "message.send" } as never);
    expect(newest().sent).toEqual([{ id: 1, type: "ping" }]);
  });

  test("under way when the line breaks are answered with null, and no later line answers them", async () => {
    const { client, clock, newest, sockets } = setUpOpen();
    const lost = client.request("ping", {});
    newest().break();
    expect(await lost).toBeNull();
    expect(await client.request("ping", {})).toBeNull();
    await clock.pass(1000);
    newest().greet();
    const asked = client.request("ping", {});
    expect(sockets[1]!.sent[0]!.id).not.toBe(sockets[0]!.sent[0]!.id);
    newest().answer(sockets[0]!.sent[0]!.id);
    newest().answer(sockets[1]!.sent[0]!.id);
    expect(await asked).toMatchObject({ re: sockets[1]!.sent[0]!.id });
  });

  test("are not put into a socket that is closing", async () => {
    const { client, newest } = setUpOpen();
    newest().readyState = WebSocket.CLOSING;
    expect(await client.request("ping", {})).toBeNull();
    expect(newest().sent).toEqual([]);
  });
});

describe("coming back", () => {
  test("takes longer each time, up to a bound, and starts anew after a greeting", async () => {
    const { client, clock, newest, waitMs } = setUpOpen();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 9; attempt++) {
      newest().break();
      waits.push(waitMs()!);
      await clock.pass(waits.at(-1)!);
    }
    expect(waits).toEqual([550, 1050, 2050, 4050, 8050, 15_050, 15_050, 15_050, 15_050]);
    expect(client.state.value).toMatchObject({ kind: "away", since: 0 });
    newest().greet();
    expect(client.state.value.kind).toBe("open");
    newest().break();
    expect(waitMs()).toBe(550);
    expect(client.state.value).toMatchObject({ since: clock.now });
  });

  test("is scattered over the whole time, and never at once", () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (n, part) => {
        const wait = backoffMs(n, () => part);
        expect(wait).toBeWithin(50, 15_051);
        expect(wait).toBeLessThanOrEqual(backoffMs(n + 1, () => part));
        expect(wait).toBeLessThanOrEqual(backoffMs(n, () => 1));
      }),
    );
    const { newest, waitMs } = setUpOpen({ random: () => 0.5 });
    newest().break();
    expect(waitMs()).toBe(300);
  });

  test("is decided by the close code: 40xx and what is no code of ours yes, 45xx and 1008 no", async () => {
    const { malformed, sessionEnded, tooSlow, unavailable, rateLimited, restarting } = closeCodes;
    for (const code of [1000, 1001, 1006, 1009, restarting, tooSlow, unavailable, rateLimited, 4099]) {
      const { client, clock, newest, sockets } = setUpOpen();
      newest().break(code);
      expect(client.state.value.kind, `${code}`).toBe("away");
      // A used-up budget takes some seconds to fill.
      if (code === rateLimited) {
        await clock.pass(2900);
        expect(sockets, `${code}`).toHaveLength(1);
      }
      await clock.pass(700);
      expect(sockets, `${code}`).toHaveLength(2);
    }
    const ends = [
      [malformed, "refused"],
      [sessionEnded, "signed_out"],
      [4500, "refused"],
      [4599, "refused"],
    ] as const;
    for (const [code, reason] of ends) {
      const { client, clock, newest, sockets } = setUpOpen();
      newest().break(code);
      expect(client.state.value).toEqual({ kind: "ended", reason });
      client.connect();
      client.reconnect();
      await clock.pass(3_600_000);
      expect(sockets, `${code}`).toHaveLength(1);
      expect(clock.pending, `${code}`).toBe(0);
    }
  });

  test("[N3] comes back slowly where the account has too many, because some of them may be dead", async () => {
    const { client, clock, newest, sockets } = setUpOpen();
    newest().break(closeCodes.tooManyConnections);
    expect(client.state.value).toMatchObject({ kind: "away", isFull: true });
    await clock.pass(29_000);
    expect(sockets).toHaveLength(1);
    await clock.pass(2000);
    expect(sockets).toHaveLength(2);
    newest().greet();
    expect(client.state.value).toEqual({ kind: "open" });
  });

  test("can be had at once, but not again and again", async () => {
    const { client, clock, newest, sockets, waitMs } = setUpOpen();
    client.reconnect();
    expect(waitMs()).toBe(0);
    await clock.pass(0);
    expect(sockets).toHaveLength(2);
    newest().greet();
    client.reconnect();
    expect(waitMs()).toBe(2050);
    // A call of `reconnect` does not wait for the pause to end.
    client.reconnect();
    expect(sockets).toHaveLength(3);
    newest().greet();
    await clock.pass(10_000);
    expect(sockets).toHaveLength(3);
    client.reconnect();
    expect(waitMs()).toBe(0);
  });

  test("leaves the old socket behind: its late frames and its end are of the past", async () => {
    const { client, clock, sockets, heard } = setUpOpen();
    const lost = client.request("ping", {});
    client.reconnect();
    expect(await lost).toBeNull();
    await clock.pass(0);
    const [old, present] = sockets as [FakeSocket, FakeSocket];
    expect(old.readyState).toBe(WebSocket.CLOSING);
    old.receive({ type: "events" } as Partial<ServerFrame>);
    old.greet();
    old.break(closeCodes.sessionEnded);
    expect(heard).toEqual(["hello"]);
    present.greet();
    const asked = client.request("ping", {});
    old.answer(present.sent[0]!.id);
    old.break();
    expect(client.state.value.kind).toBe("open");
    present.answer(present.sent[0]!.id);
    expect(await asked).toMatchObject({ ok: true });
  });
});

describe("a line that falls silent", () => {
  test("is kept as long as it answers", async () => {
    const { client, clock, newest, sockets } = setUpOpen();
    for (let round = 1; round <= 20; round++) {
      await clock.pass(pingEveryMs);
      expect(newest().sent).toHaveLength(round);
      newest().answer(newest().sent.at(-1)!.id);
    }
    await clock.pass(answerWithinMs);
    expect(sockets).toHaveLength(1);
    expect(client.state.value.kind).toBe("open");
  });

  test("is replaced, and the new one is watched in its place", async () => {
    const { client, clock, newest, sockets } = setUpOpen();
    await clock.pass(pingEveryMs + answerWithinMs - 1);
    expect(sockets).toHaveLength(1);
    await clock.pass(1);
    expect(sockets).toHaveLength(2);
    expect(client.state.value.kind).toBe("away");
    newest().greet();
    await clock.pass(pingEveryMs);
    expect(sockets[0]!.sent).toHaveLength(1);
    expect(newest().sent.map(({ type }) => type)).toEqual(["ping"]);
  });

  test("is noticed soon by a device that slept, whether it says so or its timers were late", async () => {
    const asked = setUpOpen();
    asked.client.check();
    await asked.clock.pass(wakeWithinMs - 1);
    expect(asked.sockets).toHaveLength(1);
    await asked.clock.pass(1);
    expect(asked.sockets).toHaveLength(2);
    const slept = setUpOpen();
    slept.clock.sleep(8 * 3_600_000);
    await slept.clock.pass(pingEveryMs + wakeWithinMs);
    expect(slept.sockets).toHaveLength(2);
    // One that answers is kept.
    const alive = setUpOpen();
    alive.client.check();
    alive.newest().answer(alive.newest().sent[0]!.id);
    await alive.clock.pass(wakeWithinMs);
    expect(alive.sockets).toHaveLength(1);
  });

  test("is not one where something else arrives before the answer", async () => {
    const { clock, newest, sockets } = setUpOpen();
    await clock.pass(pingEveryMs);
    await clock.pass(answerWithinMs - 1);
    newest().receive({ type: "events" } as Partial<ServerFrame>);
    await clock.pass(1);
    expect(sockets).toHaveLength(1);
    await clock.pass(pingEveryMs);
    expect(sockets).toHaveLength(2);
  });

  test("before it greets is given up too, with a pause", async () => {
    const { client, clock, newest, sockets, waitMs } = setUp();
    await clock.pass(greetWithinMs - 1);
    expect(client.state.value.kind).toBe("connecting");
    await clock.pass(1);
    expect(sockets[0]!.readyState).toBe(WebSocket.CLOSING);
    expect(waitMs()).toBe(550);
    await clock.pass(550 + greetWithinMs);
    expect(waitMs()).toBe(1050);
    await clock.pass(1050);
    expect(sockets).toHaveLength(3);
    newest().greet();
    await clock.pass(pingEveryMs);
    expect(newest().sent).toHaveLength(1);
  });

  test("no timer is left of one that broke, but that of the next try", async () => {
    const { client, clock, newest } = setUpOpen();
    await clock.pass(pingEveryMs);
    newest().break();
    await settle();
    expect(clock.pending).toBe(1);
    newest().break();
    client.reconnect();
    await settle();
    expect(clock.pending).toBe(1);
  });
});

describe("a session that has ended", () => {
  /** Lets the test decide when the client learns whether it is signed in. */
  function setUpAsked() {
    const answers: ((isSignedIn: boolean) => void)[] = [];
    const isSignedIn = () => new Promise<boolean>((resolve) => answers.push(resolve));
    return { ...setUp({ isSignedIn }), answers };
  }

  test("is found out where a line was refused without a greeting, and ends the tries", async () => {
    const { client, clock, newest, sockets, answers } = setUpAsked();
    newest().break();
    answers[0]!(false);
    await settle();
    expect(client.state.value).toEqual({ kind: "ended", reason: "signed_out" });
    await clock.pass(60_000);
    expect(sockets).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test("is not asked about after a greeting, nor believed to be over because nobody can say", async () => {
    const greeted = setUpAsked();
    greeted.newest().greet();
    greeted.newest().break();
    expect(greeted.answers).toHaveLength(0);
    const offline = setUp({ isSignedIn: () => Promise.reject(new Error("offline")) });
    offline.newest().break();
    await settle();
    expect(offline.client.state.value.kind).toBe("away");
  });

  test("ends the next try as well, if that is under way when the answer comes", async () => {
    const { client, clock, newest, sockets, answers } = setUpAsked();
    newest().break();
    await clock.pass(550);
    expect(sockets).toHaveLength(2);
    answers[0]!(false);
    await settle();
    const ended = { kind: "ended", reason: "signed_out" } as const;
    expect(client.state.value).toEqual(ended);
    expect(newest().readyState).toBe(WebSocket.CLOSING);
    newest().greet();
    newest().break();
    await clock.pass(60_000);
    expect(client.state.value).toEqual(ended);
    expect(sockets).toHaveLength(2);
  });

  test("is no news to a line that was greeted meanwhile, nor to one that ended for another reason", async () => {
    const greeted = setUpAsked();
    greeted.newest().break();
    await greeted.clock.pass(550);
    greeted.newest().greet();
    greeted.answers[0]!(false);
    await settle();
    expect(greeted.client.state.value).toEqual({ kind: "open" });
    const ended = setUpAsked();
    ended.newest().break();
    await ended.clock.pass(550);
    ended.newest().break(closeCodes.malformed);
    ended.answers[0]!(false);
    await settle();
    expect(ended.client.state.value).toEqual({ kind: "ended", reason: "refused" });
  });
});
