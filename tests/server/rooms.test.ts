import { expect, test } from "bun:test";
import type { RoomEvent } from "@novax/protocol/events";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { serverFrameSchema } from "@novax/protocol/replies";
import { join, type Person, type TestSocket } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

describeServer("rooms", { env: { MESSAGES_PER_SECOND: "100000" } }, ({ server, alice, bob, carol }) => {
  const make = async (name: string, more = {}): Promise<RoomId> =>
    (await alice.run("room.create", { kind: "public", name, ...more })).room.id;
  /** A socket that receives every room its person is in. */
  const attachAll = async (person: Person): Promise<TestSocket> => {
    const socket = await person.connect();
    const hello = socket.frames[0]!;
    const epoch = hello.type === "hello" ? hello.epoch : "";
    await socket.command({ type: "rooms.attach", epoch, positions: [] });
    return socket;
  };
  const isIn = async (person: Person, room: RoomId) => (await person.rooms()).some((own) => own.id === room);

  test("a public room is found, joined and left; members see it on every connection", async () => {
    const [a, b] = [await attachAll(alice), await attachAll(bob)];
    const room = await make("Workshop", { topic: "Things in the making", colour: 7, icon: "🔧" });
    expect(await a.next((frame) => frame.type === "room.joined")).toMatchObject({
      room: { id: room, name: "Workshop", role: "owner", colour: 7, icon: "🔧" },
    });
    const found = await bob.read<{ rooms: { id: string; isMember: boolean }[] }>("/api/browse?q=worksh");
    expect(found.rooms).toMatchObject([{ id: room, isMember: false }]);
    expect((await bob.run("room.join", { room })).room).toMatchObject({
      id: room,
      role: "member",
      unread: 0,
    });
    await b.next((frame) => frame.type === "room.joined");
    await alice.say(room, "welcome");
    await b.until(() => b.messageTexts.includes("welcome"));
    await a.until(() => a.events.some((event) => event.type === "member.joined"));
    await bob.run("room.leave", { room });
    await b.next((frame) => frame.type === "room.left" && frame.room === room);
    await alice.say(room, "after the leaving");
    await a.until(() => a.messageTexts.includes("after the leaving"));
    expect(b.messageTexts).not.toContain("after the leaving");
    expect(await isIn(bob, room)).toBe(false);
    for (const socket of [a, b]) {
      for (const frame of socket.frames) expect(serverFrameSchema.safeParse(frame).error).toBeUndefined();
      socket.close();
    }
  });

  test("an icon is a letter, digit or emoji; a status starts with an emoji or has none", async () => {
    for (const icon of ["ABC", "🔧🔧", "\u202e", "<"])
      expect(
        await alice.refusedWith("room.create", { kind: "private", name: "Iconic", icon } as never),
        icon,
      ).toBe("malformed");
    for (const icon of ["Ä", "7", "❤️", ""]) await make(`Icon ${icon}`, { kind: "private", icon });
    expect(await alice.refusedWith("status.set", { emoji: "abc", text: "", until: null })).toBe("malformed");
  });

  test("[Z02] to an outsider a private room doesn't exist, whatever they try", async () => {
    const { room } = await alice.run("room.create", {
      kind: "private",
      name: "Board",
      people: [await bob.id()],
    });
    expect(await isIn(bob, room.id)).toBe(true);
    const seq = await alice.say(room.id, "between us");
    const nowhere = "00000000-0000-7000-8000-000000000000" as RoomId;
    for (const path of [
      "timeline",
      "events",
      "members",
      "pins",
      `threads/${seq}`,
      `messages/${seq}/revisions`,
      `messages/${seq}/readers`,
      "bans",
    ]) {
      const [real, random] = await Promise.all([
        carol.fetch(`/api/rooms/${room.id}/${path}`),
        carol.fetch(`/api/rooms/${nowhere}/${path}`),
      ]);
      expect(real.status, path).toBe(404);
      expect(await real.text()).toBe(await random.text());
    }
    expect(await carol.refusedWith("room.join", { room: room.id })).toBe("not_found");
    // Nor does the people search reveal who is in it.
    const found = async (person: Person) =>
      (
        await person.read<{ people: { username: string; isMember?: true }[] }>(
          `/api/people?q=bob&room=${room.id}`,
        )
      ).people.map(({ username, isMember }) => [username, isMember ?? false]);
    // [V4] To a member, who is in it is found and said to be.
    expect(await found(alice)).toEqual([["bob", true]]);
    expect(await found(carol)).toEqual([["bob", false]]);
    expect((await carol.fetch(`/api/people?q=bob&room=${"x".repeat(200)}`)).status).toBe(400);
    expect((await carol.read<{ rooms: unknown[] }>("/api/browse?q=board")).rooms).toEqual([]);
    const c = await attachAll(carol);
    await alice.say(room.id, "still between us");
    expect(await c.command({ type: "room.view", room: room.id })).toMatchObject({
      ok: false,
      code: "not_found",
    });
    expect(await c.command({ type: "typing.start", room: room.id })).toMatchObject({
      ok: false,
      code: "not_found",
    });
    const page = await (await carol.fetch("/chat")).text();
    expect(page).not.toContain("between us");
    expect(c.texts.join()).not.toContain("between us");
    c.close();
  });

  test("two people share one direct message, however they open it; it is theirs alone and nobody can be added", async () => {
    const [a, b] = [await attachAll(alice), await attachAll(bob)];
    const opened = await Promise.all([
      alice.run("direct.open", { people: [await bob.id()] }),
      bob.run("direct.open", { people: [await alice.id()] }),
      alice.run("direct.open", { people: [await bob.id(), await alice.id()] }),
    ]);
    const ids = new Set(opened.map((answer) => answer.room.id));
    expect(ids.size).toBe(1);
    const room = opened[0]!.room.id;
    expect(opened[0]!.room).toMatchObject({ kind: "direct", people: [{ username: "bob" }] });
    await b.untilReached(room, await alice.say(room, "just you"));
    expect(await bob.room(room)).toMatchObject({ unread: 1, people: [{ username: "alice" }] });
    expect(await alice.refusedWith("member.add", { room, people: [await carol.id()] })).toBe("forbidden");
    expect(await alice.refusedWith("room.change", { room, name: "Ours" })).toBe("forbidden");
    expect(await bob.refusedWith("message.delete", { room, seq: 1 })).toBe("forbidden");
    const self = await alice.run("direct.open", { people: [] });
    expect(self.room).toMatchObject({ kind: "direct", people: [], memberCount: 1 });
    const group = await alice.run("direct.open", { people: [await bob.id(), await carol.id()] });
    expect(group.room).toMatchObject({ kind: "group", memberCount: 3 });
    for (const socket of [a, b]) socket.close();
  });

  test("a removed or banned member hears nothing more; a banned one can't come back until the ban is lifted", async () => {
    const room = await make("Stage");
    await bob.run("room.join", { room });
    const b = await attachAll(bob);
    const person = await bob.id();
    await alice.run("member.remove", { room, person });
    await b.next((frame) => frame.type === "room.left" && frame.room === room);
    await alice.say(room, "without bob");
    await bob.run("room.join", { room });
    await b.next((frame) => frame.type === "room.joined" && frame.room.id === room);
    await alice.run("member.ban", { room, person, reason: "noise" });
    await b.next((frame) => frame.type === "room.left" && frame.room === room);
    await alice.say(room, "still without bob");
    expect(await bob.refusedWith("room.join", { room })).toBe("banned");
    expect(await alice.read(`/api/rooms/${room}/bans`)).toMatchObject({
      bans: [{ person: { username: "bob" }, reason: "noise" }],
    });
    await alice.run("member.unban", { room, person });
    await bob.run("room.join", { room });
    const texts = b.events.flatMap((event) =>
      event.type === "message.sent" && "text" in event.body ? [event.body.text] : [],
    );
    expect(texts).toEqual([]);
    b.close();
  });

  test("[Q6] [A2] an id in capitals is the same id: a removal by it is a removal, and two people stay one room", async () => {
    const room = await make("Capitals");
    await bob.run("room.join", { room });
    const b = await attachAll(bob);
    const person = (await bob.id()).toUpperCase() as AccountId;
    const [first, second] = [
      await alice.run("direct.open", { people: [await bob.id()] }),
      await alice.run("direct.open", { people: [person] }),
    ];
    expect(second.room.id).toBe(first.room.id);
    await alice.run("member.remove", { room, person });
    await b.next((frame) => frame.type === "room.left" && frame.room === room);
    await alice.say(room, "without bob");
    await alice.say(first.room.id, "still here");
    await b.until(() => b.messageTexts.includes("still here"));
    expect(b.messageTexts).not.toContain("without bob");
    const own = (await alice.id()).toUpperCase() as AccountId;
    expect(await alice.refusedWith("person.block", { person: own })).toBe("not_found");
    b.close();
  });

  test("a ban is lifted also from somebody whose account is disabled", async () => {
    const room = await make("Lifted");
    const erin = await join(server, "erin");
    const person = await erin.id();
    await erin.run("room.join", { room });
    await alice.run("member.ban", { room, person, reason: "noise" });
    const done = await alice.post(`/admin/people/${person}/disable`, {});
    expect(done.status).toBeLessThan(400);
    await alice.run("member.unban", { room, person });
    expect(await alice.read(`/api/rooms/${room}/bans`)).toMatchObject({ bans: [] });
  });

  test("[B14] following or leaving the thread of no message is no fault", async () => {
    const room = await make("Threads");
    await alice.run("thread.follow", { room, seq: 999_999, isFollowed: false });
    expect(await alice.refusedWith("thread.follow", { room, seq: 999_999, isFollowed: true })).toBe(
      "message_gone",
    );
  });

  test("an archived room is read-only, and can be restored; the general room can't be archived or left", async () => {
    const room = await make("Old plans");
    const seq = await alice.say(room, "the plan");
    await alice.run("room.archive", { room });
    expect(
      await alice.refusedWith("message.send", {
        room,
        sendId: crypto.randomUUID() as never,
        body: { kind: "text", text: "x" },
      }),
    ).toBe("room_archived");
    expect(await alice.refusedWith("reaction.add", { room, seq, emoji: "👍" })).toBe("room_archived");
    expect(await bob.refusedWith("room.join", { room })).toBe("room_archived");
    expect((await alice.read<{ entries: unknown[] }>(`/api/rooms/${room}/timeline`)).entries).toHaveLength(3);
    await alice.run("room.unarchive", { room });
    await alice.say(room, "we go on");
    expect(await alice.refusedWith("room.archive", { room: generalRoomId })).toBe("room_fixed");
    expect(await bob.refusedWith("room.leave", { room: generalRoomId })).toBe("room_fixed");
  });

  test("who can post: moderators only, one message at a time in slow mode, or not while silenced", async () => {
    const room = await make("Announcements");
    await bob.run("room.join", { room });
    const send = () =>
      bob.refusedWith("message.send", {
        room,
        sendId: crypto.randomUUID() as never,
        body: { kind: "text", text: "hi" },
      });
    await alice.run("room.change", { room, posting: "moderators" });
    expect(await send()).toBe("posting_restricted");
    await alice.run("room.change", { room, posting: "everybody", slowModeSeconds: 60 });
    await bob.say(room, "first");
    expect(await send()).toBe("slow_mode");
    await alice.say(room, "a moderator");
    await alice.say(room, "does not wait");
    await alice.run("room.change", { room, slowModeSeconds: 0 });
    await alice.run("member.silence", { room, person: await bob.id(), until: Date.now() + 60_000 });
    expect(await send()).toBe("silenced");
    await alice.run("member.silence", { room, person: await bob.id(), until: null });
    await alice.run("member.set_role", { room, person: await bob.id(), role: "read_only" });
    expect(await send()).toBe("forbidden");
  });

  test("a room keeps an owner as long as somebody active is in it", async () => {
    const { room } = await bob.run("room.create", {
      kind: "private",
      name: "Ours",
      people: [await carol.id()],
    });
    const c = await attachAll(carol);
    expect(
      await bob.refusedWith("member.set_role", { room: room.id, person: await bob.id(), role: "member" }),
    ).toBe("last_owner");
    await carol.say(room.id, "it is mine too");
    await bob.run("room.leave", { room: room.id });
    expect(await carol.room(room.id)).toMatchObject({ role: "owner", memberCount: 1 });
    await c.until(() => c.events.some((event: RoomEvent) => event.type === "member.role_changed"));
    c.close();
  });

  test("unread counts and mentions are the same on every device, and can be marked unread again", async () => {
    const room = await make("Counting");
    await bob.run("room.join", { room });
    const [phone, desk] = [await attachAll(bob), await attachAll(bob)];
    const seqs = [];
    for (const text of ["one", "two @bob", "three"]) seqs.push(await alice.say(room, text));
    await phone.next((frame) => frame.type === "mention");
    expect(await bob.room(room)).toMatchObject({ unread: 3, mentions: 1 });
    await bob.run("room.mark_read", { room, seq: seqs[1]! });
    for (const socket of [phone, desk])
      expect(await socket.next((frame) => frame.type === "read")).toMatchObject({
        room,
        seq: seqs[1],
        unread: 1,
        mentions: 0,
      });
    await bob.run("room.mark_unread", { room, seq: seqs[1]! });
    expect(await desk.next((frame) => frame.type === "read")).toMatchObject({ unread: 2, mentions: 1 });
    await bob.say(room, "my own is not unread to me");
    await alice.run("message.delete", { room, seq: seqs[2]! });
    expect(await bob.room(room)).toMatchObject({ unread: 1, mentions: 1 });
    await bob.run("room.set_preferences", { room, isStarred: true, isMuted: true, notify: "mentions" });
    expect(await phone.next((frame) => frame.type === "preferences")).toMatchObject({
      isStarred: true,
      isMuted: true,
      notify: "mentions",
    });
    await bob.run("draft.save", { room, text: "half a thou" });
    expect(await desk.next((frame) => frame.type === "draft")).toMatchObject({ room, text: "half a thou" });
    expect(await (await bob.fetch("/chat")).text()).toContain("half a thou");
    for (const socket of [phone, desk]) socket.close();
  });

  test("[Q8] a device that heard no signal has every count from its greeting", async () => {
    const room = await make("Unheard");
    await bob.run("room.join", { room });
    for (const text of ["one", "two @bob", "three"]) await alice.say(room, text);
    await bob.run("room.mark_read", { room, seq: (await bob.room(room)).headSeq - 1 });
    const late = await bob.connect();
    const hello = late.frames[0]!;
    expect(hello.type === "hello" && hello.rooms.find((known) => known.id === room)).toMatchObject({
      unread: 1,
      mentions: 0,
    });
    late.close();
  });

  test("presence and status are shown to viewers of a room; away and do not disturb are visible", async () => {
    const dave = await join(server, "dave");
    const room = await make("Presence");
    await dave.run("room.join", { room });
    const a = await attachAll(alice);
    await a.command({ type: "room.view", room });
    const first = await a.next<{ type: "presence"; joined: { username: string }[] }>(
      (frame) => frame.type === "presence" && frame.room === room,
    );
    expect(first.joined.map((person) => person.username)).toEqual(["alice"]);
    const d = await attachAll(dave);
    const heard = (state: string) =>
      a.next(
        (frame) =>
          frame.type === "presence" &&
          frame.room === room &&
          frame.joined.some((person) => person.username === "dave" && person.state === state),
      );
    await heard("online");
    await d.command({ type: "presence.set", isAway: true });
    await heard("away");
    await d.command({ type: "presence.set", isAway: false });
    await dave.run("dnd.set", { until: Date.now() + 60_000 });
    await heard("dnd");
    await dave.run("status.set", { emoji: "🌴", text: "on holiday", until: null });
    const shown = await a.next<{ joined: { status?: unknown }[] }>(
      (frame) => frame.type === "presence" && frame.joined.some((person) => person.status !== undefined),
    );
    expect(shown.joined[0]!.status).toEqual({ emoji: "🌴", text: "on holiday" });
    expect(await alice.read(`/api/people/${await dave.id()}`)).toMatchObject({
      status: { text: "on holiday" },
      state: "dnd",
    });
    d.close();
    await dave.run("dnd.set", { until: null });
    a.close();
  }, 20_000);
});
