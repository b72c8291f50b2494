import { describe, expect, test } from "bun:test";
import type { Bootstrap } from "@novax/protocol/bootstrap";
import type { RoomEvent } from "@novax/protocol/events";
import { type AccountId, generalRoomId, type SendId } from "@novax/protocol/ids";
import { type FetchEvents, RoomStore } from "./room-store.ts";

const alice = { id: "a" as AccountId, username: "alice" };
const bob = { id: "b" as AccountId, username: "bob" };
const event = (seq: number): RoomEvent => ({
  seq,
  at: seq,
  actor: bob,
  type: "message.sent",
  sendId: `s${seq}` as SendId,
  body: { kind: "text", text: `m${seq}` },
});
const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));

function setUp(options: { head: number; shown?: number; readSeq?: number; fetchEvents?: FetchEvents }) {
  const { head, shown = 10, readSeq = head } = options;
  const log = range(1, 2000);
  const fromLog: FetchEvents = async (_room, { before = head + 1, limit }) => ({
    epoch: "e",
    headSeq: head,
    events: log.slice(Math.max(0, before - 1 - limit), before - 1),
  });
  const bootstrap: Bootstrap = {
    epoch: "e",
    you: alice,
    unseenNotices: 0,
    rooms: [
      {
        id: generalRoomId,
        name: "General",
        topic: "",
        headSeq: head,
        readSeq,
        events: range(head - shown + 1, head),
        members: [],
      },
    ],
  };
  return new RoomStore(bootstrap, bootstrap.rooms[0]!, options.fetchEvents ?? fromLog);
}
const seqs = (store: RoomStore) => store.snapshot.value.timeline.map((entry) => entry.seq);

describe("the room store", () => {
  test("takes what follows, ignores what it has, and says when something is missing", () => {
    const store = setUp({ head: 100 });
    expect(store.apply(range(99, 103))).toBe(true);
    expect(store.apply(range(101, 102))).toBe(true);
    expect(store.apply([event(106)])).toBe(false);
    expect(seqs(store)).toEqual(range(91, 103).map((known) => known.seq));
    expect(store.position).toEqual({ afterSeq: 103, epoch: "e" });
  });

  test("reads further back to the very beginning, page by page, one at a time", async () => {
    const store = setUp({ head: 100 });
    await Promise.all([store.loadOlder(), store.loadOlder(), store.loadOlder()]);
    expect(seqs(store)[0]).toBe(41);
    await store.loadOlder();
    expect(seqs(store)).toEqual(range(1, 100).map((known) => known.seq));
    expect(store.older.value).toBe("start");
  });

  test("a page that does not load can be asked for again", async () => {
    let fails = true;
    const store = setUp({
      head: 100,
      fetchEvents: async () => {
        if (fails) throw new Error("offline");
        return { epoch: "e", headSeq: 100, events: range(41, 90) };
      },
    });
    await store.loadOlder();
    expect(store.older.value).toBe("failed");
    fails = false;
    await store.loadOlder();
    expect(seqs(store)[0]).toBe(41);
  });

  test("starting afresh loses nothing of what arrives meanwhile", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const store = setUp({
      head: 100,
      fetchEvents: async () => {
        await promise;
        return { epoch: "e", headSeq: 1500, events: range(1451, 1500) };
      },
    });
    const reloaded = store.reload();
    expect(store.apply(range(1499, 1502))).toBe(true);
    resolve();
    expect(await reloaded).toBe(true);
    expect(seqs(store)).toEqual(range(1451, 1502).map((known) => known.seq));
  });

  test("counts what others wrote after the mark; the mark only grows", () => {
    const store = setUp({ head: 100, readSeq: 95 });
    expect(store.unreadCount.value).toBe(5);
    expect(store.dividerSeq.value).toBe(95);
    expect(store.markRead(98)).toBe(true);
    expect(store.markRead(97)).toBe(false);
    expect(store.unreadCount.value).toBe(2);
    // The line stays where one began to read.
    expect(store.dividerSeq.value).toBe(95);
    expect(store.markRead(5000)).toBe(true);
    expect(store.readSeq.value).toBe(100);
  });

  test("keeps at most 500 while the end is read, and can load the rest again", async () => {
    const store = setUp({ head: 1000 });
    for (let page = 0; page < 12; page++) await store.loadOlder();
    expect(seqs(store)).toHaveLength(610);
    store.trim();
    expect(seqs(store)).toHaveLength(500);
    expect(store.older.value).toBe("more");
    await store.loadOlder();
    expect(seqs(store)[0]).toBe(451);
  });
});
