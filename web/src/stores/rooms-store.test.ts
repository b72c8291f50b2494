import { describe, expect, test } from "bun:test";
import type { JoinedRoom } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import { attentionCountOf, RoomsStore } from "./rooms-store.ts";

const you = { id: "a" as AccountId, username: "alice", serverRole: "member" as const };
const bob = { id: "b" as AccountId, username: "bob" };
const id = (name: string) => name as RoomId;
const room = (name: string, more: Partial<JoinedRoom> = {}): JoinedRoom => ({
  id: id(name),
  kind: "public",
  name,
  topic: "",
  description: "",
  icon: "",
  colour: null,
  picture: null,
  isArchived: false,
  posting: "everybody",
  slowModeSeconds: 0,
  keepDays: 0,
  keptDays: 0,
  leavesMark: true,
  hasLinkPreviews: true,
  memberCount: 2,
  headSeq: 10,
  role: "member",
  people: [],
  readSeq: 10,
  unread: 0,
  mentions: 0,
  isStarred: false,
  isMuted: false,
  isRequest: false,
  hiddenAt: null,
  notify: "mentions",
  lastAt: 1,
  ...more,
});
const sent = (seq: number, more: object = {}): RoomEvent =>
  ({
    seq,
    at: seq,
    actor: bob,
    type: "message.sent",
    sendId: `s${seq}` as SendId,
    body: { kind: "text", text: "x" },
    ...more,
  }) as RoomEvent;

describe("the rooms store", () => {
  test("counts what others write in rooms that are not open, and not your own messages or threads", () => {
    const store = new RoomsStore(you, [room("one")]);
    expect(
      store.apply(id("one"), [
        sent(11),
        sent(12, { actor: you }),
        sent(13, { threadRoot: 11, replies: 1 }),
        sent(14),
      ]),
    ).toBe(true);
    expect(store.get(id("one"))).toMatchObject({ unread: 2, headSeq: 14, lastAt: 14 });
    expect(store.apply(id("one"), [sent(13), sent(14)])).toBe(true);
    expect(store.get(id("one"))).toMatchObject({ unread: 2 });
    expect(store.apply(id("one"), [sent(17)])).toBe(false);
  });

  test("a message that calls one twice is one call; a mark on another device takes it away", () => {
    const store = new RoomsStore(you, [room("one")]);
    store.receiveMention(id("one"), 11);
    store.apply(id("one"), [sent(11, { mentionsEveryone: true })]);
    expect(store.get(id("one"))).toMatchObject({ unread: 1, mentions: 1 });
    store.change(id("one"), { readSeq: 11, unread: 0, mentions: 0 });
    store.receiveMention(id("one"), 11);
    expect(store.get(id("one"))).toMatchObject({ mentions: 0 });
  });

  test("what is gone is counted down where it is known; where it is not, the counts are read again", () => {
    const store = new RoomsStore(you, [room("one", { readSeq: 5, unread: 3, mentions: 1 })]);
    store.uncount(id("one"), false);
    expect(store.get(id("one"))).toMatchObject({ unread: 2, mentions: 1 });
    expect(store.isStale.value).toBe(false);
    store.uncount(id("one"), true);
    expect(store.isStale.value).toBe(true);
    store.replaceAll([room("one", { unread: 1 })]);
    // An edit can add a mention to an old message. Only the server knows whether that message already counts.
    store.receiveMention(id("one"), 8);
    expect(store.get(id("one"))).toMatchObject({ mentions: 0 });
    expect(store.isStale.value).toBe(true);
  });

  test("sections: favourites first, rooms by name, direct ones by what is newest; archived apart", () => {
    const store = new RoomsStore(you, [
      room("zebra"),
      room("apple", { isStarred: true }),
      room("mango"),
      room("old", { isArchived: true }),
      room("d1", { kind: "direct", lastAt: 5, people: [bob] }),
      room("d2", { kind: "direct", lastAt: 9, people: [bob] }),
      room("d3", { kind: "direct", lastAt: 0, people: [bob] }),
    ]);
    const shown = () =>
      store.sections.value.map((section) => [section.kind, section.rooms.map((entry) => entry.id as string)]);
    expect(shown()).toEqual([
      ["favourites", ["apple"]],
      ["rooms", ["mango", "zebra"]],
      ["direct", ["d2", "d1"]],
      ["archived", ["old"]],
    ]);
    store.isNewestFirst.value = true;
    store.put(room("mango", { lastAt: 99 }));
    expect(shown()[1]).toEqual(["rooms", ["mango", "zebra"]]);
    store.put(room("zebra", { lastAt: 100 }));
    expect(shown()[1]).toEqual(["rooms", ["zebra", "mango"]]);
    store.keep(id("d3"));
    expect(shown()[2]).toEqual(["direct", ["d2", "d1", "d3"]]);
  });

  test("rooms call by name, or with every message where that is wanted or they are direct; muted by name alone, set to nothing not at all", () => {
    expect(attentionCountOf(room("a", { unread: 5 }))).toBe(0);
    expect(attentionCountOf(room("a", { unread: 5, mentions: 2, notify: "all" }))).toBe(5);
    expect(attentionCountOf(room("a", { unread: 5, mentions: 2, isMuted: true }))).toBe(2);
    expect(attentionCountOf(room("a", { unread: 5, mentions: 2, notify: "nothing" }))).toBe(0);
    expect(attentionCountOf(room("a", { kind: "direct", unread: 5 }))).toBe(5);
  });

  test("[H3] a stranger's room is a request with a section of its own, calls once, and is gone when it is ignored; a hidden conversation comes back with its next message", () => {
    const direct: Partial<JoinedRoom> = { kind: "direct", people: [bob], unread: 5 };
    const store = new RoomsStore(you, [
      room("stranger", { ...direct, isRequest: true }),
      room("ignored", { ...direct, isRequest: true, hiddenAt: 5, lastAt: 9 }),
      room("hidden", { ...direct, hiddenAt: 5, lastAt: 5, headSeq: 10 }),
    ]);
    const shown = () => store.sections.value.map(({ kind, rooms }) => [kind, rooms.map((one) => one.name)]);
    expect(shown()).toEqual([
      ["rooms", []],
      ["direct", []],
      ["requests", ["stranger"]],
    ]);
    expect(store.attentionCount.value).toBe(1);
    store.apply(id("hidden"), [sent(11)]);
    expect(shown()[1]).toEqual(["direct", ["hidden"]]);
    store.change(id("stranger"), { isRequest: false });
    expect(shown()[1]).toEqual(["direct", ["hidden", "stranger"]]);
  });

  test("your role follows its events", () => {
    const store = new RoomsStore(you, [room("one")]);
    const change = {
      seq: 11,
      at: 1,
      actor: bob,
      type: "member.role_changed",
      member: you,
      role: "moderator",
    } as RoomEvent;
    store.apply(id("one"), [change]);
    expect(store.get(id("one"))).toMatchObject({ role: "moderator" });
  });
});
