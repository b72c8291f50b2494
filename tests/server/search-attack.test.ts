import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { generalRoomId } from "@novax/protocol/general-room";
import type { RoomId } from "@novax/protocol/ids";
import { searchCharsMax } from "@novax/protocol/limits";
import type { ReadResult } from "@novax/protocol/reads";
import { problemOf } from "../support/person.ts";
import { search, searchAll, untilIndexed } from "../support/search.ts";
import { waitUntil } from "../support/server.ts";
import { upload, text as words } from "../support/uploads.ts";
import { describeServer } from "../support/use-server.ts";

const env = { MESSAGES_PER_SECOND: "100000" };

describeServer("what a search must not show", { env, only: "postgres" }, (used) => {
  const { server, data, sql, restart, alice, bob, carol } = used;

  const createRoom = async (name: string, people: readonly (typeof bob)[]) =>
    (
      await alice.run("room.create", {
        kind: "private",
        name,
        people: await Promise.all(people.map((person) => person.id())),
      })
    ).room.id;
  const count = async (person: typeof bob, q: string) => (await search(person, q)).hits.length;
  const refusal = async (person: typeof bob, path: string) => {
    const response = await person.fetch(path);
    return [response.status, (await problemOf(response)).detail] as const;
  };

  test("[Z07] an outsider finds nothing of a private room: no word, no similar one, no name, no count", async () => {
    const room = await createRoom("Vault", [bob]);
    await alice.say(room, "zeppelin zeppelins zepelin the combination");
    await carol.say(generalRoomId, "zeppelins fly");
    await untilIndexed(alice);
    expect(await count(bob, "zeppelin")).toBe(2);
    const found = await search(carol, "zepplins");
    expect(found.hits.map(({ room: where }) => where)).toEqual([generalRoomId]);
    expect(JSON.stringify(found)).not.toContain("combination");
    expect(await count(carol, "combination")).toBe(0);
    expect(await count(carol, "in:general combination")).toBe(0);
    // A room that carol isn't in looks the same as one that isn't there.
    const name = (q: string) => refusal(carol, `/api/search?q=${encodeURIComponent(q)}`);
    expect(await name("in:Vault zeppelin")).toEqual([400, `You're in no room called "Vault".`]);
    expect(await name("in:Nowhere zeppelin")).toEqual([400, `You're in no room called "Nowhere".`]);
    expect(await refusal(carol, `/api/search?q=zeppelin&room=${room}`)).toEqual(
      await refusal(carol, "/api/search?q=zeppelin&room=no-such-room"),
    );
  });

  test("[Z07] with the membership it ends at once, and it comes back with it", async () => {
    const room = await createRoom("Lodge", [bob]);
    await alice.say(room, "chandelier");
    await untilIndexed(alice, [room]);
    expect(await count(bob, "chandelier")).toBe(1);
    await alice.run("member.remove", { room, person: await bob.id() });
    expect(await count(bob, "chandelier")).toBe(0);
    await alice.run("member.add", { room, people: [await bob.id()] });
    expect(await count(bob, "chandelier")).toBe(1);
  });

  test("[Z07] what is edited away or deleted is not found from that moment on, without waiting for the index", async () => {
    const edited = await alice.say(generalRoomId, "marzipan");
    const deleted = await alice.say(generalRoomId, "marzipan again");
    await untilIndexed(alice, [generalRoomId]);
    expect(await count(bob, "marzipan")).toBe(2);
    await alice.run("message.edit", { room: generalRoomId, seq: edited, text: "nougat" });
    await alice.run("message.delete", { room: generalRoomId, seq: deleted });
    expect(await count(bob, "marzipan")).toBe(0);
    await untilIndexed(alice, [generalRoomId]);
    expect(await count(bob, "nougat")).toBe(1);
  });

  test("[Z07] the messages of somebody who is blocked are not found", async () => {
    await carol.say(generalRoomId, "tambourine");
    await untilIndexed(alice, [generalRoomId]);
    expect(await count(bob, "tambourine")).toBe(1);
    await bob.run("person.block", { person: await carol.id() });
    expect(await count(bob, "tambourine")).toBe(0);
    expect(await count(bob, "from:carol")).toBe(0);
    await bob.run("person.unblock", { person: await carol.id() });
    expect(await count(bob, "tambourine")).toBe(1);
  });

  test("[Z07] a guest finds only what is in their rooms, and learns of nobody else", async () => {
    const hers = await createRoom("Reception", [carol]);
    await alice.say(hers, "umbrella for carol");
    await bob.say(generalRoomId, "umbrella in general");
    await untilIndexed(alice);
    await alice.run("member.remove", { room: generalRoomId, person: await carol.id() });
    await sql`update accounts set server_role = 'guest' where id = ${await carol.id()}`;
    expect((await search(carol, "umbrella")).hits.map(({ room }) => room)).toEqual([hers]);
    const path = (q: string) => `/api/search?q=${encodeURIComponent(q)}`;
    const [, somebody] = await refusal(carol, path("from:bob umbrella"));
    const [, nobody] = await refusal(carol, path("from:nobody umbrella"));
    expect(somebody).toBe("There's no one called @bob.");
    expect(nobody).toBe("There's no one called @nobody.");
    await sql`update accounts set server_role = 'member' where id = ${await carol.id()}`;
    await alice.run("member.add", { room: generalRoomId, people: [await carol.id()] });
  });

  test("a session that has ended finds nothing", async () => {
    const twin = await bob.inAnotherBrowser();
    await sql`update sessions set ended_at = 1 where id in (
      select id from sessions where account_id = ${await bob.id()} order by created_at desc limit 1)`;
    expect((await twin.fetch("/api/search?q=anything")).status).toBe(401);
  });

  for (const [what, q] of Object.entries({
    "3,000 words": "w ".repeat(3000),
    "more words than can be meant": "a b c d e f g h i j k l m n o p q r s t u v",
  }))
    test(`${what} are refused in words`, async () => {
      const [status, detail] = await refusal(alice, `/api/search?q=${encodeURIComponent(q)}`);
      expect([400, 414]).toContain(status);
      expect(detail).toMatch(/at most (20 words|2048 bytes)/);
    });

  for (const [what, q] of Object.entries({
    "nothing but quotes": '"'.repeat(searchCharsMax),
    parentheses: "(".repeat(100) + ")".repeat(100),
    "the operators of the index": 'NEAR(a b, 3) AND OR NOT * ^ col:x {a} + - "a" * § §r1 ¦ words:a',
    "signs of four bytes": "𠮷".repeat(100),
    "half of such a sign, which JSON can carry": "\ud842",
    "one long word": "x".repeat(searchCharsMax),
    "letters that grow": "ﷺ".repeat(searchCharsMax / 2),
    emoji: "👩‍👩‍👧‍👦".repeat(18),
    minuses: "-".repeat(searchCharsMax),
    colons: ":".repeat(searchCharsMax),
    "a filter without a value": "from: in: has: before:",
    "many of one filter": "has:link ".repeat(22),
    "quotes and a NUL": '"a\0b"',
    SQL: "'; drop table docs; --",
  }))
    test(`${what} in a query get an answer, and no fault`, async () => {
      for (const order of ["newest", "relevant"]) {
        const response = await alice.fetch(
          `/api/search?order=${order}&q=${encodeURIComponent(q.toWellFormed())}`,
        );
        expect([200, 400]).toContain(response.status);
      }
      expect(server.output()).not.toContain("request.failed");
      expect(await count(alice, "umbrella")).toBeGreaterThan(0);
    });

  test("what a filter can't mean is refused in words, in the language of the request", async () => {
    const path = (q: string) => `/api/search?q=${encodeURIComponent(q)}`;
    expect(await refusal(alice, path("has:banana"))).toEqual([
      400,
      "has: needs one of link, file, image or poll.",
    ]);
    expect((await refusal(alice, path("before:soon")))[1]).toContain("before: needs a date");
    expect((await refusal(alice, "/api/search?q=a&zone=Nowhere/Land"))[0]).toBe(400);
    const german = await alice.fetch(path("is:banana"), { headers: { "accept-language": "de" } });
    expect((await problemOf(german)).detail).toBe("Nach is: gehört thread, pinned, saved oder mine.");
  });

  test("[Q11] pages lose and repeat nothing, while more is written and deleted", async () => {
    const room = await createRoom("Log", [bob]);
    const seqs: number[] = [];
    for (let index = 0; index < 45; index++) seqs.push(await alice.say(room, `harvest ${index}`));
    await untilIndexed(alice, [room]);
    const first = await search(bob, "harvest", { limit: "20" as never });
    await alice.say(room, "harvest, and one more");
    await alice.run("message.delete", { room, seq: seqs[10]! });
    await untilIndexed(alice, [room]);
    const rest = await searchAll(bob, "harvest", { after: first.next!, limit: "20" as never });
    const found = [...first.hits, ...rest].map(({ seq }) => seq);
    expect(found).toEqual(seqs.filter((_, index) => index !== 10).reverse());
    const ranked = await searchAll(bob, "harvest", { order: "relevant", limit: "7" as never });
    expect(new Set(ranked.map(({ seq }) => seq)).size).toBe(45);
    expect(ranked).toHaveLength(45);
  });

  test("the best first: what says it often and briefly comes before what mentions it", async () => {
    const room = await createRoom("Rank", []);
    const best = await alice.say(room, "lighthouse lighthouse");
    await alice.say(room, `a lighthouse, and much else: ${"of this and that ".repeat(20)}`);
    await untilIndexed(alice, [room]);
    const { hits } = await search(alice, "lighthouse", { order: "relevant" });
    expect(hits.map(({ seq }) => seq)).toEqual([best, best + 1]);
  });

  test("the best first finds what begins so, in however many words", async () => {
    const room = await createRoom("Beginnings", []);
    const letters = [..."abcdefghijklmnopqrstuvwxyzäöü"];
    for (const letter of letters) await alice.say(room, `quok${letter}${letter}x`);
    await untilIndexed(alice, [room]);
    for (const order of ["newest", "relevant"] as const)
      expect(await searchAll(alice, "quok", { order })).toHaveLength(letters.length);
  });

  test("a text of one sign, and a query of it, are answered like any other", async () => {
    const room = await createRoom("Laughter", []);
    for (let index = 0; index < 25; index++) await alice.say(room, "哈".repeat(4000));
    await untilIndexed(alice, [room]);
    expect(await searchAll(alice, "哈".repeat(50))).toHaveLength(25);
    expect((await search(alice, "哈".repeat(50))).hits[0]!.marks.length).toBeLessThanOrEqual(50);
  });

  test("an excerpt shows where it is, and marks it letter by letter", async () => {
    const room = await createRoom("Marks", []);
    await alice.say(
      room,
      `${"Vorher kam etwas anderes. ".repeat(30)}Die **Müllabfuhr** kommt. ${"Danach auch. ".repeat(30)}`,
    );
    await alice.say(room, "see [the plan](https://plan.example.org/secret-path)");
    await untilIndexed(alice, [room]);
    const shown = async (q: string) => {
      const [hit] = (await search(alice, q, { room })).hits;
      return {
        excerpt: hit!.excerpt,
        marked: hit!.marks.map(([start, end]) => hit!.excerpt.slice(start, end)),
      };
    };
    const { excerpt, marked } = await shown("mullab");
    expect(marked).toEqual(["Müllab"]);
    expect(excerpt.length).toBeLessThan(260);
    expect(excerpt).not.toContain("*");
    expect((await shown("plan")).marked).toContain("plan");
    await alice.say(room, "it is **very** _important_ indeed");
    await untilIndexed(alice, [room]);
    expect(await shown('"very important"')).toEqual({
      excerpt: "it is very important indeed",
      marked: ["very important"],
    });
    expect((await shown("secret-path")).marked).toEqual(["secret-path"]);
  });

  test("a topic is found where it was changed, by the room's members", async () => {
    const room = await createRoom("Topics", [bob]);
    await alice.run("room.set_topic", { room, topic: "Everything about pomegranates" });
    await untilIndexed(alice, [room]);
    const [hit] = (await search(bob, "pomegranates")).hits;
    expect(hit).toMatchObject({ room, isMessage: false, excerpt: "Everything about pomegranates" });
    expect(await count(carol, "pomegranates")).toBe(0);
  });

  test("the links and the files of a room are lists, by the words around them; to an outsider there is no room", async () => {
    const room = await createRoom("Lists", [bob]);
    await alice.say(
      room,
      "the plan is at https://plan.example.org/a and [the map](https://map.example.org/b)",
    );
    await alice.say(room, "no link here");
    const { id } = await upload(alice, words("numbers\n"), { name: "Quarterly-report.txt" });
    const body = { kind: "text" as const, text: "the plan as a file", files: [{ id }] };
    await alice.run("message.send", { room, sendId: crypto.randomUUID() as never, body });
    await untilIndexed(alice, [room]);
    const links = async (q: string) =>
      (await bob.read<ReadResult<"room.links">>(`/api/rooms/${room}/links?q=${q}`)).links.map(
        ({ url, label }) => [url, label],
      );
    const both = [
      ["https://plan.example.org/a", "https://plan.example.org/a"],
      ["https://map.example.org/b", "the map"],
    ];
    expect(await links("")).toEqual(both);
    expect(await links("plan")).toEqual(both);
    expect(await links("elsewhere")).toEqual([]);
    const files = async (q: string) =>
      (await bob.read<ReadResult<"room.files">>(`/api/rooms/${room}/files?q=${q}`)).files.map(
        ({ file }) => file.name,
      );
    expect(await files("")).toEqual(["Quarterly-report.txt"]);
    expect(await files("report")).toEqual(["Quarterly-report.txt"]);
    expect(await files("arterly")).toEqual(["Quarterly-report.txt"]);
    expect(await files("plan")).toEqual([]);
    for (const list of ["links", "files?q=report"])
      expect((await carol.fetch(`/api/rooms/${room}/${list}`)).status).toBe(404);
  });

  test("a day leads to the first thing that the room shows from then on", async () => {
    const room = await createRoom("Days", [bob]);
    const seqs: number[] = [];
    for (let index = 0; index < 20; index++) seqs.push(await alice.say(room, `day ${index}`));
    await sql`update room_events set at = 0 where room_id = ${room} and seq < ${seqs[0]!}`;
    for (const [index, seq] of seqs.entries())
      await sql`update room_events set at = ${index * 1000} where room_id = ${room} and seq = ${seq}`;
    const at = async (time: number) =>
      (await bob.read<{ seq: number | null }>(`/api/rooms/${room}/at?time=${time}`)).seq;
    expect(await at(7000)).toBe(seqs[7]!);
    expect(await at(7001)).toBe(seqs[8]!);
    expect(await at(19_000)).toBe(seqs[19]!);
    expect(await at(19_001)).toBeNull();
    expect(await at(0)).toBe(1);
    expect((await carol.fetch(`/api/rooms/${room}/at?time=0`)).status).toBe(404);
  });

  test("[Z07] deleted words are gone from the index's file; an erased account's too, also if it happened without us", async () => {
    const room = "general" as RoomId;
    const seq = await alice.say(room, "xylophonequartz");
    await carol.say(room, "zincobelisk");
    await untilIndexed(alice, [room]);
    const bytes = () => {
      const folder = joinPath(data.env.DATA_DIR!, "search");
      return readdirSync(folder)
        .map((name) => readFileSync(joinPath(folder, name)).toString("latin1"))
        .join("");
    };
    expect(bytes()).toContain("xylophonequartz");
    await alice.run("message.delete", { room, seq });
    expect(await waitUntil(() => !bytes().includes("xylophonequartz"), 10_000)).toBe(true);
    await server.stop();
    expect(bytes()).toContain("zincobelisk");
    const id = await sql`select id from accounts where username = 'carol'`.then((rows) => rows[0].id);
    await sql`update messages set body = '{"kind":"text","text":"(erased by its author)"}' where sender_id = ${id}`;
    await sql`insert into erased_accounts values (${id})`;
    await restart();
    expect(await waitUntil(() => !bytes().includes("zincobelisk"), 10_000)).toBe(true);
    expect(await count(alice, "zincobelisk")).toBe(0);
  });

  test("the owner sees on the settings page how far the index is", async () => {
    const page = await (await alice.fetch("/admin/settings", { headers: { accept: "text/html" } })).text();
    expect(page).toMatch(/All messages can be found: \d+ are indexed\./);
  });

  describe("the file of the index", () => {
    const folder = () => joinPath(data.env.DATA_DIR!, "search");
    const path = () => joinPath(folder(), "index-1.sqlite");
    const isMadeAnew = () => waitUntil(async () => (await count(bob, "nougat")) === 1, 15_000);

    test("is made anew if it is none", async () => {
      await server.stop();
      await Bun.write(path(), "this is no database, and never was one ".repeat(200));
      await restart();
      expect(await isMadeAnew()).toBe(true);
    });

    test("is made anew if it is damaged inside", async () => {
      await server.stop();
      const bytes = readFileSync(path());
      bytes.fill(0xa5, 4096 * 5);
      await Bun.write(path(), bytes);
      await restart();
      expect(await isMadeAnew()).toBe(true);
    });

    test("is made anew if it is of another version", async () => {
      await server.stop();
      const file = new Database(path());
      file.run("update meta set version = -1");
      file.run("delete from docs");
      file.close();
      await restart();
      expect(await isMadeAnew()).toBe(true);
    });

    test("is emptied if no process has it, so that no deleted word stays in it", async () => {
      await server.stop();
      await Bun.write(joinPath(folder(), "index-7.sqlite"), Bun.file(path()));
      expect(readFileSync(joinPath(folder(), "index-7.sqlite")).toString("latin1")).toContain("nougat");
      await restart();
      expect(await isMadeAnew()).toBe(true);
      expect(
        await waitUntil(
          () => !readFileSync(joinPath(folder(), "index-7.sqlite")).toString("latin1").includes("nougat"),
        ),
      ).toBe(true);
    });
  });
});
