import { describe, expect, test } from "bun:test";
import type { Message } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId, SendId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import { type FetchPage, RoomStore } from "./room-store.ts";

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
const message = (seq: number): { kind: "message" } & Message => ({
  kind: "message",
  seq,
  sendId: `s${seq}` as SendId,
  sender: bob,
  sentAt: seq,
  body: { kind: "text", text: `m${seq}` },
  editedAt: null,
  quote: null,
  threadRoot: null,
  thread: null,
  reactions: [],
  isPinned: false,
  mentionsEveryone: false,
  poll: null,
});
const edited = (seq: number, target: number): RoomEvent => ({
  seq,
  at: seq,
  actor: bob,
  type: "message.edited",
  target,
  body: { kind: "text", text: `edited in ${seq}` },
});
const numbers = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
const events = (from: number, to: number) => numbers(from, to).map(event);
const page = (from: number, to: number, head: number): TimelinePage => ({
  epoch: "e",
  headSeq: head,
  entries: numbers(from, to).map(message),
  hasBefore: from > 1,
  hasAfter: to < head,
  people: [],
  myVotes: {},
});

const reacted = (seq: number, target: number): RoomEvent => ({
  seq,
  at: seq,
  actor: alice,
  type: "reaction.added",
  target,
  emoji: "👍",
});

/** A store that has loaded the newest page of a room of `head` messages. */
function setUp({
  head,
  shown = 10,
  fetchPage,
}: {
  head: number;
  shown?: number;
  fetchPage?: FetchPage;
}): RoomStore {
  const fromLog: FetchPage = async ({ before, after, around, limit }) => {
    if (around !== undefined)
      return page(Math.max(1, around - limit / 2), Math.min(head, around + limit / 2 - 1), head);
    if (after !== undefined) return page(after + 1, Math.min(head, after + limit), head);
    const end = (before ?? head + 1) - 1;
    return page(Math.max(1, end - limit + 1), end, head);
  };
  const store = new RoomStore(generalRoomId, { fetchPage: fetchPage ?? fromLog, people: new Map() });
  store.fill(page(head - shown + 1, head, head));
  return store;
}
const seqs = (store: RoomStore) => store.entries.value.map((entry) => entry.seq);
const textAt = (store: RoomStore, seq: number) => {
  const body = store.find(seq)?.body;
  return body?.kind === "text" ? body.text : null;
};

describe("the room store", () => {
  test("a reaction is there at once, and once when its event comes; refused it goes again, however often it was clicked", () => {
    const store = setUp({ head: 10 });
    const shown = () => store.find(10)!.reactions;
    const drop = store.changes.react(10, { emoji: "👍", by: alice.id, isAdded: true });
    expect(shown()).toEqual([{ emoji: "👍", by: [alice.id] }]);
    store.apply([reacted(11, 10)]);
    expect(shown()).toEqual([{ emoji: "👍", by: [alice.id] }]);
    drop();
    expect(shown()).toEqual([{ emoji: "👍", by: [alice.id] }]);
    const dropFirst = store.changes.react(10, { emoji: "🎉", by: alice.id, isAdded: true });
    const dropSecond = store.changes.react(10, { emoji: "🎉", by: alice.id, isAdded: false });
    dropFirst();
    expect(shown()).toEqual([{ emoji: "👍", by: [alice.id] }]);
    dropSecond();
    expect(shown()).toEqual([{ emoji: "👍", by: [alice.id] }]);
  });

  test("takes what follows, ignores what it has, and says when something is missing", () => {
    const store = setUp({ head: 100 });
    expect(store.apply(events(99, 103))).toBe(true);
    expect(store.apply(events(101, 102))).toBe(true);
    expect(store.apply([event(106)])).toBe(false);
    expect(seqs(store)).toEqual(numbers(91, 103));
    expect(store.position).toEqual({ afterSeq: 103, at: 103 });
  });

  test("reads further back to the very beginning, page by page, one at a time", async () => {
    const store = setUp({ head: 100 });
    await Promise.all([store.loadOlder(), store.loadOlder(), store.loadOlder()]);
    expect(seqs(store)[0]).toBe(41);
    await store.loadOlder();
    expect(seqs(store)).toEqual(numbers(1, 100));
    expect(store.older.value).toBe("none");
  });

  test("a page that does not load can be asked for again", async () => {
    let fails = true;
    const store = setUp({
      head: 100,
      fetchPage: async () => {
        if (fails) throw new Error("offline");
        return page(41, 90, 100);
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
      fetchPage: async () => {
        await promise;
        return page(1451, 1500, 1500);
      },
    });
    const loaded = store.load();
    // These events leave a gap after what is loaded, so they do not apply. The page that is being fetched has to cover
    // them.
    store.apply(events(1499, 1502));
    resolve();
    await loaded;
    expect(seqs(store)).toEqual(numbers(1451, 1502));
  });

  test("what happens to older messages while their page is on its way is in the page, once", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const store = setUp({
      head: 100,
      fetchPage: async () => {
        await promise;
        // The server has read this page after the first of the two edits.
        return { ...page(41, 90, 101), entries: numbers(41, 90).map(message) };
      },
    });
    const loaded = store.loadOlder();
    store.apply([edited(101, 50), edited(102, 60)]);
    resolve();
    await loaded;
    expect(textAt(store, 50)).toBe("m50");
    expect(textAt(store, 60)).toBe("edited in 102");
  });

  test("a jump into the past shows what is there; what is new is not put behind it, and reading on leads to the end", async () => {
    const store = setUp({ head: 300 });
    await store.load(100);
    expect(seqs(store)).toEqual(numbers(75, 124));
    expect(store.isLive.value).toBe(false);
    store.apply([event(301), edited(302, 100)]);
    expect(seqs(store)).toEqual(numbers(75, 124));
    expect(textAt(store, 100)).toBe("edited in 302");
    for (let count = 0; count < 4; count++) await store.loadNewer();
    expect(seqs(store).at(-1)).toBe(300);
    expect(store.isLive.value).toBe(true);
    store.apply([event(303)]);
    expect(seqs(store).at(-1)).toBe(303);
  });

  test("a page that overtook its events does not bring a message twice; what vanishes while a page is on its way leaves nothing stuck", async () => {
    const store = setUp({ head: 100 });
    await store.load(50);
    await store.loadNewer();
    expect(store.isLive.value).toBe(true);
    // The server's page already holds events that the socket has not delivered yet.
    const last = seqs(store).at(-1)!;
    store.fill({ ...page(last - 5, last + 2, last + 2) });
    store.apply(events(last + 1, last + 3));
    expect(seqs(store)).toEqual(numbers(last - 5, last + 3));
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = setUp({
      head: 100,
      fetchPage: async ({ before }) => {
        await promise;
        return page(before! - 50, before! - 1, 101);
      },
    });
    const loading = slow.loadOlder();
    slow.apply([{ seq: 101, at: 1, actor: bob, type: "message.deleted", target: 91, leavesMark: false }]);
    resolve();
    await loading;
    expect(seqs(slow)).toEqual([...numbers(41, 90), ...numbers(92, 100)]);
    expect(slow.older.value).toBe("more");
  });

  test("the line stands where one began to read, before what others wrote", () => {
    const store = setUp({ head: 100 });
    store.startDivider(95, alice.id);
    store.startDivider(98, alice.id);
    expect(store.dividerSeq.value).toBe(95);
    store.clearDivider();
    store.startDivider(100, alice.id);
    expect(store.dividerSeq.value).toBe(null);
    store.startDivider(95, bob.id);
    expect(store.dividerSeq.value).toBe(null);
  });

  test("keeps at most 500 while the end is read, and can load the rest again", async () => {
    const store = setUp({ head: 1000 });
    for (let count = 0; count < 12; count++) await store.loadOlder();
    expect(seqs(store)).toHaveLength(610);
    store.trim();
    expect(seqs(store)).toHaveLength(500);
    expect(store.older.value).toBe("more");
    await store.loadOlder();
    expect(seqs(store)[0]).toBe(451);
  });

  test("a thread holds its own answers alone", async () => {
    const store = new RoomStore(generalRoomId, {
      fetchPage: async () => ({ ...page(5, 5, 10), hasBefore: false, hasAfter: false }),
      people: new Map(),
      threadRoot: 5,
    });
    await store.load();
    store.apply([
      event(11),
      { ...(event(12) as Extract<RoomEvent, { type: "message.sent" }>), threadRoot: 5, replies: 1 },
    ]);
    expect(seqs(store)).toEqual([5, 12]);
    expect(store.find(5)?.thread).toMatchObject({ count: 1, lastAt: 12 });
  });
});
