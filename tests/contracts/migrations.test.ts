import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SQL } from "bun";
import { migrate } from "../../server/src/db/migrate.ts";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { silentLog as log } from "../../server/src/log/log.ts";
import { createPostgresDatabase, isAvailable } from "../support/server.ts";

const folder = resolve(import.meta.dir, "../../server/src/db/migrations");

/**
 * Migrations that have run on somebody's database never run again. So they are never edited; a new file changes what
 * they made.
 */
const asTheyRan: Record<string, string> = {
  "0001_first.sql": "e80ef858beff5b5f7b0d0cebded9a94c2e7ac6d2872ca3d0b3b772bfe4ec18ef",
  "0002_account_security.sql": "0a00d0772a693325018d2ea0c3ea6f749b97e3c35eb58d3d71c609d27d8eaa9b",
  "0003_rooms.sql": "59357f19006ff3681d6ec0cfb6edc921ebd284182e1b0dc292f47eead487b3f3",
};

test("a released migration is never edited", () => {
  for (const [name, hash] of Object.entries(asTheyRan)) {
    const text = readFileSync(join(folder, name));
    expect(new Bun.CryptoHasher("sha256").update(text).digest("hex"), name).toBe(hash);
  }
});

test.skipIf(!isAvailable("postgres"))(
  "[B22] a database of a development version is named instead of half upgraded",
  async () => {
    for (const states of [
      "insert into migrations values ('0001_first.sql'), ('0002_account_security.sql'), ('0003_rooms.sql'); create table former_members (x int)",
      "insert into migrations values ('0001_first.sql'), ('0003_rooms.sql'), ('0004_languages.sql')",
      "insert into migrations values ('0001_first.sql'), ('0003_rooms.sql'), ('0005_threads.sql')",
    ]) {
      const database = await createPostgresDatabase();
      const sql = new SQL(database.url, { max: 1 });
      await sql.unsafe(
        "create table migrations (name text primary key, ran_at timestamptz not null default now())",
      );
      await sql.unsafe(states);
      const opening = openDatabase({ kind: "postgres", url: database.url }, log);
      const refused = await opening.catch((error: unknown) => error);
      expect(String(refused), states).toContain("development version of novaX");
      await sql.close();
      await database.drop();
    }
  },
);

test.skipIf(!isAvailable("postgres"))(
  "data from an earlier version is kept in the new schema: rooms with the same name, votes, pending jobs, hidden messages",
  async () => {
    const database = await createPostgresDatabase();
    const sql = new SQL(database.url, { max: 1 });
    await sql.unsafe(
      "create table migrations (name text primary key, ran_at timestamptz not null default now())",
    );
    for (const name of readdirSync(folder)
      .sort()
      .filter((file) => Object.hasOwn(asTheyRan, file))) {
      await sql.unsafe(readFileSync(join(folder, name), "utf8"));
      await sql`insert into migrations (name) values (${name})`;
    }
    const [alice, bob] = [Bun.randomUUIDv7(), Bun.randomUUIDv7()];
    for (const [id, name] of [
      [alice, "alice"],
      [bob, "bob"],
    ])
      await sql`
        insert into accounts (id, username, username_key, email, server_role, created_at)
        values (${id!}, ${name!}, ${name!}, '', 'member', 0)`;
    for (const [id, name, at] of [
      ["older", "Talk", 1],
      ["younger", "talk", 2],
    ] as const)
      await sql`insert into rooms (id, name, created_at, head_seq) values (${id}, ${name}, ${at}, 4)`;
    await sql`insert into memberships (room_id, account_id, joined_at) values ('older', ${alice}, 0)`;
    const poll = { counts: [1, 2], voters: [[bob], [alice, bob]], isClosed: false };
    const addEvent = (seq: number, type: string, more: { isShown?: boolean; payload?: unknown } = {}) => sql`
      insert into room_events (room_id, seq, type, actor_id, at, is_shown, target_seq, payload)
      values ('older', ${seq}, ${type}, ${bob}, 0, ${more.isShown ?? true}, ${more.payload ? 1 : null}::bigint,
        ${more.payload ? JSON.stringify(more.payload) : null}::text::jsonb)`;
    const addMessage = (seq: number, deletedAt: number | null) => sql`
      insert into messages (room_id, seq, sender_id, send_id, sent_at, body, deleted_at)
      values ('older', ${seq}, ${bob}, gen_random_uuid(), 0, '{"kind":"text","text":"x"}', ${deletedAt}::bigint)`;
    await addEvent(1, "message.sent");
    await addMessage(1, null);
    await addEvent(2, "message.sent", { isShown: false });
    await addMessage(2, 5);
    await addEvent(3, "poll.changed", { payload: { poll } });
    await addEvent(4, "poll.changed", { payload: { poll: { ...poll, voters: null } } });
    await sql`
      insert into scheduled_messages (id, account_id, room_id, text, due_at)
      values (gen_random_uuid(), ${alice}, 'older', 'later', 9)`;
    await sql`
      insert into reminders (id, account_id, room_id, note, due_at)
      values (gen_random_uuid(), ${alice}, 'older', 'look', 9)`;

    const db = await openDatabase({ kind: "postgres", url: database.url }, log);
    await migrate(db, log);
    const names = await sql`select id, name from rooms where id in ('older', 'younger') order by id`;
    expect(names.map((room: { name: string }) => room.name)).toEqual(["Talk", "talk younger"]);
    const keys = await sql`
      select name_keys, search_name from rooms where id = 'older'
      union all select name_keys, search_name from accounts where username = 'alice'`;
    expect(keys.map((row: { name_keys: string[] }) => row.name_keys)).toEqual([["talk"], ["alice"]]);
    expect(keys[0].search_name).toBe("talk");
    const events = await sql`select payload from room_events where type = 'poll.changed' order by seq`;
    expect(events.map((event: { payload: unknown }) => event.payload)).toEqual([
      { counts: [1, 2], isClosed: false, choices: [0, 1] },
      { counts: [1, 2], isClosed: false },
    ]);
    const hidden = await sql`select seq, is_hidden from messages order by seq`;
    expect(hidden.map((message: { is_hidden: boolean }) => message.is_hidden)).toEqual([false, true]);
    const [own] = await sql`select notify from memberships where account_id = ${alice}`;
    expect(own.notify).toBe("mentions");
    for (const table of ["scheduled_messages", "reminders"])
      expect(await sql.unsafe(`select 1 from ${table} where job_id is not null`)).toHaveLength(1);
    await db.close();
    await sql.close();
    await database.drop();
  },
);
