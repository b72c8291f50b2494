import { expect, test } from "bun:test";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { presenceGraceMs } from "@novax/protocol/limits";
import type { BusMessage } from "../bus/bus.ts";
import { Presence, type Profile } from "./presence.ts";

type Announcement = Extract<BusMessage, { kind: "presence" }>;

const alice = "alice" as AccountId;
const profileOf = (id: AccountId): Profile => ({
  person: { id, username: id },
  status: { emoji: "", text: "", until: null },
  dndUntil: null,
  picture: null,
});
const profile = profileOf(alice);

/** The presence of two processes that hear each other. */
function createTwo() {
  let now = 1_000_000;
  const all: Presence[] = [];
  for (const processId of ["one", "two"]) {
    const publish = (message: Announcement) => {
      for (const other of all) if (other !== presence) other.receive(message);
    };
    const presence = new Presence({
      bus: { publish, isShared: true },
      clock: { now: () => now },
      processId,
    } as never);
    all.push(presence);
  }
  const tick = async () => {
    for (const presence of all) await presence.tick();
  };
  const pass = (ms: number) => {
    now += ms;
  };
  return { one: all[0]!, two: all[1]!, tick, pass };
}

test("[A33] processes tell each other how many connections somebody has, each time that it changes", async () => {
  const { one, two, tick, pass } = createTwo();
  const [first, second] = [{}, {}];
  one.connected(first, profile);
  one.connected(second, profile);
  await tick();
  expect([...two.connectionsElsewhere(alice)]).toEqual([["one", 2]]);
  expect([...one.connectionsElsewhere(alice)]).toEqual([]);
  one.disconnected(second, alice);
  await tick();
  expect([...two.connectionsElsewhere(alice)]).toEqual([["one", 1]]);
  one.disconnected(first, alice);
  await tick();
  expect([...two.connectionsElsewhere(alice)]).toEqual([]);
  // Who may be back in a moment is still shown as there.
  expect(two.stateOf(alice)).toBe("online");
  pass(presenceGraceMs);
  await tick();
  expect(two.stateOf(alice)).toBe(null);
});

test("[A33] [K3] a process that stops has no connections any more, and its people are not shown as gone", async () => {
  const { one, two, tick, pass } = createTwo();
  one.connected({}, profile);
  await tick();
  one.leave();
  await two.tick();
  expect([...two.connectionsElsewhere(alice)]).toEqual([]);
  expect(two.stateOf(alice)).toBe("online");
  pass(25_000);
  await two.tick();
  expect(two.stateOf(alice)).toBe(null);
});

test("[F5] each person who comes online is looked up once in the rooms that are viewed, and again only if that failed", async () => {
  const asked: { rooms: readonly RoomId[]; people: readonly AccountId[] }[] = [];
  let isAway = false;
  const sql = async (_strings: TemplateStringsArray, rooms: RoomId[], people: AccountId[]) => {
    asked.push({ rooms, people });
    if (isAway) throw new Error("the database is away");
    return people.filter((id) => id === "bob").map((id) => ({ room_id: rooms[0], account_id: id }));
  };
  const presence = new Presence({
    db: { sql: Object.assign(sql, { array: (values: unknown[]) => values }) },
    bus: { publish: () => {}, isShared: false },
    clock: { now: () => 1_000_000 },
    processId: "one",
  } as never);
  const sent: string[] = [];
  presence.onChange((_room, signal) => sent.push(...signal.joined.map(({ username }) => username)));
  const room = "general" as RoomId;
  presence.connected({}, profile);
  presence.view(room);
  await presence.snapshot(room);
  await presence.tick();
  asked.length = 0;
  const [bob, carol] = ["bob" as AccountId, "carol" as AccountId];
  for (const id of [bob, carol]) presence.connected({}, profileOf(id));
  isAway = true;
  await presence.tick().catch(() => {});
  isAway = false;
  for (let index = 0; index < 3; index++) {
    presence.setAway({}, carol, true);
    presence.connected({}, profileOf(carol));
    await presence.tick();
  }
  expect(asked).toEqual([
    { rooms: [room], people: [bob, carol] },
    { rooms: [room], people: [bob, carol] },
  ]);
  expect(sent).toEqual(["bob"]);
});
