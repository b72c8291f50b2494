import { expect, test } from "bun:test";
import type { AccountId } from "@novax/protocol/ids";
import { presenceGraceMs } from "@novax/protocol/limits";
import type { BusMessage } from "../bus/bus.ts";
import { Presence, type Profile } from "./presence.ts";

type Announcement = Extract<BusMessage, { kind: "presence" }>;

const alice = "alice" as AccountId;
const profile: Profile = {
  person: { id: alice, username: "alice" },
  status: { emoji: "", text: "", until: null },
  dndUntil: null,
  picture: null,
};

/** The presence of two processes that hear each other. */
function createTwo() {
  let now = 1_000_000;
  const all: Presence[] = [];
  for (const processId of ["one", "two"]) {
    const publish = (message: Announcement) => {
      for (const other of all) if (other !== presence) other.receive(message);
    };
    const presence = new Presence({ bus: { publish }, clock: { now: () => now }, processId } as never);
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
  expect(two.countElsewhere(alice)).toBe(2);
  expect(one.countElsewhere(alice)).toBe(0);
  one.disconnected(second, alice);
  await tick();
  expect(two.countElsewhere(alice)).toBe(1);
  one.disconnected(first, alice);
  await tick();
  expect(two.countElsewhere(alice)).toBe(0);
  // Who may be back in a moment is still shown as there.
  expect(two.stateOf(alice)).toBe("online");
  pass(presenceGraceMs);
  await tick();
  expect(two.stateOf(alice)).toBe(null);
});
