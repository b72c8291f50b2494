import { expect, test } from "bun:test";
import { generalRoomId as room } from "@novax/protocol/general-room";
import { customEmojiMax } from "@novax/protocol/limits";
import sharp from "sharp";
import type { Person } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { picture, upload } from "../support/uploads.ts";
import { describeServer } from "../support/use-server.ts";

describeServer("the server's own emoji", { only: "postgres" }, ({ server, sql, alice, bob, carol }) => {
  const image = async (person: Person) =>
    (await upload(person, await picture("png", { width: 300, height: 200 }), { purpose: "emoji" })).id;
  const names = async () =>
    (await carol.read<{ emoji: { name: string }[] }>("/api/emoji")).emoji.map((emoji) => emoji.name);
  const add = async (person: Person, name: string) => {
    await person.run("emoji.add", { name, picture: await image(person) });
    const isThere = async () => (await carol.fetch(`/api/emoji/${name}`)).status === 200;
    expect(await waitUntil(isThere)).toBe(true);
  };

  test("anybody but guests adds one; it is small, and everybody sees it", async () => {
    await add(bob, "party_parrot");
    expect(await names()).toEqual(["party_parrot"]);
    const response = await carol.fetch("/api/emoji/party_parrot");
    expect(response.headers.get("content-type")).toBe("image/webp");
    const { width, height } = await sharp(await response.arrayBuffer()).metadata();
    expect([width, height]).toEqual([128, 85]);
    expect((await fetch(`${server.url}/api/emoji/party_parrot`)).status).toBe(401);
    await alice.post(`/admin/people/${await carol.id()}/role`, { role: "guest" });
    expect(await carol.refusedWith("emoji.add", { name: "mine", picture: await image(carol) })).toBe(
      "forbidden",
    );
    await alice.post(`/admin/people/${await carol.id()}/role`, { role: "member" });
  });

  test("it is a reaction while it is there; when it was removed its name stays, and can be taken back", async () => {
    await add(bob, "ship_it");
    const seq = await alice.say(room, "done :ship_it:");
    await bob.run("reaction.add", { room, seq, emoji: ":ship_it:" });
    for (const emoji of [":nobody_has_this:", "ship_it", ":ship_it", ":SHIP_IT:", "::", ":a b:"])
      expect(await bob.refusedWith("reaction.add", { room, seq, emoji }), emoji).toBe("message_invalid");
    expect(await carol.refusedWith("emoji.remove", { name: "ship_it" })).toBe("forbidden");
    await bob.run("emoji.remove", { name: "ship_it" });
    const isGone = async () => (await carol.fetch("/api/emoji/ship_it")).status === 404;
    expect(await waitUntil(isGone)).toBe(true);
    expect(await carol.refusedWith("emoji.remove", { name: "ship_it" })).toBe("not_found");
    const other = await alice.say(room, "another one");
    // The list of this process is read again at most twice a second.
    const isRefused = async () =>
      (await alice.command("reaction.add", { room, seq: other, emoji: ":ship_it:" })).status === 422;
    expect(await waitUntil(isRefused)).toBe(true);
    type Page = { entries: { seq: number; reactions?: { emoji: string }[] }[] };
    const reactions = async () =>
      (await alice.read<Page>(`/api/rooms/${room}/timeline`)).entries.find((entry) => entry.seq === seq)!
        .reactions;
    expect(await reactions()).toMatchObject([{ emoji: ":ship_it:" }]);
    await bob.run("reaction.remove", { room, seq, emoji: ":ship_it:" });
    expect(await reactions()).toEqual([]);
  });

  test("a name is one emoji's, also when many want it at once; admins remove those of others", async () => {
    const pictures = await Promise.all(Array.from({ length: 6 }, () => image(bob)));
    const answers = await Promise.all(
      pictures.map((id) => bob.command("emoji.add", { name: "wanted", picture: id })),
    );
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
    await Bun.sleep(1500);
    expect(await bob.refusedWith("emoji.add", { name: "wanted", picture: await image(bob) })).toBe(
      "name_taken",
    );
    for (const name of ["A", "a", "Ä_b", "a b", "x".repeat(33), "../x", ":a:", ""])
      expect(await bob.refusedWith("emoji.add", { name, picture: pictures[0]! }), name).toBe("malformed");
    await alice.run("emoji.remove", { name: "wanted" });
    const [entry] =
      await sql`select detail from audit_log where action = 'emoji.removed' order by seq desc limit 1`;
    expect(entry.detail).toBe("wanted");
  });

  test("there are no more than the limit, and each is a picture that its owner uploaded for it", async () => {
    const face = (await upload(bob, await picture("png"), { purpose: "person" })).id;
    expect(await bob.refusedWith("emoji.add", { name: "face", picture: face })).toBe("file_gone");
    const theirs = await image(alice);
    expect(await bob.refusedWith("emoji.add", { name: "theirs", picture: theirs })).toBe("file_gone");
    const mine = await image(bob);
    await sql`
      insert into custom_emoji (name, picture_id, created_by, created_at)
      select 'n' || n, ${theirs}, ${await alice.id()}, 0 from generate_series(1, ${customEmojiMax}) n`;
    expect(await bob.refusedWith("emoji.add", { name: "one_more", picture: mine })).toBe("too_many");
  });
});
