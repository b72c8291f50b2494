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
  let elsewhere = 0;
  const hub = new Hub({} as never, { elapsed: () => now, countElsewhere: () => elsewhere });
  return {
    hub,
    now: () => now,
    setElsewhere: (count: number) => {
      elsewhere = count;
    },
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

  test("[A33] are ten over all processes, after a time in which those of a process that died are counted too", () => {
    const { hub, now, pass, setElsewhere } = setUp();
    const open: ReturnType<typeof createSilent>[] = [];
    const add = () => {
      const one = createSilent(now());
      if (!hub.add(one.connection)) return false;
      open.push(one);
      return true;
    };
    const closeClosed = () => {
      for (const one of open.splice(0))
        if (one.done.length > 0) hub.remove(one.connection);
        else open.push(one);
    };
    setElsewhere(10);
    for (let index = 0; index < connectionsPerAccountMax; index++) expect(add()).toBe(true);
    hub.checkCounts();
    pass(20_000);
    hub.checkCounts();
    expect(open.every(({ done }) => done.length === 0)).toBe(true);
    pass(10_000);
    hub.checkCounts();
    // The other process closes its five.
    expect(open.filter(({ done }) => done[0] === `close ${closeCodes.tooManyConnections}`)).toEqual(
      open.slice(5),
    );
    closeClosed();
    setElsewhere(5);
    for (const { connection } of open) Object.assign(connection, { heardAt: now() });
    hub.checkCounts();
    expect(add()).toBe(false);
    setElsewhere(0);
    hub.checkCounts();
    expect(add()).toBe(true);
  });
});
