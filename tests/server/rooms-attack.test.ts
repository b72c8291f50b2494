// Attacks on rooms, by members and outsiders.

import { expect, test } from "bun:test";
import type { RoomId, SendId } from "@novax/protocol/ids";
import { openDatabase } from "../../server/src/db/open-database.ts";
import type { Refusal } from "../../server/src/lib/refusal.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { MessageWriter } from "../../server/src/messages/message-writer.ts";
import { createWriterApp } from "../support/core.ts";
import { join, type Person, type TestSocket } from "../support/person.ts";
import { picture, text, upload } from "../support/uploads.ts";
import { describeServer } from "../support/use-server.ts";

const options = { only: "postgres", env: { MESSAGES_PER_SECOND: "100000" } } as const;

describeServer("an attacker in rooms", options, ({ data, server, sql, alice, bob, carol }) => {
  const make = async (by: Person, people: Person[], more = {}): Promise<RoomId> => {
    const ids = await Promise.all(people.map((person) => person.id()));
    return (await by.run("room.create", { kind: "public", name: crypto.randomUUID(), people: ids, ...more }))
      .room.id;
  };
  const send = (room: RoomId, text: string) => ({
    room,
    sendId: crypto.randomUUID() as SendId,
    body: { kind: "text" as const, text },
  });
  const attachAll = async (person: Person): Promise<TestSocket> => {
    const socket = await person.connect();
    const hello = socket.frames[0]!;
    const epoch = hello.type === "hello" ? hello.epoch : "";
    await socket.command({ type: "rooms.attach", epoch, positions: [] });
    return socket;
  };

  test("[W05] [A2] somebody removed while attaching hundreds of rooms receives nothing after the removal", async () => {
    const dave = await join(server, "dave");
    const id = await dave.id();
    await sql`
      insert into rooms (id, name, created_at) select 'many-' || i, 'Many ' || i, 0 from generate_series(1, 250) i`;
    await sql`
      insert into memberships (room_id, account_id, joined_at) select 'many-' || i, ${id}, 0 from generate_series(1, 250) i`;
    const watcher = await attachAll(alice);
    for (let round = 0; round < 12; round++) {
      const room = await make(alice, [dave]);
      await alice.say(room, "before");
      const socket = await dave.connect();
      const hello = socket.frames[0]!;
      const epoch = hello.type === "hello" ? hello.epoch : "";
      await Promise.all([
        socket.command({ type: "rooms.attach", epoch, positions: [] }),
        alice.run("member.remove", { room, person: id }),
      ]);
      const seq = await alice.say(room, `after ${round}`);
      await watcher.untilReached(room, seq);
      await socket.command({ type: "ping" });
      expect(socket.texts.join()).not.toContain(`after ${round}`);
      socket.close();
    }
    watcher.close();
  }, 60_000);

  test("[Z07] deleted or edited text is never replayed from memory, to nobody, not even in a quote", async () => {
    const room = await make(alice, [bob]);
    const b = await attachAll(bob);
    const from = (await alice.room(room)).headSeq;
    const seq = await alice.say(room, "secret to be deleted");
    await bob.run("message.send", { ...send(room, "I answer"), replyTo: seq });
    const edited = await alice.say(room, "secret to be edited");
    await alice.run("message.edit", { room, seq: edited, text: "harmless" });
    await alice.run("message.delete", { room, seq });
    await alice.say(room, "the end");
    await b.until(() => b.messageTexts.includes("the end"));
    await carol.run("room.join", { room });
    const late = await carol.connect();
    await late.attach(room, from);
    await late.until(() => late.messageTexts.includes("the end"));
    expect(late.texts.join()).not.toContain("secret");
    for (const socket of [b, late]) socket.close();
  });

  test("leaving and rejoining lifts nothing: silencing, the read-only role, slow mode", async () => {
    const room = await make(alice, []);
    await bob.run("room.join", { room });
    const person = await bob.id();
    const goOutAndIn = async () => {
      await bob.run("room.leave", { room });
      await bob.run("room.join", { room });
    };
    await alice.run("member.silence", { room, person, until: Date.now() + 60_000 });
    await goOutAndIn();
    expect(await bob.refusedWith("message.send", send(room, "x"))).toBe("silenced");
    await alice.run("member.silence", { room, person, until: null });
    await alice.run("room.change", { room, slowModeSeconds: 60 });
    await bob.say(room, "once");
    await goOutAndIn();
    expect(await bob.refusedWith("message.send", send(room, "twice"))).toBe("slow_mode");
    await alice.run("member.set_role", { room, person, role: "read_only" });
    await goOutAndIn();
    expect(await bob.room(room)).toMatchObject({ role: "read_only" });
  });

  test("[W05] a removed member hears nothing of threads they followed there", async () => {
    const room = await make(alice, [bob, carol], { kind: "private" });
    const root = await bob.say(room, "my thread");
    await alice.run("member.remove", { room, person: await bob.id() });
    const b = await attachAll(bob);
    await carol.say(room, "an answer for @bob and @room", { threadRoot: root });
    await b.command({ type: "ping" });
    expect(b.frames.some((frame) => frame.type === "me.changed" || frame.type === "mention")).toBe(false);
    b.close();
  });

  test("in one batch a slow-mode room accepts a sender's first new message, also next to a duplicate", async () => {
    const room = await make(alice, [bob]);
    const known = send(room, "known");
    await bob.run("message.send", known);
    await alice.run("room.change", { room, slowModeSeconds: 60 });
    const db = await openDatabase({ kind: "postgres", url: data.url! }, silentLog);
    const writer = new MessageWriter(createWriterApp(db));
    const by = async (person: Person, { sendId, body }: ReturnType<typeof send>) => {
      const sender = { id: await person.id(), username: person.username, displayName: person.username };
      const rest = { replyTo: null, threadRoot: null, mentionsEveryone: false, names: [], accounts: [] };
      return { sender, sessionId: null, sendId, body, ...rest };
    };
    const drafts = [
      // While this one is written the others queue up, and become one batch.
      await by(alice, send(room, "on its way")),
      await by(bob, known),
      await by(bob, send(room, "new")),
      await by(bob, send(room, "too soon")),
    ];
    const outcomes = await Promise.all(
      drafts.map((draft) =>
        writer.send(room, draft).then(
          ({ kind }) => kind as string,
          (refusal: Refusal) => refusal.code,
        ),
      ),
    );
    expect(outcomes).toEqual(["sent", "duplicate", "sent", "slow_mode"]);
    await db.close();
  });

  test("[W05] somebody who viewed a room without attaching it hears nothing of it, before or after removal", async () => {
    const room = await make(alice, [bob], { kind: "private" });
    const socket = await bob.connect();
    expect(await socket.command({ type: "room.view", room })).toMatchObject({ ok: false, code: "not_found" });
    await socket.attach(room, 0);
    expect(await socket.command({ type: "room.view", room })).toMatchObject({ ok: true });
    await alice.run("member.remove", { room, person: await bob.id() });
    await socket.next((frame) => frame.type === "room.left");
    const a = await alice.connect();
    await a.attach(room);
    await a.command({ type: "typing.start", room });
    await socket.command({ type: "ping" });
    expect(socket.frames.some((frame) => frame.type === "typing")).toBe(false);
    for (const open of [socket, a]) open.close();
  });

  test("a silenced member has no other way to say something: no edit, topic, pin, reaction, vote or typing", async () => {
    const room = await make(alice, [bob]);
    const seq = await bob.say(room, "said before");
    const person = await bob.id();
    await alice.run("member.silence", { room, person, until: Date.now() + 60_000 });
    expect(await bob.refusedWith("message.edit", { room, seq, text: "more @alice" })).toBe("silenced");
    expect(await bob.refusedWith("room.set_topic", { room, topic: "more" })).toBe("silenced");
    expect(await bob.refusedWith("message.pin", { room, seq })).toBe("silenced");
    expect(await bob.refusedWith("reaction.add", { room, seq, emoji: "👎" })).toBe("silenced");
    const [a, b] = [await alice.connect(), await bob.connect()];
    for (const socket of [a, b]) await socket.attach(room);
    await b.command({ type: "typing.start", room });
    await a.command({ type: "ping" });
    expect(a.frames.some((frame) => frame.type === "typing")).toBe(false);
    await alice.run("member.silence", { room, person, until: null });
    await alice.run("room.change", { room, posting: "moderators" });
    expect(await bob.refusedWith("message.edit", { room, seq, text: "news" })).toBe("posting_restricted");
    await b.command({ type: "typing.start", room });
    await a.command({ type: "ping" });
    expect(a.frames.some((frame) => frame.type === "typing")).toBe(false);
    for (const socket of [a, b]) socket.close();
    await bob.run("reaction.add", { room, seq, emoji: "👍" });
    const direct = (await bob.run("direct.open", { people: [await carol.id()] })).room.id;
    const own = await bob.say(direct, "hi");
    await carol.run("person.block", { person });
    expect(
      await bob.refusedWith("message.edit", { room: direct, seq: own, text: "and one more thing" }),
    ).toBe("blocked");
    expect(await bob.refusedWith("reaction.add", { room: direct, seq: own, emoji: "👎" })).toBe("blocked");
  });

  test("a blocked person can't add those who blocked them to rooms; somebody added without asking doesn't inherit the room", async () => {
    const person = await carol.id();
    await carol.run("person.block", { person: await bob.id() });
    const room = await make(bob, [carol], { kind: "private" });
    expect((await carol.rooms()).some((own) => own.id === room)).toBe(false);
    expect(await bob.refusedWith("member.add", { room, people: [person] })).toBe("not_found");
    await carol.run("person.unblock", { person: await bob.id() });
    await bob.run("member.add", { room, people: [person] });
    await bob.run("room.leave", { room });
    // She has done nothing in it, so she does not become responsible for it.
    expect(await carol.room(room)).toMatchObject({ role: "member" });
  });

  test("[Z06] NUL is refused everywhere, and never causes a fault", async () => {
    const room = await make(alice, [bob]);
    const seq = await bob.say(room, "x");
    for (const path of ["/api/people?q=%00", "/api/browse?q=%00", `/api/rooms/${room}/members?q=%00`])
      expect((await bob.fetch(path)).status, path).toBe(400);
    expect(await bob.refusedWith("reaction.remove", { room, seq, emoji: "\0" })).toBe("message_invalid");
  });

  test("a moderator can't resolve reports about themselves, nor see who made them", async () => {
    const room = await make(alice, [bob, carol]);
    await alice.run("member.set_role", { room, person: await bob.id(), role: "moderator" });
    const seq = await bob.say(room, "abuse of power");
    const b = await attachAll(bob);
    await carol.run("message.report", { room, seq, reason: "power" });
    expect((await bob.read<{ reports: unknown[] }>("/api/reports")).reports).toEqual([]);
    // They are not even notified.
    await b.command({ type: "ping" });
    expect(b.frames.some((frame) => frame.type === "me.changed")).toBe(false);
    b.close();
    const { reports } = await alice.read<{ reports: { id: string; text: string }[] }>("/api/reports");
    const report = reports.find((entry) => entry.text === "abuse of power")!;
    expect(await bob.refusedWith("report.resolve", { report: report.id, outcome: "deleted", note: "" })).toBe(
      "not_found",
    );
    await alice.run("report.resolve", { report: report.id, outcome: "deleted", note: "" });
    // Deleted means deleted, in the report queue too.
    expect(await (await alice.fetch("/api/reports?done=1")).text()).not.toContain("abuse of power");
  });

  test("of people creating public rooms of one name at once one succeeds; owners of the server can't be banned from a room", async () => {
    const name = `Twin ${crypto.randomUUID()}`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => bob.command("room.create", { kind: "public", name })),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    for (const answer of answers.filter((refused) => refused.status !== 200))
      expect(await answer.json()).toMatchObject({ code: "room_invalid" });
    const room = await make(bob, []);
    expect(await bob.refusedWith("member.ban", { room, person: await alice.id(), reason: "" })).toBe(
      "forbidden",
    );
    await alice.run("room.join", { room });
  });

  test("blocked words are found behind markup and look-alikes, in names and topics too", async () => {
    await alice.run("word_filter.set", { words: ["badword"] });
    const room = await make(alice, [bob]);
    for (const said of [
      "_badword_",
      "'badword'",
      "badword-",
      "bad\u200bword",
      "ｂａｄｗｏｒｄ",
      "**BadWord**!",
    ])
      expect(await bob.refusedWith("message.send", send(room, said)), said).toBe("message_filtered");
    expect(await bob.refusedWith("room.set_topic", { room, topic: "a badword" })).toBe("message_filtered");
    expect(await bob.refusedWith("room.create", { kind: "public", name: "Badword" })).toBe(
      "message_filtered",
    );
    const named = await upload(bob, text("harmless"), { name: "my badword.txt" });
    const body = { kind: "text" as const, text: "look", files: [{ id: named.id }] };
    expect(await bob.refusedWith("message.send", { room, sendId: crypto.randomUUID() as SendId, body })).toBe(
      "message_filtered",
    );
    const seq = await bob.say(room, "harmless");
    expect(await bob.refusedWith("message.edit", { room, seq, text: "x", files: [{ id: named.id }] })).toBe(
      "message_filtered",
    );
    const emoji = await upload(bob, await picture("png"), { purpose: "emoji" });
    expect(await bob.refusedWith("emoji.add", { name: "badword", picture: emoji.id })).toBe(
      "message_filtered",
    );
    await bob.say(room, "badwords are another word");
    await alice.run("word_filter.set", { words: [] });
  });

  test("cancelled reminders and scheduled messages leave no jobs behind, and edits don't mention anybody twice", async () => {
    const room = await make(alice, [bob]);
    const jobs = async () => Number((await sql`select count(*) as jobs from jobs`)[0].jobs);
    const before = await jobs();
    const at = Date.now() + 3_600_000;
    const { reminder } = await bob.run("reminder.set", { room, note: "x", at });
    const sendId = crypto.randomUUID() as SendId;
    await bob.run("message.schedule", { room, sendId, text: "x", at });
    expect(await jobs()).toBe(before + 2);
    expect(await bob.refusedWith("message.schedule", { room, sendId, text: "y", at })).toBe(
      "message_invalid",
    );
    await bob.run("reminder.clear", { reminder });
    await bob.run("message.unschedule", { sendId });
    expect(await jobs()).toBe(before);
    const b = await bob.connect();
    const seq = await alice.say(room, "hello @bob");
    for (const text of ["hello @bob!", "hello @bob!!"]) await alice.run("message.edit", { room, seq, text });
    await b.command({ type: "ping" });
    expect(b.frames.filter((frame) => frame.type === "mention")).toHaveLength(1);
    for (let edit = 0; edit < 60; edit++)
      await alice.run("message.edit", { room, seq, text: `edit ${edit}` });
    const { revisions } = await bob.read<{ revisions: unknown[] }>(
      `/api/rooms/${room}/messages/${seq}/revisions`,
    );
    expect(revisions.length).toBeLessThanOrEqual(52);
    b.close();
  }, 20_000);
});
