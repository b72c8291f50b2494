import { beforeAll, expect, test } from "bun:test";
import { applyEvents, type RoomSnapshot, type TimelineEntry } from "@novax/protocol/apply-event";
import type { RoomEvent } from "@novax/protocol/events";
import type { RoomId, SendId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import { join, type Person, password } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

describeServer("messages", { env: { MESSAGES_PER_SECOND: "100000" } }, ({ server, alice, bob, carol }) => {
  let room: RoomId;

  beforeAll(async () => {
    room = (await alice.run("room.create", { kind: "public", name: "Talk", people: [await bob.id()] })).room
      .id;
  });

  const load = (person: Person, query = "limit=200") =>
    person.read<TimelinePage>(`/api/rooms/${room}/timeline?${query}`);
  /** Entries without `asOf`, which depends on when they were read. */
  const plain = (entries: readonly unknown[]) =>
    entries.map((entry) => {
      const { asOf: _, ...rest } = entry as { asOf?: number };
      return rest;
    });
  const snapshotOf = async (person: Person): Promise<RoomSnapshot> => {
    const page = await load(person);
    const {
      role: _r,
      people: _p,
      readSeq: _s,
      unread: _u,
      mentions: _m,
      isStarred: _f,
      isMuted: _t,
      notify: _n,
      lastAt: _l,
      ...rest
    } = await person.room(room);
    return {
      room: { ...rest, headSeq: page.headSeq },
      timeline: page.entries.map((entry) =>
        entry.kind === "message" ? { ...entry, asOf: page.headSeq } : entry,
      ) as TimelineEntry[],
    };
  };
  /** Runs `work`, and asserts that the old snapshot plus the recorded events equals the new snapshot. */
  const changes = async (work: () => Promise<unknown>): Promise<RoomEvent[]> => {
    const before = await snapshotOf(bob);
    await work();
    const { events } = await bob.read<{ events: RoomEvent[] }>(
      `/api/rooms/${room}/events?after=${before.room.headSeq}&limit=200`,
    );
    const grown = applyEvents(before, events);
    const fresh = await snapshotOf(bob);
    expect(plain(grown.timeline)).toEqual(plain(fresh.timeline));
    expect(grown.room).toEqual(fresh.room);
    // Events applied a second time change nothing.
    const again = applyEvents({ ...fresh, room: { ...fresh.room, headSeq: before.room.headSeq } }, events);
    expect(plain(again.timeline).slice(0, fresh.timeline.length)).toEqual(plain(fresh.timeline));
    return events;
  };
  const poll = (more = {}) => ({
    kind: "poll" as const,
    question: "Where to?",
    choices: ["Sea", "Hills", "Town"],
    isMultiple: false,
    isAnonymous: false,
    closesAt: null,
    ...more,
  });
  const ask = async (more = {}) =>
    (await alice.run("message.send", { room, sendId: crypto.randomUUID() as SendId, body: poll(more) })).seq;

  test("[N7] a message whose answer was lost is acknowledged when it is sent again, whatever would be refused by now", async () => {
    const { room: attic } = await alice.run("room.create", {
      kind: "private",
      name: "Attic",
      people: [await bob.id()],
    });
    const send = (sendId: string, text: string) =>
      bob.run("message.send", { room: attic.id, sendId: sendId as SendId, body: { kind: "text", text } });
    const texts = ["plain", "for @room", "the grindstone"];
    const ids = texts.map(() => crypto.randomUUID());
    const seqs: number[] = [];
    for (const [at, text] of texts.entries()) seqs.push((await send(ids[at]!, text)).seq);
    const again = async () => {
      for (const [at, text] of texts.entries())
        expect(await send(ids[at]!, text)).toEqual({ seq: seqs[at]!, duplicate: true });
    };
    await alice.run("word_filter.set", { words: ["grindstone"] });
    await again();
    await alice.run("room.change", { room: attic.id, posting: "moderators" });
    await again();
    await alice.run("room.archive", { room: attic.id });
    await again();
    await alice.run("room.unarchive", { room: attic.id });
    await alice.run("member.remove", { room: attic.id, person: await bob.id() });
    await again();
    // Somebody else's id, or one that was never sent, is refused as before.
    const body = { kind: "text" as const, text: "plain" };
    const other = { room: attic.id, sendId: ids[0]! as SendId, body };
    expect(await carol.refusedWith("message.send", other)).toBe("not_found");
    expect(await bob.refusedWith("message.send", { ...other, sendId: crypto.randomUUID() as SendId })).toBe(
      "not_found",
    );
    await alice.run("word_filter.set", { words: [] });
  });

  test("[Q9] for every action, the old snapshot and its events make the new snapshot", async () => {
    const first = await alice.say(room, "the first");
    const bobs = await bob.say(room, "bob's own");
    await changes(() => alice.say(room, "sent"));
    await changes(() => alice.say(room, "an answer", { replyTo: bobs }));
    await changes(() => bob.run("message.edit", { room, seq: bobs, text: "bob's own, edited" }));
    await changes(() => bob.run("reaction.add", { room, seq: first, emoji: "👍" }));
    await changes(() => alice.run("reaction.add", { room, seq: first, emoji: "👍" }));
    await changes(() => alice.run("reaction.add", { room, seq: first, emoji: "🎉" }));
    await changes(() => bob.run("reaction.remove", { room, seq: first, emoji: "👍" }));
    await changes(() => alice.run("reaction.remove", { room, seq: first, emoji: "👍" }));
    await changes(() => bob.run("message.pin", { room, seq: first }));
    await changes(() => alice.run("message.unpin", { room, seq: first }));
    const answer = await bob.say(room, "in the thread", { threadRoot: first });
    await changes(() => alice.say(room, "also in the thread", { threadRoot: first }));
    await changes(() => bob.run("message.delete", { room, seq: answer }));
    await changes(() => alice.run("message.delete", { room, seq: first }));
    await changes(() => bob.run("message.delete", { room, seq: bobs }));
    const question = await ask();
    await changes(() => bob.run("poll.vote", { room, seq: question, choices: [1] }));
    await changes(() => alice.run("poll.vote", { room, seq: question, choices: [2] }));
    await changes(() => bob.run("poll.vote", { room, seq: question, choices: [0] }));
    await changes(() => alice.run("poll.close", { room, seq: question }));
    await changes(() =>
      alice.run("room.change", {
        room,
        name: "Talk",
        topic: "of the town",
        colour: 3,
        leavesMark: false,
      }),
    );
    const gone = await alice.say(room, "gone without a mark");
    await changes(() => alice.run("message.delete", { room, seq: gone }));
    await changes(() => carol.run("room.join", { room }));
    await changes(() => alice.run("member.set_role", { room, person: idOf(carol), role: "moderator" }));
    await changes(() => carol.run("room.leave", { room }));
    await changes(() => alice.run("room.archive", { room }));
    await changes(() => alice.run("room.unarchive", { room }));
    await alice.run("room.change", { room, leavesMark: true });
  }, 60_000);
  // Look up account ids beforehand, because `changes` allows no other request inside.
  const ids = new Map<Person, never>();
  const idOf = (person: Person) => ids.get(person)!;
  beforeAll(async () => {
    for (const person of [alice, bob, carol]) ids.set(person, (await person.id()) as never);
  });

  test("an edit keeps earlier versions; only the author can edit, and nobody can edit a deleted message", async () => {
    const seq = await alice.say(room, "frist");
    await alice.run("message.edit", { room, seq, text: "first" });
    await alice.run("message.edit", { room, seq, text: "first!" });
    const { revisions } = await bob.read<{ revisions: { text: string }[] }>(
      `/api/rooms/${room}/messages/${seq}/revisions`,
    );
    expect(revisions.map((revision) => revision.text)).toEqual(["frist", "first", "first!"]);
    expect(await bob.refusedWith("message.edit", { room, seq, text: "mine" })).toBe("forbidden");
    expect(await alice.refusedWith("message.edit", { room, seq, text: "  " })).toBe("message_invalid");
    await alice.run("message.delete", { room, seq });
    expect(await alice.refusedWith("message.edit", { room, seq, text: "back" })).toBe("message_gone");
    expect(await alice.refusedWith("message.edit", { room, seq: 999_999, text: "x" })).toBe("message_gone");
  });

  test("[Q10] a deleted text is gone everywhere: the room, the log, quotes, the edit history, the basic protocol", async () => {
    const secret = `secret-${crypto.randomUUID()}`;
    const seq = await bob.say(room, secret);
    await bob.run("message.edit", { room, seq, text: `${secret} edited` });
    await alice.say(room, "I answer that", { replyTo: seq });
    await carol.run("room.join", { room });
    await carol.run("message.save", { room, seq });
    await alice.run("message.delete", { room, seq });
    for (const path of [
      `/api/rooms/${room}/timeline`,
      `/api/rooms/${room}/events?limit=200`,
      `/api/messages?room_id=${room}`,
      "/api/me/saved",
      "/api/me/mentions",
      `/chat/${room}`,
    ])
      expect(await (await carol.fetch(path)).text(), path).not.toContain(secret);
    expect((await bob.fetch(`/api/rooms/${room}/messages/${seq}/revisions`)).status).toBe(410);
    await carol.run("room.leave", { room });
  });

  test("a reaction is one emoji, once per person; fifty at once count as one", async () => {
    const seq = await alice.say(room, "react to me");
    for (const emoji of ["", "x", "👍👍", "<b>", "👍 "])
      expect(await bob.refusedWith("reaction.add", { room, seq, emoji })).toBe("message_invalid");
    await Promise.all(
      Array.from({ length: 50 }, () => bob.run("reaction.add", { room, seq, emoji: "👩‍👩‍👧‍👦" })),
    );
    const [entry] = (await load(bob)).entries.filter((candidate) => candidate.seq === seq);
    expect(entry).toMatchObject({ reactions: [{ emoji: "👩‍👩‍👧‍👦", by: [await bob.id()] }] });
    expect((await load(bob)).people.map((person) => person.username)).toContain("bob");
  });

  test("[V22] a thread's root says who wrote last in it, the last first, and nobody once it's empty", async () => {
    const root = await alice.say(room, "who is here?");
    const by = async () => {
      const entry = (await load(alice)).entries.find((one) => one.seq === root);
      return entry?.kind === "message" ? (entry.thread?.by ?? null) : undefined;
    };
    const [a, b] = [await alice.id(), await bob.id()];
    const answers = [await bob.say(room, "me", { threadRoot: root })];
    expect(await by()).toEqual([b]);
    // Together they may be stored in one transaction.
    answers.push(
      ...(await Promise.all(["and me", "I too"].map((text) => alice.say(room, text, { threadRoot: root })))),
    );
    expect(await by()).toEqual([a, b]);
    answers.push(await bob.say(room, "good", { threadRoot: root }));
    expect(await by()).toEqual([b, a]);
    expect((await load(alice)).people.map((person) => person.id)).toContain(b);
    for (const seq of answers) await alice.run("message.delete", { room, seq });
    expect(await by()).toBeNull();
    await alice.say(room, "again", { threadRoot: root });
    expect(await by()).toEqual([a]);
  });

  test("a thread's replies are outside the timeline and counted at its root, and followers see what is new", async () => {
    const root = await alice.say(room, "let us talk about this");
    const answer = await bob.say(room, "yes", { threadRoot: root });
    const thread = await alice.read<TimelinePage & { root: { seq: number }; isFollowed: boolean }>(
      `/api/rooms/${room}/threads/${root}`,
    );
    expect(thread).toMatchObject({
      root: { seq: root, thread: { count: 1, by: [await bob.id()] } },
      isFollowed: true,
      entries: [{ seq: answer, threadRoot: root }],
    });
    expect((await load(alice)).entries.some((entry) => entry.seq === answer)).toBe(false);
    const followed = () => alice.read<{ threads: { seq: number; unread: number }[] }>("/api/me/threads");
    expect((await followed()).threads[0]).toMatchObject({ seq: root, unread: 1, count: 1 });
    await alice.run("thread.mark_read", { room, seq: root, upTo: answer });
    expect((await followed()).threads[0]).toMatchObject({ unread: 0 });
    await alice.run("thread.follow", { room, seq: root, isFollowed: false });
    expect((await followed()).threads.some((entry) => entry.seq === root)).toBe(false);
    // A new follower starts with nothing unread; only later replies count.
    const waiting = async () => (await alice.read<{ unreadThreads: number }>("/api/me")).unreadThreads;
    const before = await waiting();
    await bob.say(room, "while nobody listens", { threadRoot: root });
    await alice.run("thread.follow", { room, seq: root, isFollowed: true });
    expect((await followed()).threads[0]).toMatchObject({ seq: root, unread: 0 });
    expect(await waiting()).toBe(before);
    await bob.say(room, "now", { threadRoot: root });
    expect(await waiting()).toBe(before + 1);
    // Following again changes nothing.
    await alice.run("thread.follow", { room, seq: root, isFollowed: true });
    expect(await waiting()).toBe(before + 1);
    // A reply or a missing message cannot be the root of a thread.
    const send = (threadRoot: number) =>
      bob.refusedWith("message.send", {
        room,
        sendId: crypto.randomUUID() as SendId,
        body: { kind: "text", text: "x" },
        threadRoot,
      });
    expect(await send(answer)).toBe("message_gone");
    expect(await send(9_999_999)).toBe("message_gone");
  });

  test("a mention in a thread counts in the thread and is read there; @room in a thread mentions its followers", async () => {
    const talk = (
      await alice.run("room.create", { kind: "public", name: "Called", people: [await bob.id()] })
    ).room.id;
    const countsOf = (person: Person) =>
      person.read<{ unreadThreads: number; threadMentions: number }>("/api/me");
    const root = await alice.say(talk, "let us talk");
    await bob.say(talk, "before", { threadRoot: root });
    const before = await countsOf(bob);
    // Being named does not make an account a follower until it is mentioned in a reply; from then on it is.
    const mention = await alice.say(talk, "what do you say, @bob?", { threadRoot: root });
    expect(await countsOf(bob)).toEqual({
      ...before,
      unreadThreads: before.unreadThreads + 1,
      threadMentions: before.threadMentions + 1,
    });
    expect(await bob.room(talk)).toMatchObject({ unread: 1, mentions: 0 });
    await bob.run("thread.mark_read", { room: talk, seq: root, upTo: mention });
    expect(await countsOf(bob)).toEqual(before);
    await alice.say(talk, "all of you: @room", { threadRoot: root });
    expect((await countsOf(bob)).threadMentions).toBe(before.threadMentions + 1);
    expect(await bob.room(talk)).toMatchObject({ mentions: 0 });
    const { messages } = await bob.read<{ messages: { excerpt: string; threadRoot: number }[] }>(
      "/api/me/mentions",
    );
    expect(messages.slice(0, 2)).toMatchObject([
      { excerpt: "all of you: @room", threadRoot: root },
      { excerpt: "what do you say, @bob?", threadRoot: root },
    ]);
    // Replying follows the thread again, even after unfollowing it.
    await bob.run("thread.follow", { room: talk, seq: root, isFollowed: false });
    const isFollowed = async () =>
      (await bob.read<{ isFollowed: boolean }>(`/api/rooms/${talk}/threads/${root}`)).isFollowed;
    expect(await isFollowed()).toBe(false);
    await bob.say(talk, "one more thing", { threadRoot: root });
    expect(await isFollowed()).toBe(true);
    // When the root is deleted, people can still unfollow the thread, but not follow it.
    await alice.run("message.delete", { room: talk, seq: root });
    await bob.run("thread.follow", { room: talk, seq: root, isFollowed: false });
    expect(await isFollowed()).toBe(false);
    expect(await bob.refusedWith("thread.follow", { room: talk, seq: root, isFollowed: true })).toBe(
      "message_gone",
    );
  });

  test("a poll counts each vote once; an anonymous one never shows who voted for what", async () => {
    const open = await ask({ isMultiple: true });
    await bob.run("poll.vote", { room, seq: open, choices: [0, 1] });
    expect((await bob.run("poll.vote", { room, seq: open, choices: [2] })).poll.counts).toEqual([0, 0, 1]);
    const single = await ask();
    expect(await bob.refusedWith("poll.vote", { room, seq: single, choices: [0, 1] })).toBe(
      "message_invalid",
    );
    expect(await bob.refusedWith("poll.vote", { room, seq: single, choices: [3] })).toBe("message_invalid");
    const hidden = await ask({ isAnonymous: true });
    const before = (await alice.room(room)).headSeq;
    expect((await bob.run("poll.vote", { room, seq: hidden, choices: [1] })).poll).toEqual({
      counts: [0, 1, 0],
      voters: null,
      isClosed: false,
    });
    const log = await (await alice.fetch(`/api/rooms/${room}/events?after=${before}`)).text();
    expect(log).not.toContain(await bob.id());
    expect((await load(bob)).myVotes[hidden]).toEqual([1]);
    expect((await load(alice)).myVotes[hidden]).toBeUndefined();
    expect(await bob.refusedWith("poll.close", { room, seq: hidden })).toBe("forbidden");
    await alice.run("poll.close", { room, seq: hidden });
    expect(await bob.refusedWith("poll.vote", { room, seq: hidden, choices: [0] })).toBe("poll_closed");
    const timed = await ask({ closesAt: Date.now() + 900 });
    const isClosed = async () =>
      (await load(bob)).entries.some(
        (entry) => entry.seq === timed && entry.kind === "message" && entry.poll!.isClosed,
      );
    expect(await waitUntil(isClosed, 10_000)).toBe(true);
  }, 20_000);

  test("@room and @here mention everybody; more than 20 people need confirmation; names, keywords and blocks are respected", async () => {
    await carol.run("room.join", { room });
    const b = await bob.connect();
    await alice.say(room, "hello @room");
    expect(await carol.room(room)).toMatchObject({ mentions: 1 });
    await carol.run("keywords.set", { words: ["Deploy"] });
    // The lists are reloaded a moment later.
    const isHeard = async () => {
      await alice.say(room, "we deploy at noon");
      return (await carol.room(room)).mentions > 1;
    };
    expect(await waitUntil(isHeard)).toBe(true);
    await alice.say(room, "not `@carol` in code, nor x@carol.org");
    await alice.say(room, "but @Carol. here");
    const { mentions } = await carol.room(room);
    const found = await carol.read<{ messages: { excerpt: string }[] }>("/api/me/mentions");
    expect([...new Set(found.messages.map((message) => message.excerpt))]).toEqual([
      "but @Carol. here",
      "we deploy at noon",
      "hello @room",
    ]);
    await carol.run("person.block", { person: await alice.id() });
    await alice.say(room, "@carol again");
    await alice.say(room, "and @room again");
    // Neither new nor earlier messages of a blocked person count as mentions.
    expect(mentions).toBeGreaterThan(1);
    expect(await carol.room(room)).toMatchObject({ mentions: 0 });
    const excerpts = (await carol.read<typeof found>("/api/me/mentions")).messages.map(
      ({ excerpt }) => excerpt,
    );
    expect(excerpts).not.toContain("and @room again");
    const thread = await carol.say(room, "in my thread");
    const waiting = async () => (await carol.read<{ unreadThreads: number }>("/api/me")).unreadThreads;
    const threadsBefore = await waiting();
    await alice.say(room, "blocked answer", { threadRoot: thread });
    expect(await waiting()).toBe(threadsBefore);
    expect(await alice.refusedWith("direct.open", { people: [await carol.id()] })).toBe("blocked");
    expect(await carol.refusedWith("direct.open", { people: [await alice.id()] })).toBe("blocked");
    await carol.run("person.unblock", { person: await alice.id() });
    const crowd = await Promise.all(Array.from({ length: 20 }, (_, index) => join(server, `crowd${index}`)));
    await alice.run("member.add", { room, people: await Promise.all(crowd.map((person) => person.id())) });
    const call = (mentionsEveryone?: boolean) =>
      alice.command("message.send", {
        room,
        sendId: crypto.randomUUID() as SendId,
        body: { kind: "text", text: "all @room" },
        mentionsEveryone,
      });
    const refused = await call();
    expect(await refused.json()).toMatchObject({
      code: "confirmation_required",
      detail: "This will notify 22 people.",
    });
    expect((await call(true)).status).toBe(200);
    expect(await crowd[0]!.room(room)).toMatchObject({ mentions: 1 });
    expect((await call(false)).status).toBe(200);
    expect(await crowd[0]!.room(room)).toMatchObject({ mentions: 1, unread: 2 });
    b.close();
  }, 30_000);

  test("a direct message is closed to both when one blocks the other", async () => {
    const direct = (await bob.run("direct.open", { people: [await carol.id()] })).room.id;
    await bob.say(direct, "hi");
    await carol.run("person.block", { person: await bob.id() });
    for (const person of [bob, carol])
      expect(
        await person.refusedWith("message.send", {
          room: direct,
          sendId: crypto.randomUUID() as SendId,
          body: { kind: "text", text: "x" },
        }),
      ).toBe("blocked");
    await carol.run("person.unblock", { person: await bob.id() });
    await bob.say(direct, "hi again");
  });

  test("saved messages, reminders and scheduled messages are private, and each is due once and on time", async () => {
    const seq = await alice.say(room, "keep this");
    await bob.run("message.save", { room, seq });
    expect((await bob.read<{ messages: { seq: number }[] }>("/api/me/saved")).messages[0]).toMatchObject({
      seq,
    });
    expect((await alice.read<{ messages: unknown[] }>("/api/me/saved")).messages).toEqual([]);
    const b = await bob.connect();
    const sendId = crypto.randomUUID() as SendId;
    await bob.run("message.schedule", { room, sendId, text: "sent later", at: Date.now() + 800 });
    await bob.run("reminder.set", { room, seq, note: "look", at: Date.now() + 800 });
    const dropped = crypto.randomUUID() as SendId;
    await bob.run("message.schedule", { room, sendId: dropped, text: "never sent", at: Date.now() + 800 });
    await bob.run("message.unschedule", { sendId: dropped });
    expect(await bob.read("/api/me/scheduled")).toMatchObject({ scheduled: [{ text: "sent later" }] });
    expect(await bob.read("/api/me/reminders")).toMatchObject({
      reminders: [{ note: "look", isDue: false }],
    });
    expect(await alice.read("/api/me/scheduled")).toEqual({ scheduled: [] });
    expect(await alice.read("/api/me/reminders")).toEqual({ reminders: [] });
    expect(await b.next((frame) => frame.type === "reminder", 10_000)).toMatchObject({
      room,
      seq,
      note: "look",
    });
    const texts = async () =>
      (await load(bob)).entries.flatMap((entry) =>
        entry.kind === "message" && entry.body.kind === "text" ? [entry.body.text] : [],
      );
    expect(await waitUntil(async () => (await texts()).includes("sent later"), 10_000)).toBe(true);
    expect(await texts()).not.toContain("never sent");
    expect(await bob.read("/api/me/scheduled")).toEqual({ scheduled: [] });
    expect(await bob.read("/api/me/reminders")).toMatchObject({ reminders: [{ isDue: true }] });
    expect(await bob.refusedWith("message.schedule", { room, sendId, text: "x", at: Date.now() - 1 })).toBe(
      "time_invalid",
    );
    b.close();
  }, 30_000);

  test("[A26] what was scheduled before a password change, or before everybody else was signed out, waits for its author", async () => {
    for (const lockOut of [
      async (person: Person) =>
        person.post("/account/password", {
          current_password: password,
          password: "another four quiet words",
          confirm_password: "another four quiet words",
        }),
      async (person: Person) => person.post("/account/devices/end-others", {}),
    ]) {
      const erin = await join(server, `erin${crypto.randomUUID().slice(0, 6)}`);
      await erin.run("room.join", { room });
      const sendId = crypto.randomUUID() as SendId;
      const text = `left by a thief ${sendId}`;
      await erin.run("message.schedule", { room, sendId, text, at: Date.now() + 1500 });
      const response = await lockOut(erin);
      expect(response.status, await response.clone().text()).toBe(200);
      const listed = () =>
        erin.read<{ scheduled: { sendId: string; refused: string | null }[] }>("/api/me/scheduled");
      expect(await waitUntil(async () => (await listed()).scheduled[0]?.refused != null, 10_000)).toBe(true);
      expect((await listed()).scheduled[0]!.refused).toContain("schedule it again");
      const texts = (await load(erin)).entries.flatMap((entry) =>
        entry.kind === "message" && entry.body.kind === "text" ? [entry.body.text] : [],
      );
      expect(texts).not.toContain(text);
    }
  }, 40_000);

  test("a report waits for a moderator, is resolved once, and deletes the message if so decided", async () => {
    const seq = await bob.say(room, "something rude");
    await carol.run("message.report", { room, seq, reason: "rude" });
    await carol.run("message.report", { room, seq, reason: "again" });
    expect(await carol.read("/api/reports")).toEqual({ reports: [], next: null });
    const { reports } = await alice.read<{ reports: { id: string }[] }>("/api/reports");
    expect(reports).toMatchObject([
      {
        text: "something rude",
        reason: "rude",
        reporter: { username: "carol" },
        sender: { username: "bob" },
      },
    ]);
    const [report] = reports;
    expect(
      await carol.refusedWith("report.resolve", { report: report!.id, outcome: "dismissed", note: "" }),
    ).toBe("not_found");
    await alice.run("report.resolve", { report: report!.id, outcome: "deleted", note: "be kind" });
    expect(
      await alice.refusedWith("report.resolve", { report: report!.id, outcome: "dismissed", note: "" }),
    ).toBe("not_found");
    expect((await load(bob)).entries.find((entry) => entry.seq === seq)).toMatchObject({
      body: { kind: "deleted" },
    });
    expect(await alice.read("/api/reports?done=1")).toMatchObject({
      reports: [{ outcome: "deleted", note: "be kind" }],
    });
    expect(
      await bob.refusedWith("message.report", { room, seq: await bob.say(room, "mine"), reason: "" }),
    ).toBe("message_invalid");
  });

  test("a blocked word is refused in messages, edits and polls; owners and admins choose the words", async () => {
    expect(await bob.refusedWith("word_filter.set", { words: ["nice"] })).toBe("forbidden");
    await alice.run("word_filter.set", { words: ["Darn", "very bad"] });
    const send = (text: string) =>
      bob.command("message.send", {
        room,
        sendId: crypto.randomUUID() as SendId,
        body: { kind: "text", text },
      });
    expect(await waitUntil(async () => (await send("darn it")).status === 422)).toBe(true);
    expect((await send("this is very bad")).status).toBe(422);
    expect((await send("darning socks")).status).toBe(200);
    const seq = await bob.say(room, "fine");
    expect(await bob.refusedWith("message.edit", { room, seq, text: "DARN" })).toBe("message_filtered");
    expect(
      await alice.refusedWith("message.send", {
        room,
        sendId: crypto.randomUUID() as SendId,
        body: poll({ choices: ["darn", "x"] }),
      }),
    ).toBe("message_filtered");
    await alice.run("word_filter.set", { words: [] });
    expect(await waitUntil(async () => (await send("darn it")).status === 200)).toBe(true);
  });

  test("read receipts are shown to those who share theirs", async () => {
    const seq = await alice.say(room, "read me");
    await bob.run("room.mark_read", { room, seq });
    const readers = () =>
      alice.read<{ readers: { username: string }[] }>(`/api/rooms/${room}/messages/${seq}/readers`);
    expect((await readers()).readers.map((person) => person.username)).toContain("bob");
    await bob.run("read_receipts.set", { isShared: false });
    expect((await readers()).readers.map((person) => person.username)).not.toContain("bob");
    expect((await bob.fetch(`/api/rooms/${room}/messages/${seq}/readers`)).status).toBe(403);
    await bob.run("read_receipts.set", { isShared: true });
  });

  test("a page starts where it was asked for, and says whether there is more before and after it", async () => {
    const seqs: number[] = [];
    for (let index = 0; index < 30; index++) seqs.push(await alice.say(room, `page ${index}`));
    const seqsOf = (page: TimelinePage) => page.entries.map((entry) => entry.seq);
    const around = await load(bob, `around=${seqs[10]}&limit=10`);
    expect(seqsOf(around)).toEqual(seqs.slice(5, 15));
    expect(around).toMatchObject({ hasBefore: true, hasAfter: true });
    expect(seqsOf(await load(bob, `after=${seqs[14]}&limit=5`))).toEqual(seqs.slice(15, 20));
    expect(seqsOf(await load(bob, `before=${seqs[5]}&limit=5`))).toEqual(seqs.slice(0, 5));
    expect(await load(bob, `after=${seqs[25]}&limit=10`)).toMatchObject({ hasAfter: false });
    expect(await load(bob, "limit=5")).toMatchObject({ hasAfter: false, hasBefore: true });
  });
});
