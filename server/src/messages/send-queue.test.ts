import { describe, expect, test } from "bun:test";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import { SendQueue, type Waiting, writeMs } from "./send-queue.ts";

const [first, second, third] = ["1", "2", "3"] as RoomId[] as [RoomId, RoomId, RoomId];
const alice = { id: "alice" as AccountId, username: "alice", displayName: "Alice" };

function message(room: RoomId, sendId: string, more: Partial<Waiting> = {}): Waiting {
  return {
    room,
    isAlone: false,
    expiresAt: 1000,
    resolve: () => {},
    reject: () => {},
    draft: {
      sender: alice,
      sessionId: null,
      sendId: sendId as SendId,
      body: { kind: "text", text: "" },
      replyTo: null,
      threadRoot: null,
      mentionsEveryone: false,
      names: [],
      accounts: [],
    },
    ...more,
  };
}

const idsOf = (batch: readonly Waiting[]) => batch.map(({ draft }) => draft.sendId as string);

function queueOf(...messages: Waiting[]): SendQueue {
  const queue = new SendQueue();
  for (const each of messages) queue.add(each);
  return queue;
}

describe("the queue of messages", () => {
  test("gives what waits in all rooms at once, each room in its order and in one batch at a time", () => {
    const queue = queueOf(message(first, "a"), message(second, "b"), message(first, "c"));
    expect(idsOf(queue.takeTogether(10))).toEqual(["a", "c", "b"]);
    queue.add(message(first, "d"));
    queue.add(message(third, "e"));
    expect(idsOf(queue.takeTogether(10))).toEqual(["e"]);
    queue.release(first, { isFree: true });
    expect(idsOf(queue.takeTogether(10))).toEqual(["d"]);
  });

  test("gives no more than it is asked for, and the rooms take turns", () => {
    const queue = queueOf(...["a", "b", "c"].map((id) => message(first, id)), message(second, "d"));
    expect(idsOf(queue.takeTogether(2))).toEqual(["a", "b"]);
    queue.release(first, { isFree: true });
    expect(idsOf(queue.takeTogether(2))).toEqual(["d", "c"]);
  });

  test("gives a message that has to be written alone with its room only, after what came before it", () => {
    const alone = message(first, "b", { isAlone: true });
    const queue = queueOf(message(first, "a"), alone, message(first, "c"), message(second, "d"));
    expect(idsOf(queue.takeAlone(10))).toEqual([]);
    expect(idsOf(queue.takeTogether(10))).toEqual(["a", "d"]);
    queue.release(first, { isFree: true });
    expect(idsOf(queue.takeTogether(10))).toEqual([]);
    expect(idsOf(queue.takeAlone(10))).toEqual(["b", "c"]);
  });

  test("never gives the same message twice in one batch", () => {
    const queue = queueOf(message(first, "a"), message(first, "A"), message(first, "b"));
    expect(idsOf(queue.takeTogether(10))).toEqual(["a"]);
    queue.release(first, { isFree: true });
    expect(idsOf(queue.takeTogether(10))).toEqual(["A", "b"]);
  });

  test("[N1] a room that is held comes next, in its order, but alone until it is free", () => {
    const queue = queueOf(message(first, "a"), message(second, "b"));
    const batch = queue.takeTogether(10);
    queue.add(message(first, "c"));
    queue.putBack(batch.filter(({ room }) => room === first));
    queue.release(first, { isFree: false });
    queue.release(second, { isFree: true });
    expect(idsOf(queue.takeTogether(10))).toEqual([]);
    expect(idsOf(queue.takeAlone(10))).toEqual(["a", "c"]);
    queue.release(first, { isFree: true });
    queue.add(message(first, "d"));
    expect(idsOf(queue.takeTogether(10))).toEqual(["d"]);
    queue.release(first, { isFree: true });
    expect(queue.size).toBe(0);
  });

  test("[N10] names what has waited for too long, whether it is being written or not, and forgets what waited", () => {
    const queue = queueOf(message(first, "a", { expiresAt: 10 }));
    queue.takeTogether(10);
    queue.add(message(first, "b", { expiresAt: writeMs + 20 }));
    queue.add(message(first, "c", { expiresAt: writeMs + 30 }));
    queue.add(message(second, "d", { expiresAt: writeMs + 20, isAlone: true }));
    expect(queue.expire(9)).toEqual([]);
    expect(idsOf(queue.expire(20))).toEqual(["a", "b", "d"]);
    queue.release(first, { isFree: true });
    expect(idsOf(queue.takeAlone(10))).toEqual([]);
    expect(idsOf(queue.takeTogether(10))).toEqual(["c"]);
    queue.release(first, { isFree: true });
    expect(queue.size).toBe(0);
  });

  test("refuses what is too much for a room, and goes on with the others", () => {
    const queue = new SendQueue();
    for (let index = 0; index < 20_000; index++) queue.add(message(first, `${index}`));
    expect(() => queue.add(message(first, "one more"))).toThrow("is busy");
    queue.add(message(second, "another"));
    expect(queue.takeTogether(20_001)).toHaveLength(20_001);
  });
});
