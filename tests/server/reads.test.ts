import { beforeAll, expect, test } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import { readUrl } from "@novax/protocol/read-paths";
import { type ReadType, readSpecs, readTypes } from "@novax/protocol/reads";
import { z } from "zod";
import { join, Person } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

const options = { only: "postgres", env: { MESSAGES_PER_SECOND: "100000" } } as const;

describeServer("what can be read over HTTP", options, ({ server, sql, alice, bob, carol }) => {
  let room: RoomId;
  let seq: number;

  beforeAll(async () => {
    const people = [await bob.id()];
    room = (await alice.run("room.create", { kind: "private", name: "Board", people })).room.id;
    seq = await alice.say(room, "for the board, @bob");
    await bob.say(room, "a reply", { threadRoot: seq });
    await alice.run("message.pin", { room, seq });
    await alice.run("message.edit", { room, seq, text: "for the whole board, @bob" });
    await bob.run("message.save", { room, seq });
    await bob.run("message.report", { room, seq, reason: "test" });
    await bob.run("message.schedule", {
      room,
      sendId: crypto.randomUUID() as never,
      text: "next year",
      at: Date.now() + 3_600_000,
    });
    await bob.run("reminder.set", { room, seq, note: "read it", at: Date.now() + 3_600_000 });
  });

  /** What fills the path of any read; a read that does not have a field does not get it. */
  const urlOf = async (type: ReadType, more: Record<string, unknown> = {}) => {
    const known: Record<string, unknown> = { room, seq, person: await bob.id() };
    const params = Object.keys(readSpecs[type].params).map((name) => [name, known[name]]);
    return readUrl(type, { ...Object.fromEntries(params), ...more });
  };

  for (const type of readTypes) {
    const { needs, query, result } = readSpecs[type];

    test(`${type}: the owner gets what the protocol says, and a stranger without a session nothing`, async () => {
      const answer = await alice.fetch(await urlOf(type));
      expect(answer.status).toBe(200);
      expect(z.strictObject(result).safeParse(await answer.json()).error).toBeUndefined();
      expect((await new Person(server, "nobody").fetch(await urlOf(type))).status).toBe(401);
    });

    test(`${type}: what it does not take is refused`, async () => {
      expect((await alice.fetch(await urlOf(type, { extra: "1" }))).status).toBe(400);
      for (const [name, wrong] of Object.entries({ limit: "0", after: "x", before: "-1" }))
        if (name in query) expect((await alice.fetch(await urlOf(type, { [name]: wrong }))).status).toBe(400);
    });

    if (needs.in === "room")
      test(`${type}: to an outsider a room is not there, and a room that is not there looks the same`, async () => {
        const outside = await carol.fetch(await urlOf(type));
        const nowhere = await carol.fetch(await urlOf(type, { room: "no-such-room" }));
        const invalid = await carol.fetch(await urlOf(type, { room: "NO ROOM" }));
        expect([outside.status, nowhere.status, invalid.status]).toEqual([404, 404, 404]);
        expect(await outside.text()).toBe(await nowhere.text());
      });

    if (needs.in === "server" && type !== "rooms.browse")
      test(`${type}: a member of the server without the right to it is refused`, async () => {
        expect((await carol.fetch(await urlOf(type))).status).toBe(403);
      });
  }

  test("[Q11] a list comes page by page, and loses nothing that happened at the same moment", async () => {
    const seqs: number[] = [];
    for (let index = 0; index < 5; index++) seqs.push(await alice.say(room, `number ${index}, @bob`));
    for (const saved of seqs) await bob.run("message.save", { room, seq: saved });
    await sql`update mentions set at = 5 where account_id = ${await bob.id()}`;
    await sql`update saved_messages set saved_at = 5 where account_id = ${await bob.id()}`;
    for (const type of ["me.mentions", "me.saved"] as const) {
      const found: number[] = [];
      let after: string | undefined;
      do {
        const url = readUrl(type, { limit: 2, after });
        const page = await bob.read<{ messages: { seq: number }[]; next: string | null }>(url);
        expect(page.messages.length).toBeLessThanOrEqual(2);
        found.push(...page.messages.map((message) => message.seq));
        after = page.next ?? undefined;
      } while (after !== undefined);
      expect(found, type).toEqual([...seqs.toReversed(), seq]);
    }
  });

  test("[Q11] members, public rooms, bans and reports come page by page", async () => {
    const names: string[] = [];
    for (const name of ["Zebra", "alpha", "Beta"]) {
      await alice.run("room.create", { kind: "public", name });
      names.push(name);
    }
    const walk = async <Row>(type: ReadType, list: string, more: Record<string, unknown> = {}) => {
      const rows: Row[] = [];
      let after: string | undefined;
      do {
        const url = await urlOf(type, { limit: 1, after, ...more });
        const page = await alice.read<Record<string, Row[]> & { next: string | null }>(url);
        rows.push(...page[list]!);
        after = page.next ?? undefined;
      } while (after !== undefined);
      return rows;
    };
    const rooms = await walk<{ name: string }>("rooms.browse", "rooms");
    expect(rooms.map(({ name }) => name)).toEqual(["alpha", "Beta", "General", "Zebra"]);
    const members = await walk<{ username: string }>("room.members", "members");
    expect(members.map(({ username }) => username)).toEqual(["alice", "bob"]);
    // [T6] Who is mentioned is known to those who read it, and who is no member is not.
    const named = await alice.read(await urlOf("room.people", { names: "Bob,carol,nobody" }));
    expect(named).toMatchObject({ people: [{ username: "bob" }] });
    await alice.run("member.ban", { room, person: await carol.id(), reason: "" });
    const dave = await join(server, "dave");
    await alice.run("member.ban", { room, person: await dave.id(), reason: "" });
    const bans = await walk<{ person: { username: string } }>("room.bans", "bans");
    expect(bans.map(({ person }) => person.username)).toEqual(["dave", "carol"]);
    const reported = await bob.say(room, "and this");
    await alice.run("message.report", { room, seq: reported, reason: "second" });
    const reports = await walk<{ seq: number }>("reports.list", "reports");
    expect(reports.map((report) => report.seq)).toEqual([reported]);
  });
});
