import { describe, expect, test } from "bun:test";
import { generalRoomId as room } from "@novax/protocol/general-room";
import type { RoomId, SendId } from "@novax/protocol/ids";
import { connectDatabase } from "../../server/src/db/open-database.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { deleteOldMessages } from "../../server/src/retention/delete-old-messages.ts";
import { createCore } from "../support/core.ts";
import type { Person } from "../support/person.ts";
import { isAvailable, spawnServer } from "../support/server.ts";
import { upload } from "../support/uploads.ts";
import { useServer } from "../support/use-server.ts";

const dayMs = 24 * 3_600_000;

describe.skipIf(!isAvailable("postgres"))("how long messages are kept", () => {
  const used = useServer("postgres", { env: { MESSAGES_PER_SECOND: "1000" } });
  const { alice, bob, carol, data, sql } = used;
  const settings = async (keep_days: number) => {
    const form = { registration: "", factor: "nobody", keep_days };
    return alice.post("/admin/settings", form);
  };
  /** What the server does every ten minutes. */
  const deleteOld = async () => {
    const db = await connectDatabase({ kind: "postgres", url: data.url! }, silentLog);
    const deleted = await deleteOldMessages(createCore(db));
    await db.close();
    return deleted;
  };
  const makeOlder = (where: { room: RoomId; seq: number }, days: number) =>
    sql`update messages set sent_at = sent_at - ${days * dayMs}::bigint where room_id = ${where.room} and seq <= ${where.seq}`;
  /** The day of grace after a change is over. */
  const passGrace = async () => {
    await sql`update installation set keep_changed_at = 0`;
    await sql`update rooms set keep_changed_at = 0`;
  };
  const shown = async (person: Person, id: RoomId = room) =>
    JSON.stringify(await person.read(`/api/rooms/${id}/timeline?limit=100`));

  test("old ones go for good, with their files, edits, reactions and mentions; newer ones stay", async () => {
    const file = await upload(bob, new TextEncoder().encode("the old file"), { name: "old.txt" });
    const body = { kind: "text" as const, text: "@carol the old secret", files: [{ id: file.id }] };
    const { seq } = await bob.run("message.send", { room, sendId: crypto.randomUUID() as SendId, body });
    await bob.run("message.edit", { room, seq, text: "@carol the old secret, edited" });
    await alice.run("reaction.add", { room, seq, emoji: "👍" });
    const root = await alice.say(room, "an old question");
    await bob.say(room, "a new answer", { threadRoot: root });
    await makeOlder({ room, seq: root }, 40);
    await alice.say(room, "the new one");
    expect((await settings(30)).status).toBe(200);
    expect((await carol.room(room)).keptDays).toBe(30);
    // A slip can be taken back for a day.
    expect(await deleteOld()).toBe(0);
    await passGrace();
    expect(await deleteOld()).toBe(2);
    const timeline = await shown(carol);
    expect(timeline).not.toContain("old secret");
    expect(timeline).not.toContain("an old question");
    expect(timeline).toContain("the new one");
    expect((await carol.fetch(`/api/files/${file.id}`)).status).toBe(404);
    for (const table of ["message_revisions", "reactions", "mentions", "files"])
      expect(
        await sql.unsafe(`select 1 from ${table} where room_id = '${room}' and seq = ${seq}`),
        table,
      ).toHaveLength(0);
    const [left] =
      await sql`select body::text as body from messages where room_id = ${room} and seq = ${seq}`;
    expect(left.body).not.toContain("secret");
    expect((await carol.room(room)).mentions).toBe(0);
    expect(await deleteOld()).toBe(0);
    // The question keeps a placeholder for its answer, and loses it with it.
    expect(timeline).toContain('"kind":"deleted"');
    const [answer] =
      await sql`select max(seq) as seq from messages where room_id = ${room} and thread_root = ${root}`;
    await makeOlder({ room, seq: Number(answer.seq) }, 40);
    expect(await deleteOld()).toBe(1);
    expect(await shown(carol)).not.toContain('"kind":"deleted"');
    expect(await shown(carol)).toContain("the new one");
  });

  test("a room can have fewer days and not more, by its owners alone; a held one loses nothing", async () => {
    const ids = [await bob.id(), await carol.id()];
    const { id } = (await alice.run("room.create", { kind: "private", name: "Short", people: ids })).room;
    expect(await bob.refusedWith("room.change", { room: id, keepDays: 7 })).toBe("forbidden");
    await alice.run("room.change", { room: id, keepDays: 7 });
    expect((await bob.room(id)).keptDays).toBe(7);
    await alice.run("room.change", { room: id, keepDays: 365 });
    expect((await bob.room(id)).keptDays).toBe(30);
    expect(await alice.refusedWith("room.change", { room: id, keepDays: -1 })).toBe("malformed");
    await alice.run("room.change", { room: id, keepDays: 7 });
    const seq = await bob.say(id, "a week old");
    await makeOlder({ room: id, seq }, 8);
    await passGrace();
    const operator = async (name: string) => {
      const { finished, output } = spawnServer(
        { ...data.env, BCRYPT_COST: "10" },
        { args: ["admin", name, id] },
      );
      return { code: await finished, text: output() };
    };
    expect((await operator("hold")).code).toBe(0);
    expect([await deleteOld(), (await bob.room(id)).keptDays]).toEqual([0, 0]);
    expect(await shown(bob, id)).toContain("a week old");
    expect((await operator("release")).code).toBe(0);
    expect(await deleteOld()).toBe(1);
    expect(await shown(bob, id)).not.toContain("a week old");
    expect((await operator("hold")).code).toBe(0);
  });

  test("0 days keep everything, and only owners set the server's", async () => {
    const seq = await alice.say(room, "for ever");
    await makeOlder({ room, seq }, 4000);
    expect(
      (await bob.post("/admin/settings", { registration: "", factor: "nobody", keep_days: 1 })).status,
    ).toBe(403);
    expect((await settings(0)).status).toBe(200);
    await passGrace();
    expect(await deleteOld()).toBe(0);
    expect((await settings(-1)).status).toBe(400);
    expect((await settings(99_999)).status).toBe(400);
    // What a program leaves out stays as it is.
    await settings(90);
    await alice.post("/admin/settings", { registration: "", factor: "nobody" });
    expect((await carol.room(room)).keptDays).toBe(90);
  });
});
