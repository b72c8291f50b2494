// "At most so many" holds when fifty ask at once on two processes. Each count begins just below its limit.
import { describe, expect, test } from "bun:test";
import type { CommandType, FieldsOf } from "@novax/protocol/commands";
import type { AccountId, RoomId, SendId } from "@novax/protocol/ids";
import * as limits from "@novax/protocol/limits";
import { inviteBounds } from "../../server/src/admin/invites.ts";
import { knownDevicesMax } from "../../server/src/auth/known-device-queries.ts";
import { sessionsMax } from "../../server/src/auth/session-queries.ts";
import { join, Person } from "../support/person.ts";
import { isAvailable } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

const env = {
  MESSAGES_PER_SECOND: "1000000",
  SIGN_UPS_PER_HOUR: "1000",
  SIGN_INS_PER_MINUTE: "100000",
};
const atOnce = 50;

describe.skipIf(!isAvailable("postgres"))("of fifty at once on two processes", () => {
  const { server: one, data, sql, alice, bob } = useServer("postgres", { env, people: ["alice", "bob"] });
  const { server: two } = useServer(data, { env, people: [] });

  /** The same person on both processes, by turns. */
  async function byTurns(person: Person): Promise<(index: number) => Person> {
    const there = new Person(two, person.username);
    for (const [name, value] of person.cookies) there.cookies.set(name, value);
    return (index) => (index % 2 === 0 ? person : there);
  }
  /** Runs fifty commands at once and returns what was answered to how many. */
  async function runAll<T extends CommandType>(
    person: Person,
    type: T,
    fields: (index: number) => FieldsOf<T>,
  ): Promise<Record<number, number>> {
    const at = await byTurns(person);
    const answers = await Promise.all(
      Array.from({ length: atOnce }, (_, index) => at(index).command(type, fields(index))),
    );
    return countStatuses(answers);
  }
  const countStatuses = (answers: readonly Response[]) => {
    const counts: Record<number, number> = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  };
  const count = async (table: string, where: string) => {
    const [row] = await sql.unsafe(`select count(*)::int as rows from ${table} where ${where}`);
    return row.rows as number;
  };
  const makeAccounts = async (prefix: string, number: number): Promise<AccountId[]> => {
    const rows = await sql`
      insert into accounts (id, username, username_key, email, server_role, created_at)
      select gen_random_uuid(), ${prefix} || i, ${prefix} || i, '', 'member', 0 from generate_series(1, ${number}) i
      returning id`;
    return rows.map(({ id }: { id: AccountId }) => id);
  };
  /** Rooms that a person is in, made in the database. */
  const makeRooms = async (person: Person, prefix: string, number: number): Promise<RoomId[]> => {
    await sql`
      insert into rooms (id, kind, name, created_at) select ${prefix} || i, 'private', ${prefix} || i, 0 from generate_series(1, ${number}) i`;
    await sql`
      insert into memberships (room_id, account_id, joined_at, role)
      select ${prefix} || i, ${await person.id()}, 0, 'owner' from generate_series(1, ${number}) i`;
    return Array.from({ length: number }, (_, index) => `${prefix}${index + 1}` as RoomId);
  };

  test("[A33] scheduled messages and reminders end at their limits, whichever rooms they are in", async () => {
    const person = await join(one, "planner");
    const id = await person.id();
    const rooms = await makeRooms(person, "plan-", atOnce);
    const at = Date.now() + 3_600_000;
    await sql`
      insert into scheduled_messages (id, account_id, room_id, text, due_at, job_id, credentials_version)
      select gen_random_uuid(), ${id}, 'plan-1', 'x', ${at}::bigint, gen_random_uuid(), 1 from generate_series(1, ${limits.scheduledPerPersonMax - 5})`;
    const sent = await runAll(person, "message.schedule", (index) => ({
      room: rooms[index]!,
      sendId: crypto.randomUUID() as SendId,
      text: "later",
      at,
    }));
    expect(sent[200]).toBe(5);
    expect(await count("scheduled_messages", `account_id = '${id}'`)).toBe(limits.scheduledPerPersonMax);
    await sql`
      insert into reminders (id, account_id, room_id, note, due_at, job_id)
      select gen_random_uuid(), ${id}, 'plan-1', '', ${at}::bigint, gen_random_uuid() from generate_series(1, ${limits.remindersPerPersonMax - 1})`;
    const set = await runAll(person, "reminder.set", (index) => ({ room: rooms[index]!, note: "", at }));
    expect(set[200]).toBe(1);
    expect(await count("reminders", `account_id = '${id}'`)).toBe(limits.remindersPerPersonMax);
  });

  test("[A33] of lists that are stored at once one stays, whole: keywords, blocked words, banned addresses", async () => {
    const words = (index: number) => Array.from({ length: 30 }, (_, word) => `w${index}x${word}`);
    expect(await runAll(bob, "keywords.set", (index) => ({ words: words(index) }))).toEqual({ 200: atOnce });
    expect(await count("alert_words", `account_id = '${await bob.id()}'`)).toBe(limits.keywordsMax);
    expect(await runAll(alice, "word_filter.set", (index) => ({ words: words(index) }))).toEqual({
      200: atOnce,
    });
    expect(await count("filter_words", "true")).toBe(30);
    await alice.run("word_filter.set", { words: [] });
    const addresses = (index: number) => [`203.0.113.${index}`, "198.51.100.1"];
    expect(await runAll(alice, "address_bans.set", (index) => ({ addresses: addresses(index) }))).toEqual({
      200: atOnce,
    });
    expect(await count("banned_addresses", "true")).toBe(2);
    await alice.run("address_bans.set", { addresses: [] });
  });

  test("[A33] [H3] a stranger's requests end at their limit, in rooms of their own and in conversations", async () => {
    const spammer = await join(one, "flood");
    const people = await makeAccounts("flooded", 2 * atOnce);
    const rooms = await makeRooms(spammer, "flood-", atOnce);
    await Promise.all([
      runAll(spammer, "direct.open", (index) => ({ people: [people[index]!] })),
      runAll(spammer, "member.add", (index) => ({
        room: rooms[index]!,
        people: people.slice(atOnce + index, atOnce + index + 5),
      })),
    ]);
    expect(await count("memberships", `is_request and added_by = '${await spammer.id()}'`)).toBe(
      limits.requestsSentMax,
    );
  });

  test("[A33] nobody comes into more rooms than their limit: by creating, joining or accepting a request", async () => {
    const person = await join(one, "everywhere");
    const before = (await person.rooms()).length;
    await makeRooms(person, "many-", limits.roomsPerPersonMax - before - 2);
    const created = await runAll(person, "room.create", (index) => ({
      kind: "private" as const,
      name: `More ${index}`,
    }));
    expect(created[200]).toBe(2);
    await sql`insert into rooms (id, kind, name, created_at) values ('asked', 'private', 'Asked', 0)`;
    await sql`
      insert into memberships (room_id, account_id, joined_at, is_request) values ('asked', ${await person.id()}, 0, true)`;
    expect(
      await person.refusedWith("room.set_preferences", { room: "asked" as RoomId, isRequest: false }),
    ).toBe("too_many");
  });

  test("[A33] [A27] open reports, pins and kinds of reactions end at their limits, and a report is made once", async () => {
    const { room } = await alice.run("room.create", { kind: "public", name: "Noisy" });
    await bob.run("room.join", { room: room.id });
    const author = await join(one, "author");
    await author.run("room.join", { room: room.id });
    const pinned = limits.pinsPerRoomMax - 3;
    for (let index = 0; index < pinned + atOnce; index++) await author.say(room.id, `message ${index}`);
    const [{ first }] = await sql`select min(seq)::int as first from messages where room_id = ${room.id}`;
    const reported = await runAll(bob, "message.report", (index) => ({
      room: room.id,
      seq: first + index,
      reason: "spam",
    }));
    expect(reported[200]).toBe(limits.openReportsMax);
    const own = `reporter_id = '${await bob.id()}'`;
    expect(await count("reports", own)).toBe(limits.openReportsMax);
    // Again, while the limit is reached.
    const [{ seq }] = await sql`select seq::int from reports limit 1`;
    expect(await runAll(bob, "message.report", () => ({ room: room.id, seq, reason: "" }))).toEqual({
      200: atOnce,
    });
    expect(await count("reports", own)).toBe(limits.openReportsMax);
    const [{ id }] = await sql`select id from reports where seq = ${seq}`;
    await alice.run("report.resolve", { report: id, outcome: "dismissed", note: "" });
    await bob.run("message.report", { room: room.id, seq, reason: "again" });

    await sql`update messages set pinned_at = 1 where room_id = ${room.id} and seq < ${first + pinned}`;
    expect(
      (await runAll(alice, "message.pin", (index) => ({ room: room.id, seq: first + pinned + index })))[200],
    ).toBe(3);
    expect(
      await count(
        "messages",
        "room_id = (select id from rooms where name = 'Noisy') and pinned_at is not null",
      ),
    ).toBe(limits.pinsPerRoomMax);
    const emoji = [
      ..."😀😃😄😁😆😅🤣😂🙂🙃😉😊😇🥰😍🤩😘😗😚😙🥲😋😛😜🤪😝🤑🤗🤭🤫🤔🤐🤨😐😑😶😏😒🙄😬🤥😌😔😪🤤😴😷🤒🤕🤢",
    ];
    const reacted = await runAll(bob, "reaction.add", (index) => ({
      room: room.id,
      seq: first,
      emoji: emoji[index]!,
    }));
    expect(reacted[200]).toBe(limits.reactionsPerMessageMax);
  });

  test("[A34] sessions and known browsers end at their limits: the one unused longest makes room, and is signed out", async () => {
    const person = await join(one, "traveller");
    const id = await person.id();
    await sql`
      insert into sessions (id, account_id, token_hash, created_at, last_seen_at, user_agent, address)
      select gen_random_uuid(), ${id}, sha256(i::text::bytea), 1, i, '', '' from generate_series(1, ${sessionsMax - 3}) i`;
    await sql`
      insert into known_devices (id, account_id, token_hash, created_at, last_seen_at, user_agent, address)
      select gen_random_uuid(), ${id}, sha256(i::text::bytea), 1, i, '', '' from generate_series(1, ${knownDevicesMax - 3}) i`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => new Person(index % 2 ? two : one, "traveller").signIn()),
    );
    expect(countStatuses(answers)).toEqual({ 200: 8 });
    expect(await count("sessions", `account_id = '${id}' and ended_at is null`)).toBe(sessionsMax);
    expect(await count("known_devices", `account_id = '${id}'`)).toBe(knownDevicesMax);
    // Those in use stay.
    expect((await person.fetch("/api/me")).status).toBe(200);
    expect(await count("sessions", `account_id = '${id}' and ended_at is null and last_seen_at <= 6`)).toBe(
      0,
    );
  });

  test("[A33] people one has blocked, and active invitations, end at their limits", async () => {
    const people = await makeAccounts("blocked", limits.blockedPeopleMax + atOnce);
    const rows = await sql`
      insert into blocks (blocker_id, blocked_id, at)
      select ${await bob.id()}, id, 0 from accounts where username like 'blocked%' limit ${limits.blockedPeopleMax - 4}
      returning blocked_id`;
    const blocked = new Set(rows.map((row: { blocked_id: AccountId }) => row.blocked_id));
    const others = people.filter((id) => !blocked.has(id));
    await runAll(bob, "person.block", (index) => ({ person: others[index]! }));
    expect(await count("blocks", `blocker_id = '${await bob.id()}'`)).toBe(limits.blockedPeopleMax);
    await sql`
      insert into invites (id, token_hash, created_by, note, max_uses, needs_approval, created_at, expires_at)
      select gen_random_uuid(), sha256(i::text::bytea), ${await alice.id()}, '', 1, false, 0, ${Date.now() + 3_600_000}
      from generate_series(1, ${inviteBounds.activeMax - 2}) i`;
    const at = await byTurns(alice);
    const made = await Promise.all(
      Array.from({ length: atOnce }, (_, index) =>
        at(index).post("/admin/invites", { max_uses: 1, days: 1 }),
      ),
    );
    expect(countStatuses(made)[200]).toBe(2);
  });

  test("[A33] mails to one address from many accounts end at their limit", async () => {
    const people: Person[] = [];
    for (let index = 0; index < 14; index++) people.push(await join(index % 2 ? two : one, `mailer${index}`));
    await Promise.all(people.map((person) => person.post("/account/email", { email: "victim@example.org" })));
    expect(await count("email_verifications", "email = 'victim@example.org'")).toBe(5);
  });
});
