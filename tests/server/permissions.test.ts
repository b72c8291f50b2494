// The permission table, cell by cell, over the socket and over HTTP: the server does what the table says. The
// protocol's table and the one in docs/permissions.md are compared with each other, and both with the server.
import { beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join as joinPath, resolve } from "node:path";
import type { CommandType, FieldsOf } from "@novax/protocol/commands";
import { commandSpecs, commandTypes } from "@novax/protocol/commands";
import type { RoomId, SendId } from "@novax/protocol/ids";
import {
  type RoomRole,
  roomPermissions,
  roomRoles,
  serverPermissions,
  serverRoles,
} from "@novax/protocol/permissions";
import { renderPermissions } from "../../scripts/permission-table.ts";
import { join, type Person, type TestSocket } from "../support/person.ts";
import { describeServer } from "../support/use-server.ts";

/** Written by hand and not read from the table under test, so that changing a cell there breaks this test. */
const expected: Record<keyof typeof roomPermissions, string> = {
  "room.read": "yes yes yes yes",
  "room.leave": "yes yes yes yes",
  "room.set_topic": "yes yes yes no",
  "room.change": "yes yes no no",
  "room.archive": "yes no no no",
  "room.allow_previews": "yes no no no",
  "member.add": "yes yes yes no",
  "member.remove": "yes yes no no",
  "member.silence": "yes yes no no",
  "member.ban": "yes yes no no",
  "member.set_role": "yes no no no",
  "message.send": "yes yes yes no",
  "message.send_always": "yes yes no no",
  "message.edit_own": "yes yes yes no",
  "message.delete_own": "yes yes yes yes",
  "message.delete_any": "yes yes no no",
  "message.pin": "yes yes yes no",
  "message.react": "yes yes yes no",
  "message.report": "yes yes yes yes",
  "mention.everyone": "yes yes yes no",
  "poll.vote": "yes yes yes no",
  "poll.close_any": "yes yes no no",
  "report.resolve": "yes yes no no",
};
const expectedOnServer: Record<keyof typeof serverPermissions, string> = {
  "server.change": "yes no no no",
  "emoji.add": "yes yes yes no",
  "emoji.remove_any": "yes yes no no",
  "room.create": "yes yes yes no",
  "room.browse": "yes yes yes no",
  "room.join": "yes yes yes no",
  "direct.open": "yes yes yes yes",
  "me.change": "yes yes yes yes",
  "report.resolve_any": "yes yes no no",
  "word_filter.change": "yes yes no no",
  "address.ban": "yes no no no",
};

describe("the permission table", () => {
  test("[Z01] the protocol's table and the document's are as decided", () => {
    const row = (roles: readonly string[], all: readonly string[]) =>
      all.map((role) => (roles.includes(role) ? "yes" : "no")).join(" ");
    const room = Object.entries(roomPermissions).map(([right, roles]) => [right, row(roles, roomRoles)]);
    const server = Object.entries(serverPermissions).map(([right, roles]) => [
      right,
      row(roles, serverRoles),
    ]);
    expect(Object.fromEntries(room)).toEqual(expected);
    expect(Object.fromEntries(server)).toEqual(expectedOnServer);
    const document = readFileSync(joinPath(resolve(import.meta.dir, "../.."), "docs/permissions.md"), "utf8");
    expect(document).toBe(renderPermissions());
  });

  test("[Z01] every command declares the permission it needs", () => {
    for (const type of commandTypes) {
      const { needs } = commandSpecs[type];
      if (needs.in === "room") expect(Object.keys(expected), type).toContain(needs.right);
      if (needs.in === "server") expect(Object.keys(expectedOnServer), type).toContain(needs.right);
    }
  });
});

// The server's owner has owner rights in every room, so other people take the roles.
const options = {
  only: "postgres",
  env: { MESSAGES_PER_SECOND: "100000" },
  people: ["alice", "bob", "mo", "dave", "robot", "carol", "nora", "victor", "gus"],
} as const;

describeServer("permissions, over the socket and HTTP", options, ({ server, sql, ...joined }) => {
  const owner = joined.alice;
  const people: Record<RoomRole | "outsider" | "newcomer" | "victim" | "guest", Person> = {
    owner: joined.bob,
    moderator: joined.mo,
    member: joined.dave,
    read_only: joined.robot,
    outsider: joined.carol,
    newcomer: joined.nora,
    victim: joined.victor,
    guest: joined.gus,
  };

  beforeAll(async () => {
    const id = await people.guest.id();
    await owner.post(`/admin/people/${id}/role`, { role: "guest" });
  });

  /** A room with somebody in every role, and the things the table's commands act on. */
  async function setUp(): Promise<{
    room: RoomId;
    fields: (type: CommandType, by: Person) => Promise<object>;
  }> {
    const { room } = (await people.owner.run("room.create", {
      kind: "public",
      name: `Room ${crypto.randomUUID()}`,
    })) as { room: { id: RoomId } };
    const members = [people.moderator, people.member, people.read_only, people.victim];
    for (const person of members) await person.run("room.join", { room: room.id });
    for (const role of ["moderator", "read_only"] as const)
      await people.owner.run("member.set_role", { room: room.id, person: await people[role].id(), role });
    const victim = await people.victim.id();
    const byOther = await people.victim.say(room.id, "by somebody else");
    const sent = (person: Person) => sql`
      select seq from messages where room_id = ${room.id} and sender_id = (select id from accounts where username = ${person.username}) order by seq limit 1`;
    const fields = async (type: CommandType, by: Person): Promise<object> => {
      // The read-only member wrote something before becoming one.
      const own = async () => Number((await sent(by))[0]?.seq ?? byOther);
      const at = { room: room.id, seq: byOther };
      const later = Date.now() + 3_600_000;
      const all: Partial<Record<CommandType, object>> = {
        "room.change": { room: room.id, description: crypto.randomUUID() },
        "room.set_picture": { room: room.id, picture: null },
        "room.set_topic": { room: room.id, topic: crypto.randomUUID() },
        "member.add": { room: room.id, people: [await people.newcomer.id()] },
        "member.remove": { room: room.id, person: victim },
        "member.set_role": { room: room.id, person: victim, role: "read_only" },
        "member.silence": { room: room.id, person: victim, until: later },
        "member.ban": { room: room.id, person: victim, reason: "" },
        "member.unban": { room: room.id, person: victim },
        "room.mark_read": at,
        "room.mark_unread": at,
        "room.set_preferences": { room: room.id, isMuted: true },
        "draft.save": { room: room.id, text: "x" },
        "message.send": { room: room.id, sendId: crypto.randomUUID(), body: { kind: "text", text: "x" } },
        "message.edit": { room: room.id, seq: await own(), text: crypto.randomUUID() },
        "message.delete": { room: room.id, seq: await own() },
        "message.remove_preview": { room: room.id, seq: await own(), url: "https://example.org/" },
        "message.report": { ...at, reason: "" },
        "reaction.add": { ...at, emoji: "👍" },
        "reaction.remove": { ...at, emoji: "👍" },
        "poll.vote": { room: room.id, seq: await poll(), choices: [0] },
        "poll.close": { room: room.id, seq: await poll() },
        "thread.follow": { ...at, isFollowed: true },
        "thread.mark_read": { ...at, upTo: byOther },
        "message.schedule": { room: room.id, sendId: crypto.randomUUID(), text: "x", at: later },
        "reminder.set": { ...at, note: "", at: later },
      };
      return (
        all[type] ??
        (["message.pin", "message.unpin", "message.save"].includes(type) ? at : { room: room.id })
      );
    };
    let pollSeq: number | null = null;
    const poll = async () => {
      pollSeq ??= (
        await people.victim.run("message.send", {
          room: room.id,
          sendId: crypto.randomUUID() as SendId,
          body: {
            kind: "poll",
            question: "?",
            choices: ["a", "b"],
            isMultiple: false,
            isAnonymous: false,
            closesAt: null,
          },
        })
      ).seq;
      return pollSeq;
    };
    for (const role of ["owner", "moderator", "member"] as const)
      await people[role].say(room.id, `by ${role}`);
    return { room: room.id, fields };
  }

  const ways = {
    http: async (person: Person, type: CommandType, fields: object): Promise<string> => {
      const response = await person.command(type, fields as FieldsOf<CommandType>);
      return response.status === 200 ? "ok" : ((await response.json()) as { code: string }).code;
    },
    socket: async (person: Person, type: CommandType, fields: object): Promise<string> => {
      const socket: TestSocket = await person.connect();
      const reply = await socket.command({ type, ...fields } as never);
      socket.close();
      return reply.ok ? "ok" : reply.code;
    },
  };
  /** Some commands need more than the right: a poll is closed by its author, a message edited by its author. */
  const ownAlone: readonly CommandType[] = ["poll.close"];
  const inRoom = commandTypes.filter(
    (type): type is CommandType =>
      commandSpecs[type].needs.in === "room" && !ownAlone.includes(type as CommandType),
  );

  for (const [way, order] of Object.entries(ways)) {
    test(`[Z01] [Z02] every room command, for every role and an outsider, by ${way}`, async () => {
      for (const type of inRoom) {
        const { needs } = commandSpecs[type];
        const cells = expected[(needs as { right: keyof typeof expected }).right].split(" ");
        const { fields } = await setUp();
        // From the least powerful role to the most, so that what the first is refused is still there for the last.
        for (const role of roomRoles.toReversed()) {
          const person = people[role];
          const outcome = await order(person, type, await fields(type, person));
          const may = cells[roomRoles.indexOf(role)] === "yes";
          // An allowed command can still be refused for another reason: somebody else's message, a member who has left
          // by then.
          if (may)
            expect(
              ["forbidden", "not_found"].includes(outcome) && outcomeIsRight(type, role, outcome),
              `${type} ${role} ${outcome}`,
            ).toBe(false);
          else expect(outcome, `${type} ${role}`).toBe("forbidden");
          if (type === "member.remove" || type === "member.ban") {
            await people.owner.command("member.unban", {
              room: ((await fields(type, person)) as { room: RoomId }).room,
              person: await people.victim.id(),
            });
            await people.victim.command("room.join", {
              room: ((await fields(type, person)) as { room: RoomId }).room,
            });
          }
          if (type === "room.leave")
            await person.command("room.join", {
              room: ((await fields(type, person)) as { room: RoomId }).room,
            });
        }
        expect(
          await order(people.outsider, type, await fields(type, people.outsider)),
          `${type} outsider`,
        ).toBe("not_found");
      }
    }, 120_000);
  }
  /** Authors have rights on their own message; without the right they are refused there. */
  const outcomeIsRight = (type: CommandType, role: RoomRole, outcome: string): boolean =>
    !(type.startsWith("message.") && role === "read_only" && outcome === "forbidden");

  test("[Z01] server actions, for every role", async () => {
    const orders: [CommandType, keyof typeof expectedOnServer, () => object][] = [
      ["room.create", "room.create", () => ({ kind: "public", name: crypto.randomUUID() })],
      ["room.join", "room.join", () => ({ room: "" })],
      ["direct.open", "direct.open", () => ({ people: [] })],
      ["status.set", "me.change", () => ({ emoji: "", text: "", until: null })],
      ["word_filter.set", "word_filter.change", () => ({ words: [] })],
    ];
    const admin = await join(server, "adam");
    await owner.post(`/admin/people/${await admin.id()}/role`, { role: "admin" });
    const byRole = { owner, admin, member: people.member, guest: people.guest };
    for (const [type, right, fields] of orders) {
      const cells = expectedOnServer[right].split(" ");
      for (const [index, role] of serverRoles.entries()) {
        const { room } = (await people.outsider.run("room.create", {
          kind: "public",
          name: crypto.randomUUID(),
        })) as { room: { id: RoomId } };
        const given = type === "room.join" ? { room: room.id } : fields();
        const outcome = await ways.http(byRole[role], type, given);
        expect(outcome, `${type} ${role}`).toBe(cells[index] === "yes" ? "ok" : "forbidden");
      }
    }
    expect((await people.guest.fetch("/api/browse")).status).toBe(403);
    const findVictor = async () =>
      (await people.guest.read<{ people: { username: string }[] }>("/api/people?q=vic")).people.length;
    // A guest is in no room until added to one, and can find nobody else.
    expect(await findVictor()).toBe(0);
    expect(await people.guest.rooms()).toEqual([expect.objectContaining({ kind: "direct" })]);
    const { room } = await setUp();
    await people.owner.run("member.add", { room, people: [await people.guest.id()] });
    expect(await findVictor()).toBe(1);
  });

  test("[Z03] a removed role is gone with the next command; a granted one is there", async () => {
    const { room } = await setUp();
    const { member } = people;
    expect(await member.refusedWith("room.change", { room, topic: "x" })).toBe("forbidden");
    await people.owner.run("member.set_role", { room, person: await member.id(), role: "moderator" });
    await member.run("room.change", { room, topic: "x" });
    await people.owner.run("member.set_role", { room, person: await member.id(), role: "read_only" });
    expect(await member.refusedWith("room.set_topic", { room, topic: "y" })).toBe("forbidden");
    await owner.run("room.join", { room });
    await owner.run("room.change", { room, topic: "the server's owner" });
  });

  test("[Z05] [Z06] an unknown key, a key of every object or another type is refused, and changes nothing", async () => {
    const { room } = await setUp();
    const before = (await people.member.room(room)).headSeq;
    const { member } = people;
    const sendId = crypto.randomUUID();
    const body = { kind: "text", text: "x" };
    for (const bad of [
      { room, sendId, body, isAdmin: true },
      { room, sendId, body, seq: 1 },
      { room: [room], sendId, body },
      { room: { $ne: "" }, sendId, body },
      { room, sendId, body: { ...body, html: "<b>" } },
      { room, sendId, body, threadRoot: "1" },
    ]) {
      const response = await member.post("/api/commands/message.send", bad);
      expect(response.status, JSON.stringify(bad)).toBe(400);
    }
    const proto = await member.fetch("/api/commands/room.set_topic", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"room":"${room}","topic":"x","__proto__":{"role":"owner"}}`,
    });
    expect(proto.status).toBe(400);
    expect((await member.room(room)).headSeq).toBe(before);
  });

  test("[Z04] every response is exactly as documented, and contains no secret", async () => {
    const { room } = await setUp();
    const texts: string[] = [];
    for (const path of [
      "/api/rooms",
      `/api/rooms/${room}/timeline`,
      `/api/rooms/${room}/members`,
      "/api/people?q=",
      `/api/people/${await people.victim.id()}`,
      "/api/me",
      "/api/me/mentions",
      "/api/me/threads",
    ])
      texts.push(await (await people.member.fetch(path)).text());
    expect(texts.join()).not.toMatch(/@example\.org|\$2b\$|password|token|user_?agent|email/i);
  });

  test("[Z07] mentions, saved messages, threads and quotes of a room end with the membership", async () => {
    const { room } = await setUp();
    const { victim, owner: boss } = people;
    const seq = await boss.say(room, `for your eyes @${victim.username} only-${room}`);
    await victim.run("message.save", { room, seq });
    await victim.say(room, "an answer", { threadRoot: seq });
    expect(await (await victim.fetch("/api/me/mentions")).text()).toContain(`only-${room}`);
    await boss.run("member.remove", { room, person: await victim.id() });
    for (const path of [
      "/api/me/mentions",
      "/api/me/saved",
      "/api/me/threads",
      "/api/rooms",
      "/chat",
      "/account/export",
    ]) {
      const response = await victim.fetch(path);
      if (response.status === 200) expect(await response.text(), path).not.toContain(`only-${room}`);
    }
    for (const path of ["timeline", "events", `threads/${seq}`, "pins", "members"])
      expect((await victim.fetch(`/api/rooms/${room}/${path}`)).status, path).toBe(404);
  });
});
