// A database whose disk is full. It says so with the error that PostgreSQL has for it, for every write of these tables.
import { expect, test } from "bun:test";
import { generalRoomId as general } from "@novax/protocol/general-room";
import type { SendId } from "@novax/protocol/ids";
import { password } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

describeServer("a full disk", { only: "postgres" }, ({ sql, alice, bob }) => {
  const tables = ["room_events", "messages", "reactions", "saved_messages", "accounts", "sessions", "files"];

  test("[N11] [K11] refuses every write in words, loses nothing, serves reads, and goes on by itself", async () => {
    const seq = await alice.say(general, "before");
    await sql.unsafe(`
      create function no_space() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$`);
    for (const table of tables)
      await sql.unsafe(`
        create trigger no_space before insert or update on ${table} for each statement execute function no_space()`);
    const socket = await bob.connect().catch(() => null);
    const sendId = crypto.randomUUID() as SendId;
    const body = { kind: "text" as const, text: "while it is full" };
    const commands = [
      ["message.send", { room: general, sendId, body }],
      ["message.edit", { room: general, seq, text: "changed" }],
      ["message.delete", { room: general, seq }],
      ["reaction.add", { room: general, seq, emoji: "👍" }],
      ["message.save", { room: general, seq }],
      ["room.create", { kind: "public", name: "Full" }],
      ["status.set", { emoji: "", text: "busy", until: null }],
    ] as const;
    for (const [type, fields] of commands) {
      const response = await alice.post(`/api/commands/${type}`, fields);
      expect([type, response.status, ((await response.json()) as { code: string }).code]).toEqual([
        ...[type, 507, "storage_full"],
      ]);
    }
    if (socket) {
      const reply = await socket.command({ type: "reaction.add", room: general, seq, emoji: "👍" });
      expect(reply).toMatchObject({ ok: false, code: "storage_full" });
      socket.close();
    }
    const form = await alice.post("/login", { username: "alice", password });
    expect(form.status).toBe(507);
    const page = await alice.read<{ entries: unknown[] }>(`/api/rooms/${general}/timeline`);
    expect(JSON.stringify(page)).toContain("before");
    for (const table of tables) await sql.unsafe(`drop trigger no_space on ${table}`);
    expect((await alice.post("/api/commands/message.send", { room: general, sendId, body })).status).toBe(
      200,
    );
    expect(JSON.stringify(await bob.read(`/api/rooms/${general}/timeline`))).not.toContain("changed");
  }, 30_000);
});
