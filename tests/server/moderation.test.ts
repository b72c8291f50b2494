import { expect, test } from "bun:test";
import type { CommandType } from "@novax/protocol/commands";
import type { FileId } from "@novax/protocol/files";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import { type RoomAction, roomPermissions } from "@novax/protocol/permissions";
import type { Report } from "@novax/protocol/reads";
import { join, type Person } from "../support/person.ts";
import { picture, upload } from "../support/uploads.ts";
import { describeServer } from "../support/use-server.ts";

const options = {
  only: "postgres",
  env: { MESSAGES_PER_SECOND: "1000000" },
  people: ["alice", "bob", "carol", "dave"],
} as const;

describeServer("moderation", options, ({ server, sql, alice, bob, carol, dave }) => {
  const newRoom = async (by: Person, people: readonly Person[], name: string = crypto.randomUUID()) => {
    const { room } = await by.run("room.create", { kind: "public", name });
    for (const person of people) await person.run("room.join", { room: room.id });
    return room.id;
  };
  const poll = async (by: Person, room: RoomId, isAnonymous = false) =>
    (
      await by.run("message.send", {
        room,
        sendId: crypto.randomUUID() as SendId,
        body: {
          ...{
            kind: "poll",
            question: "Lunch?",
            choices: ["Soup", "Bread"],
            isMultiple: true,
            closesAt: null,
          },
          isAnonymous,
        },
      })
    ).seq;
  const lastEntry = async () => {
    const [entry] =
      await sql`select action, actor_name, subject_name, detail from audit_log order by seq desc limit 1`;
    return entry as { action: string; actor_name: string; subject_name: string; detail: string };
  };

  test("[A29] every act of a moderator that others can't do is in the audit log", async () => {
    const room = await newRoom(bob, [carol, dave]);
    const daveId = await dave.id();
    const said = await dave.say(room, "look");
    const file = await upload(bob, await picture("png"), { purpose: "room" });
    /** For every right that a member doesn't have: what it is used for. None: it only lifts a limit. */
    const acts: Partial<Record<RoomAction, readonly [CommandType, object, string][]>> = {
      "room.change": [
        ["room.change", { room, description: "About" }, "room.changed"],
        ["room.set_picture", { room, picture: file.id as FileId }, "room.changed"],
      ],
      "room.allow_previews": [["room.change", { room, hasLinkPreviews: false }, "room.changed"]],
      "message.delete_any": [["message.delete", { room, seq: said }, "message.deleted"]],
      "poll.close_any": [["poll.close", { room, seq: await poll(dave, room) }, "poll.closed"]],
      "report.resolve": [],
      "message.send_always": [],
      "member.silence": [
        ["member.silence", { room, person: daveId, until: Date.now() + 60_000 }, "member.silenced"],
      ],
      "member.set_role": [
        ["member.set_role", { room, person: daveId, role: "moderator" }, "member.role_changed"],
      ],
      "member.remove": [["member.remove", { room, person: daveId }, "member.removed"]],
      "member.ban": [
        ["member.ban", { room, person: daveId, reason: "spam" }, "member.banned"],
        ["member.unban", { room, person: daveId }, "member.unbanned"],
      ],
      "room.archive": [
        ["room.archive", { room }, "room.archived"],
        ["room.unarchive", { room }, "room.unarchived"],
      ],
    };
    const restricted = Object.entries(roomPermissions)
      .filter(([, roles]) => !(roles as readonly string[]).includes("member"))
      .map(([right]) => right);
    expect(Object.keys(acts).sort()).toEqual(restricted.sort());
    for (const [command, fields, action] of Object.values(acts).flat()) {
      await bob.run(command, fields as never);
      expect(await lastEntry(), command).toMatchObject({ action, actor_name: "bob" });
    }
    // What members may do as well is recorded where it concerns somebody else.
    const pinned = await carol.say(room, "pin me");
    await carol.run("message.pin", { room, seq: pinned });
    await bob.run("message.unpin", { room, seq: pinned });
    expect(await lastEntry()).toMatchObject({
      action: "message.unpinned",
      actor_name: "bob",
      subject_name: "carol",
    });
    await bob.run("member.add", { room, people: [daveId] });
    expect(await lastEntry()).toMatchObject({ action: "member.added", subject_name: "dave" });
    await bob.run("member.silence", { room, person: daveId, until: null });
    await carol.run("message.report", { room, seq: await dave.say(room, "bad"), reason: "rude" });
    const { reports } = await bob.read<{ reports: Report[] }>("/api/reports");
    await bob.run("report.resolve", { report: reports[0]!.id, outcome: "dismissed", note: "" });
    expect(await lastEntry()).toMatchObject({ action: "report.resolved", subject_name: "dave" });
    // Carol has spoken here, so the room is hers when its owner leaves.
    await bob.run("room.leave", { room });
    expect(await lastEntry()).toMatchObject({
      action: "member.role_changed",
      actor_name: "bob",
      subject_name: "carol",
    });
  });

  test("[A37] nobody moderates somebody who is above them on the server, as an admin or as a room's owner", async () => {
    const admin = await join(server, "ada");
    await alice.post(`/admin/people/${await admin.id()}/role`, { role: "admin" });
    const room = await newRoom(bob, [alice, admin]);
    const owner = await alice.id();
    const acts = (person: AccountId) =>
      [
        ["member.remove", { room, person }],
        ["member.silence", { room, person, until: Date.now() + 60_000 }],
        ["member.ban", { room, person, reason: "" }],
        ["member.set_role", { room, person, role: "read_only" }],
      ] as const;
    for (const [command, fields] of acts(owner))
      for (const by of [admin, bob]) expect(await by.refusedWith(command, fields), command).toBe("forbidden");
    for (const [command, fields] of acts(await admin.id()))
      expect(await bob.refusedWith(command, fields), command).toBe("forbidden");
    await alice.run("member.remove", { room, person: await admin.id() });
  });

  test("[A34] a public room that everybody has left frees its name, and comes back with the first who returns", async () => {
    const room = await newRoom(bob, [carol], "Book club");
    await carol.run("room.leave", { room });
    await bob.run("room.leave", { room });
    expect(await lastEntry()).toMatchObject({ action: "room.archived" });
    const { rooms } = await dave.read<{ rooms: { id: RoomId }[] }>("/api/browse");
    expect(rooms.map(({ id }) => id)).not.toContain(room);
    // Undo.
    const back = await bob.run("room.join", { room });
    expect(back.room).toMatchObject({ isArchived: false, role: "owner" });
    await bob.run("room.leave", { room });
    await newRoom(dave, [], "Book Club");
    expect(await bob.refusedWith("room.join", { room })).toBe("room_invalid");
    // A private room, and one that its owner archived, stay as they are.
    const kept = await newRoom(bob, [carol]);
    await bob.run("room.archive", { room: kept });
    expect(await dave.refusedWith("room.join", { room: kept })).toBe("room_archived");
  });

  test("[A34] the same vote, or the same silence, again changes nothing", async () => {
    const room = await newRoom(bob, [carol]);
    for (const isAnonymous of [false, true]) {
      const seq = await poll(bob, room, isAnonymous);
      const head = async () => (await bob.room(room)).headSeq;
      await carol.run("poll.vote", { room, seq, choices: [1, 0] });
      const before = await head();
      const again = await carol.run("poll.vote", { room, seq, choices: [0, 1] });
      expect(again.poll.counts).toEqual([1, 1]);
      expect(await head()).toBe(before);
      await carol.run("poll.vote", { room, seq, choices: [] });
      expect(await head()).toBe(before + 1);
      await carol.run("poll.vote", { room, seq, choices: [] });
      expect(await head()).toBe(before + 1);
    }
    const until = Date.now() + 60_000;
    await bob.run("member.silence", { room, person: await carol.id(), until });
    const [{ entries }] = await sql`select count(*)::int as entries from audit_log`;
    await bob.run("member.silence", { room, person: await carol.id(), until });
    expect((await sql`select count(*)::int as entries from audit_log`)[0].entries).toBe(entries);
  });

  test("[A27] reports of one message are one, with what everybody wrote, and are resolved together", async () => {
    const seq = await dave.say(generalRoomId, "an insult");
    for (const [person, reason] of [
      [bob, "rude"],
      [carol, "not again"],
    ] as const)
      await person.run("message.report", { room: generalRoomId, seq, reason });
    const other = await dave.say(generalRoomId, "spam");
    await bob.run("message.report", { room: generalRoomId, seq: other, reason: "spam" });
    const { reports } = await alice.read<{ reports: Report[] }>("/api/reports");
    expect(
      reports.map((report) => [report.seq, report.reason, report.others.map((one) => one.reason)]),
    ).toEqual([
      [seq, "rude", ["not again"]],
      [other, "spam", []],
    ]);
    expect((await alice.read<{ reports: number }>("/api/me")).reports).toBe(2);
    await alice.run("report.resolve", { report: reports[0]!.id, outcome: "acted", note: "" });
    const done = await alice.read<{ reports: Report[] }>("/api/reports?done=1");
    expect(done.reports[0]).toMatchObject({ seq, others: [{ reason: "not again" }] });
    expect((await alice.read<{ reports: Report[] }>("/api/reports")).reports).toHaveLength(1);
  });
});
