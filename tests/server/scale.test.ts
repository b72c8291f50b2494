// A room with 100,000 messages and 5,000 members, and a person in 500 rooms. Costs are counted in queries and database
// blocks, never in time.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { AccountId, RoomId, SendId, SessionId } from "@novax/protocol/ids";
import { SQL } from "bun";
import type { Database, Sql } from "../../server/src/db/database.ts";
import { openDatabase } from "../../server/src/db/open-database.ts";
import { readEventsAfter } from "../../server/src/events/queries.ts";
import { parseListCursor } from "../../server/src/lib/cursor.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { emptyMessage } from "../../server/src/messages/change-queries.ts";
import { listFollowers, listMentions } from "../../server/src/messages/mention-queries.ts";
import { MessageWriter } from "../../server/src/messages/message-writer.ts";
import { listReaders } from "../../server/src/messages/queries.ts";
import { readTimeline } from "../../server/src/messages/timeline.ts";
import { searchPeople } from "../../server/src/people/queries.ts";
import { listMembersOf } from "../../server/src/presence/queries.ts";
import { listMembersPage } from "../../server/src/rooms/member-queries.ts";
import { browseRooms, listJoinedRooms } from "../../server/src/rooms/queries.ts";
import { requireMembership } from "../../server/src/rooms/require-membership.ts";
import { createWriterApp } from "../support/core.ts";
import { join } from "../support/person.ts";
import { createTestData, isAvailable, startServer, type TestData } from "../support/server.ts";

const big = "big" as RoomId;
const messages = 100_000;
const members = 5000;
const rooms = 500;

/** Returns a function that counts the table and index blocks that something touches through `db`. */
function blockCounter(db: Database, admin: SQL) {
  const read = async () => {
    await admin`select pg_stat_force_next_flush()`;
    await db.sql`select pg_stat_force_next_flush()`;
    const [row] = await admin`
      select sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read) as blocks
      from pg_statio_user_tables`;
    return Number(row.blocks);
  };
  // Pooled connections report their statistics when idle; a few empty queries make them do so.
  const settle = () =>
    Promise.all(Array.from({ length: 20 }, () => db.sql`select pg_stat_force_next_flush()`));
  return async (work: () => Promise<unknown>): Promise<number> => {
    await settle();
    const before = await read();
    await work();
    await settle();
    return (await read()) - before;
  };
}

describe.skipIf(!isAvailable("postgres"))("at scale", () => {
  let data: TestData;
  let db: Database;
  let admin: SQL;
  let alice: { id: AccountId };
  let queries = 0;
  let sql: Sql;

  beforeAll(async () => {
    data = await createTestData("postgres");
    db = await openDatabase({ kind: "postgres", url: data.url! }, silentLog);
    admin = new SQL(data.url!, { max: 1 });
    sql = Object.assign(
      <Row>(strings: TemplateStringsArray, ...values: unknown[]) => {
        queries += 1;
        return db.sql<Row>(strings, ...values);
      },
      { array: db.sql.array, fragment: db.sql.fragment, limit: db.sql.limit },
    );
    // What it does by itself would be counted among the blocks.
    await admin.unsafe(`
      do $$
      declare name regclass;
      begin
        for name in select c.oid::regclass from pg_class c where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace loop
          execute format('alter table %s set (autovacuum_enabled = false)', name);
        end loop;
      end $$`);
    await admin.unsafe(`
      insert into accounts (id, username, username_key, email, server_role, created_at)
        select ('01b00000-0000-7000-8000-' || lpad(i::text, 12, '0'))::uuid, 'person' || i, 'person' || i, '', 'member', 0
        from generate_series(1, ${members}) i;
      insert into rooms (id, name, created_at, head_seq, member_count, last_message_at)
        values ('${big}', 'Big', 0, ${messages}, ${members}, 1);
      insert into memberships (room_id, account_id, joined_at, read_seq, seen_seq)
        select '${big}', id, 0, 10, ${messages} from accounts;
      insert into room_events (room_id, seq, type, actor_id, at)
        select '${big}', i, 'message.sent', ('01b00000-0000-7000-8000-' || lpad((i % 100 + 1)::text, 12, '0'))::uuid, i
        from generate_series(1, ${messages}) i;
      insert into messages (room_id, seq, sender_id, send_id, sent_at, body)
        select room_id, seq, actor_id, gen_random_uuid(), at, jsonb_build_object('kind', 'text', 'text', 'message ' || seq)
        from room_events;
      insert into rooms (id, name, search_name, created_at, head_seq, last_message_at)
        select 'room-' || i, 'Room ' || i, 'room ' || i, i, 20, i from generate_series(1, ${rooms}) i;
      insert into memberships (room_id, account_id, joined_at, read_seq)
        select 'room-' || i, '01b00000-0000-7000-8000-000000000001', 0, i % 20 from generate_series(1, ${rooms}) i;
      insert into room_events (room_id, seq, type, actor_id, at)
        select 'room-' || i, s, 'message.sent', '01b00000-0000-7000-8000-000000000002', s
        from generate_series(1, ${rooms}) i, generate_series(1, 20) s;
      insert into messages (room_id, seq, sender_id, send_id, sent_at, body)
        select room_id, seq, actor_id, gen_random_uuid(), at, '{"kind":"text","text":"x"}'
        from room_events where room_id like 'room-%';
      analyze`);
    alice = { id: "01b00000-0000-7000-8000-000000000001" as AccountId };
  }, 60_000);
  afterAll(async () => {
    await admin?.close();
    await db?.close();
    await data?.remove();
  });

  /** How many queries something runs. */
  const countQueries = async (work: () => Promise<unknown>): Promise<number> => {
    const before = queries;
    await work();
    return queries - before;
  };
  const countBlocks = (work: () => Promise<unknown>) => blockCounter(db, admin)(work);
  const page = (around: number) =>
    readTimeline(sql, alice, { id: big, headSeq: messages }, { around, limit: 50 });

  test("a page of history is the same few queries anywhere, and touches as many blocks at message 1,000 as at 100,000", async () => {
    for (const around of [1000, 50_000, messages - 30])
      expect(await countQueries(() => page(around))).toBeLessThanOrEqual(4);
    // Once beforehand, so that the database has its plans.
    for (const around of [1000, 99_000]) for (let round = 0; round < 8; round++) await page(around);
    const early = await countBlocks(async () => {
      for (let round = 0; round < 10; round++) await page(1000 + round * 60);
    });
    const late = await countBlocks(async () => {
      for (let round = 0; round < 10; round++) await page(99_000 + round * 60);
    });
    expect(early).toBeGreaterThan(0);
    expect(late).toBeLessThanOrEqual(early * 1.5);
  });

  test("the list of 501 rooms with their unread counts is one query; unread counts stop at 100", async () => {
    expect(await countQueries(() => listJoinedRooms(sql, alice.id))).toBe(1);
    const joined = await listJoinedRooms(sql, alice.id);
    expect(joined).toHaveLength(rooms + 1);
    expect(joined.find((room) => room.id === big)).toMatchObject({ unread: 100, memberCount: members });
    for (const room of joined.filter((entry) => entry.id !== big))
      expect(room.unread).toBe(20 - room.readSeq);
    // Counting to "100 or more" does not scan a year of messages.
    expect(await countBlocks(() => listJoinedRooms(sql, alice.id))).toBeLessThan(40 * rooms);
  });

  test("[A36] deleting a poll that has votes reads what is in the log of the poll, however long the room's is", async () => {
    const seq = messages - 10;
    const deletePoll = async (poll: number) => {
      await admin`
        update messages set body = '{"kind":"poll","question":"?","choices":["a","b"]}'
        where room_id = ${big} and seq = ${poll}`;
      await admin`
        insert into poll_votes (room_id, seq, account_id, choice) values (${big}, ${poll}, ${alice.id}, 0)`;
      return countBlocks(() =>
        db.transact((tx) => emptyMessage(tx, { room: big, seq: poll, isHidden: false, at: 1 })),
      );
    };
    // Once beforehand, so that the database has its plans.
    for (let round = 0; round < 8; round++) await deletePoll(seq - round - 1);
    const late = await deletePoll(seq);
    // As early as its room begins: everything that follows would be read.
    expect(await deletePoll(20)).toBeLessThanOrEqual(late + 20);
  });

  test("members, people, rooms and readers come page by page, one query each", async () => {
    const asked: [string, () => Promise<readonly unknown[]>, number][] = [
      ["members", () => listMembersPage(sql, big, { search: "", after: "person4", limit: 100 }), 100],
      [
        "a member by name",
        () => listMembersPage(sql, big, { search: "person4999", after: "", limit: 100 }),
        1,
      ],
      ["people", () => searchPeople(sql, alice, { search: "person49", room: null, limit: 20 }), 20],
      ["rooms", () => browseRooms(sql, alice.id, { search: "room 1", after: null, limit: 50 }), 50],
      [
        "readers",
        () => listReaders(sql, { room: big, seq: 500, viewer: alice.id, except: alice.id, limit: 100 }),
        100,
      ],
      ["mentions", () => listMentions(sql, alice.id, parseListCursor(undefined), { limit: 50 }), 0],
      ["a resume", () => readEventsAfter(sql, big, 99_900, { limit: 1000 }), 100],
    ];
    for (const [name, ask, count] of asked) {
      let found: readonly unknown[] = [];
      expect(
        await countQueries(async () => {
          found = await ask();
        }),
        name,
      ).toBe(1);
      expect(found, name).toHaveLength(count);
    }
    // A thread with one follower, in a room where thousands follow others.
    await admin`
      insert into threads_followed (account_id, room_id, root_seq, is_followed)
      select a.id, ${big}, 1 + i % 5000, true from accounts a, generate_series(1, 4) i
      on conflict do nothing`;
    await admin`
      insert into threads_followed (account_id, room_id, root_seq, is_followed) values (${alice.id}, ${big}, 9000, true)`;
    expect(await countBlocks(() => listFollowers(sql, big, { roots: [9000], limit: null }))).toBeLessThan(20);
    expect(await countQueries(() => requireMembership(sql, alice, big))).toBe(1);
    expect(await listMembersOf(sql, [big], [alice.id, crypto.randomUUID() as AccountId])).toHaveLength(1);
  });

  test("somebody in hundreds of rooms gets every event once on one socket, in a single order", async () => {
    const server = await startServer(data, { env: { MESSAGES_PER_SECOND: "100000" } });
    const bob = await join(server, "bob");
    const id = await bob.id();
    await admin`
      insert into memberships (room_id, account_id, joined_at, read_seq)
      select 'room-' || i, ${id}, 0, 20 from generate_series(1, ${rooms}) i`;
    const socket = await bob.connect();
    const hello = socket.frames[0]!;
    if (hello.type !== "hello") throw new Error("no greeting");
    expect(hello.rooms).toHaveLength(rooms + 1);
    expect(await socket.command({ type: "rooms.attach", epoch: hello.epoch, positions: [] })).toMatchObject({
      ok: true,
    });
    for (let room = 1; room <= rooms; room += 50) await bob.say(`room-${room}` as RoomId, `to ${room}`);
    await socket.until(() => socket.messageTexts.length === rooms / 50);
    expect(socket.messageTexts).toEqual(
      Array.from({ length: rooms / 50 }, (_, index) => `to ${1 + index * 50}`),
    );
    socket.close();
    await server.stop();
  }, 30_000);
});

describe.skipIf(!isAvailable("postgres"))("a room that grows within minutes", () => {
  test("[N16] sends stay as cheap as when the room was small, although the database planned them then", async () => {
    const data = await createTestData("postgres");
    const db = await openDatabase({ kind: "postgres", url: data.url! }, silentLog);
    const admin = new SQL(data.url!, { max: 1 });
    const alice = { id: Bun.randomUUIDv7() as AccountId, username: "alice", displayName: "Alice" };
    const session = Bun.randomUUIDv7() as SessionId;
    const room = "general" as RoomId;
    const openSessions = (count: number) => admin`
      insert into sessions (id, account_id, token_hash, created_at, last_seen_at, user_agent, address)
      select case i when 0 then ${session}::uuid else gen_random_uuid() end, ${alice.id}, uuid_send(gen_random_uuid()),
        0, 0, '', ''
      from generate_series(0, ${count - 1}) i
      on conflict do nothing`;
    await admin`
      insert into accounts (id, username, username_key, email, server_role, created_at)
      values (${alice.id}, 'alice', 'alice', '', 'member', 0)`;
    await admin`insert into memberships (room_id, account_id, joined_at) values (${room}, ${alice.id}, 0)`;
    await openSessions(1);
    const writer = new MessageWriter(createWriterApp(db));
    const send = async (times: number) => {
      const sendOne = () =>
        writer.send(room, {
          sender: alice,
          sessionId: session,
          sendId: crypto.randomUUID() as SendId,
          body: { kind: "text", text: "hello" },
          replyTo: null,
          threadRoot: null,
          mentionsEveryone: false,
          names: [],
          accounts: [],
        });
      for (let round = 0; round < times; round++) await Promise.all(Array.from({ length: 20 }, sendOne));
    };
    const countBlocks = blockCounter(db, admin);
    // Every pooled connection makes its own plan, of tables that the database has just counted.
    await send(4);
    await admin`analyze`;
    await send(40);
    const small = await countBlocks(() => send(20));
    await openSessions(3000);
    await admin`
      with head as (
        update rooms set head_seq = head_seq + 30000 where id = ${room} returning head_seq - 30000 as before
      ), event as (
        insert into room_events (room_id, seq, type, actor_id, at)
        select ${room}, before + i, 'message.sent', ${alice.id}, i from head, generate_series(1, 30000) i
      )
      insert into messages (room_id, seq, sender_id, send_id, sent_at, body)
      select ${room}, before + i, ${alice.id}, gen_random_uuid(), i, '{"kind":"text","text":"x"}'
      from head, generate_series(1, 30000) i`;
    expect(await countBlocks(() => send(20))).toBeLessThan(small * 2);
    await admin.close();
    await db.close();
    await data.remove();
  }, 60_000);
});
