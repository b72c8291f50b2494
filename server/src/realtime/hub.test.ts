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
  const elsewhere = new Map<string, number>();
  const hub = new Hub({ processId: "m" } as never, {
    elapsed: () => now,
    connectionsElsewhere: () => elsewhere,
  });
  return {
    hub,
    now: () => now,
    elsewhere,
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
    const { hub, now, pass, elsewhere } = setUp();
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
    elsewhere.set("z", 10);
    for (let index = 0; index < connectionsPerAccountMax; index++) expect(add()).toBe(true);
    hub.checkCounts();
    pass(20_000);
    hub.checkCounts();
    expect(open.every(({ done }) => done.length === 0)).toBe(true);
    pass(10_000);
    hub.checkCounts();
    // All of them, because of the processes this one counts first; the other one closes none.
    expect(open.every(({ done }) => done[0] === `close ${closeCodes.tooManyConnections}`)).toBe(true);
    closeClosed();
    expect(add()).toBe(false);
    hub.checkCounts();
    expect(add()).toBe(true);
  });

  test("[A33] each process closes as many of them as all of them together have too many", () => {
    const processes = ["a", "m", "z"];
    const counts = new Map([
      ["a", 3],
      ["m", 6],
      ["z", 4],
    ]);
    const closed = processes.map((processId) => {
      let now = 0;
      const hub = new Hub({ processId } as never, {
        elapsed: () => now,
        connectionsElsewhere: () => new Map([...counts].filter(([id]) => id !== processId)),
      });
      const own = Array.from({ length: counts.get(processId)! }, () => createSilent(0));
      for (const { connection } of own) expect(hub.add(connection)).toBe(true);
      hub.checkCounts();
      now = 30_000;
      hub.checkCounts();
      return own.filter(({ done }) => done.length > 0).length;
    });
    expect(closed).toEqual([3, 0, 0]);
  });
});
