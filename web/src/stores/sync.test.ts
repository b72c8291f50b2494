import { describe, expect, test } from "bun:test";
import type { JoinedRoom, Message } from "@novax/protocol/entities";
import type { EventsFrame, RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import type { Hello } from "@novax/protocol/replies";
import { waitUntil } from "../../../tests/support/server.ts";
import type { Api } from "../client/api.ts";
import type { RealtimeClient, Request } from "../client/realtime-client.ts";
import { HeldCommands } from "./held-commands.ts";
import { MeStore } from "./me-store.ts";
import { NavigationStore } from "./navigation-store.ts";
import { Outbox } from "./outbox.ts";
import { PeopleStore } from "./people-store.ts";
import { ReadingStore } from "./reading-store.ts";
import { RoomsStore } from "./rooms-store.ts";
import { Sync } from "./sync.ts";
import { ThreadStore } from "./thread-store.ts";
import { Timelines } from "./timelines.ts";
import { Toasts } from "./toasts.ts";

const you = { id: "a" as AccountId, username: "alice", serverRole: "member" as const };
const bob = { id: "b" as AccountId, username: "bob" };
const general = "general" as RoomId;
const workshop = "workshop" as RoomId;

const room = (id: RoomId, headSeq: number): JoinedRoom => ({
  id,
  kind: "public",
  name: id,
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
  headSeq,
  role: "member",
  people: [],
  readSeq: headSeq,
  unread: 0,
  mentions: 0,
  isStarred: false,
  isMuted: false,
  isRequest: false,
  hiddenAt: null,
  notify: "mentions",
  lastAt: 1,
});
const sent = (seq: number, more: object = {}): RoomEvent =>
  ({
    seq,
    at: seq,
    actor: bob,
    type: "message.sent",
    sendId: `s${seq}` as SendId,
    body: { kind: "text", text: `m${seq}` },
    ...more,
  }) as RoomEvent;
const frame = (id: RoomId, ...events: RoomEvent[]): EventsFrame => ({
  type: "events",
  room: id,
  from: events[0]!.seq,
  to: events.at(-1)!.seq,
  events,
});
const page = (headSeq: number): TimelinePage => ({
  epoch: "e",
  headSeq,
  entries: Array.from({ length: headSeq }, (_, index): { kind: "message" } & Message => ({
    kind: "message",
    seq: index + 1,
    sendId: `s${index + 1}` as SendId,
    sender: bob,
    sentAt: index + 1,
    body: { kind: "text", text: `m${index + 1}` },
    editedAt: null,
    quote: null,
    threadRoot: null,
    thread: null,
    reactions: [],
    isPinned: false,
    mentionsEveryone: false,
    poll: null,
  })),
  hasBefore: false,
  hasAfter: false,
  people: [],
  myVotes: {},
});

/** The stores with a fake connection. The test sends its frames and decides when a frame is drawn. */
function setUp(rooms = [room(general, 3), room(workshop, 5)]) {
  const requests: { type: string; fields: object }[] = [];
  const counts = { reconnects: 0, reloads: 0, pages: 0 };
  const jobs: (() => void)[] = [];
  let refusal: object | null | undefined;
  const request = ((type: string, fields: object) => {
    requests.push({ type, fields });
    return Promise.resolve(refusal !== undefined ? refusal : { type: "reply", re: 1, ok: true, result: {} });
  }) as unknown as Request;
  const client = {
    request,
    reconnect: () => {
      counts.reconnects += 1;
    },
    state: { peek: () => ({ kind: "open" }) },
  } as unknown as RealtimeClient;
  const api = {
    read: (type: string) => {
      if (type === "me.read") return Promise.resolve(me.lists.peek());
      counts.pages += 1;
      return Promise.resolve(type === "rooms.list" ? { rooms } : page(9));
    },
  } as unknown as Api;
  const people = new PeopleStore(you, api);
  const me = new MeStore(
    {
      status: { emoji: "", text: "", until: null },
      dndUntil: null,
      quietHours: null,
      sharesReadReceipts: true,
      notifiesOf: { threads: true, reactions: false },
      keywords: [],
      blocked: [],
    },
    api,
  );
  const roomsStore = new RoomsStore(you, rooms);
  const timelines = new Timelines(api, people.known);
  const noPageStorage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
  const noStorage = { readAll: async () => [], write: async () => {}, remove: async () => {} };
  const held = new HeldCommands(
    { ...noStorage, write: async () => false, read: async () => null },
    request,
    () => {},
  );
  const reading = new ReadingStore({
    you: you.id,
    rooms: roomsStore,
    timelines,
    held,
    storage: noPageStorage,
  });
  const thread = new ThreadStore({ api, request, people, you: you.id, isAttended: () => true });
  const outbox = new Outbox(noStorage, client);
  const stores = { rooms: roomsStore, timelines, reading, thread, outbox, held, client };
  const navigation = new NavigationStore({
    ...stores,
    toasts: new Toasts(),
    you: you.id,
    rememberRoom: () => {},
  });
  const sync = new Sync({
    ...stores,
    epoch: "e",
    you,
    api,
    people,
    me,
    navigation,
    schedule: (job) => jobs.push(job),
    reload: () => {
      counts.reloads += 1;
    },
  });
  timelines.of(general).fill(page(3));
  navigation.setCurrent(general);
  return {
    ...stores,
    sync,
    navigation,
    requests,
    counts,
    /** Runs the jobs that wait for the next frame. */
    draw: () => {
      for (const job of jobs.splice(0)) job();
    },
    greet: async (epoch = "e", known = rooms) => {
      sync.receiveHello({ type: "hello", epoch, rooms: known } as unknown as Hello);
      // The reply and what follows from it are settled when the event loop has turned.
      await new Promise((resolve) => setImmediate(resolve));
    },
    refuse: (reply: object | null) => {
      refusal = reply;
    },
    texts: () =>
      timelines
        .of(general)
        .entries.peek()
        .map((entry) => entry.seq),
  };
}

describe("sync", () => {
  test("attaches with the position of every room that is in memory, and then lets the outbox send", async () => {
    const { greet, requests, outbox } = setUp();
    outbox.add({ room: general, text: "waiting" }, 1);
    expect(requests).toEqual([]);
    await greet();
    expect(requests[0]).toEqual({
      type: "rooms.attach",
      fields: { epoch: "e", positions: [{ room: general, afterSeq: 3 }] },
    });
    expect(requests.map(({ type }) => type)).toEqual(["rooms.attach", "message.send", "room.view"]);
  });

  test("another epoch is another history: the page starts again, and nothing is attached", async () => {
    const { greet, requests, counts } = setUp();
    await greet("another");
    expect(counts.reloads).toBe(1);
    expect(requests).toEqual([]);
  });

  test("what arrives between two frames is drawn together, in order", () => {
    const { sync, draw, texts } = setUp();
    sync.receiveEvents(frame(general, sent(4), sent(5)));
    sync.receiveEvents(frame(general, sent(6)));
    expect(texts()).toEqual([1, 2, 3]);
    draw();
    expect(texts()).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("what comes twice is there once; a gap brings a new connection, and no hole", () => {
    const { sync, draw, texts, counts } = setUp();
    sync.receiveEvents(frame(general, sent(4)));
    sync.receiveEvents(frame(general, sent(4)));
    draw();
    expect(texts()).toEqual([1, 2, 3, 4]);
    sync.receiveEvents(frame(general, sent(6)));
    draw();
    expect(texts()).toEqual([1, 2, 3, 4]);
    expect(counts.reconnects).toBe(1);
  });

  test("frames of the connection before are dropped with its greeting", async () => {
    const { sync, draw, greet, texts } = setUp();
    sync.receiveEvents(frame(general, sent(4)));
    await greet("e", [room(general, 4)]);
    draw();
    expect(texts()).toEqual([1, 2, 3]);
  });

  test("a resync reads the newest page again, and forgets what was on its way", async () => {
    const { sync, draw, texts, counts } = setUp();
    sync.receiveEvents(frame(general, sent(4)));
    await sync.receiveResync({ type: "resync", room: general, epoch: "e", headSeq: 9 });
    draw();
    expect(counts.pages).toBe(1);
    expect(texts()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("counts what others write in a room that is not open", () => {
    const { sync, draw, rooms } = setUp();
    sync.receiveEvents(frame(workshop, sent(6), sent(7, { actor: you })));
    draw();
    expect(rooms.get(workshop)).toMatchObject({ unread: 1, headSeq: 7 });
  });

  test("the event of a message takes it out of the outbox", async () => {
    const { sync, draw, outbox } = setUp();
    outbox.add({ room: general, text: "mine" }, 1);
    const { sendId } = outbox.items.peek()[0]!;
    sync.receiveEvents(frame(general, sent(4, { actor: you, sendId })));
    draw();
    expect(outbox.items.peek()).toEqual([]);
  });

  test("a room that is no longer there gives way to another; the last one starts the page again", async () => {
    const { sync, greet, navigation, counts } = setUp();
    await greet("e", [room(workshop, 5)]);
    expect(navigation.current.peek()).toBe(workshop);
    sync.forgetRoom(workshop);
    expect(counts.reloads).toBe(1);
  });

  test("an attach that is refused is tried again with a new connection", async () => {
    const { greet, refuse, counts, requests } = setUp();
    refuse({ type: "reply", re: 1, ok: false, code: "unavailable", detail: "", retryInMs: 5 });
    await greet();
    expect(requests.map(({ type }) => type)).toEqual(["rooms.attach"]);
    expect(counts.reconnects).toBe(0);
    expect(await waitUntil(() => counts.reconnects === 1)).toBe(true);
  });

  test("a connection that broke meanwhile is left to the client", async () => {
    const { greet, refuse, counts } = setUp();
    refuse(null);
    await greet();
    expect(counts.reconnects).toBe(0);
  });
});
