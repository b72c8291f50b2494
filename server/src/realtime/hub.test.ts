import { describe, expect, test } from "bun:test";
import { closeCodes } from "@novax/protocol/close-codes";
import { connectionsPerAccountMax } from "@novax/protocol/limits";
import type { Connection } from "./connection.ts";
import { Hub } from "./hub.ts";

/** A connection that remembers what is done to it. */
function createSilent(heardAt: number) {
  const done: string[] = [];
  const connection = {
    actor: { id: "alice" },
    heardAt,
    ping: () => done.push("ping"),
    terminate: () => done.push("terminate"),
    close: (code: number) => done.push(`close ${code}`),
  };
  return { connection: connection as unknown as Connection, done };
}

function setUp() {
  let now = 1_000_000;
  const hub = new Hub({ clock: { now: () => now } } as never);
  return {
    hub,
    now: () => now,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

describe("[N3] the connections of an account", () => {
  test("are pinged when they are silent, and ended when nothing was heard for 45 s, whatever is sent to them", () => {
    const { hub, now, pass } = setUp();
    const { connection, done } = createSilent(now());
    hub.add(connection);
    pass(24_000);
    hub.checkLiveness();
    expect(done).toEqual([]);
    pass(2000);
    hub.checkLiveness();
    expect(done).toEqual(["ping"]);
    pass(20_000);
    hub.checkLiveness();
    expect(done).toEqual(["ping", "terminate"]);
  });

  test("are ten; the eleventh takes the place of the one that was silent longest, if it was silent at all", () => {
    const { hub, now, pass } = setUp();
    const open = Array.from({ length: connectionsPerAccountMax }, (_, index) => createSilent(now() + index));
    for (const { connection } of open) expect(hub.add(connection)).toBe(true);
    pass(20_000);
    expect(hub.add(createSilent(now()).connection)).toBe(false);
    pass(6000);
    const eleventh = createSilent(now());
    expect(hub.add(eleventh.connection)).toBe(true);
    expect(open[0]!.done).toEqual([`close ${closeCodes.tooManyConnections}`]);
    hub.checkLiveness();
    expect(open[0]!.done.at(-1)).toBe("terminate");
    expect(open.slice(1).flatMap(({ done }) => done.filter((what) => what !== "ping"))).toEqual([]);
    expect(hub.size).toBe(connectionsPerAccountMax);
  });
});
