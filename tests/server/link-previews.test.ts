// Previews of links: made by the server, from what pages say about themselves.
import { afterAll, describe, expect, test } from "bun:test";
import type { LinkPreview, TextBody } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import { generalRoomId as general } from "@novax/protocol/general-room";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { linksIn } from "@novax/protocol/markdown";
import type { TimelinePage } from "@novax/protocol/reads";
import { LinkPreviews } from "../../server/src/previews/link-previews.ts";
import { type PageWords, readPage, toWords } from "../../server/src/previews/read-page.ts";
import { type Person, problemOf } from "../support/person.ts";
import { waitUntil } from "../support/server.ts";
import { picture, uploadRefusal } from "../support/uploads.ts";
import { describeServer } from "../support/use-server.ts";

/** Pages by path; what they are asked for is in `asked`. */
const pages: Record<string, () => Response | Promise<Response>> = {};
const asked: { path: string; headers: Headers }[] = [];
const web = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 30,
  fetch: (request) => {
    const path = new URL(request.url).pathname;
    asked.push({ path, headers: request.headers });
    return pages[path]?.() ?? new Response("missing", { status: 404 });
  },
});
afterAll(() => web.stop(true));
const at = (path: string) => `http://127.0.0.1:${web.port}${path}`;

const html = (head: string, type = "text/html; charset=utf-8") =>
  new Response(`<!doctype html><html><head>${head}</head><body>words</body></html>`, {
    headers: { "content-type": type, "set-cookie": "visitor=1" },
  });
/** A page with a title, and with what follows it. */
function publish(path: string, title: string, more = ""): string {
  pages[path] = () => html(`<title>${title}</title>${more}`);
  return at(path);
}

const timesAsked = (path: string) => asked.filter((request) => request.path === path).length;
const wide = await picture("jpeg", { width: 1200, height: 630 });
pages["/wide.jpg"] = () => new Response(wide, { headers: { "content-type": "image/jpeg" } });

async function bodyAt(person: Person, seq: number, room: RoomId = general): Promise<TextBody> {
  const page = await person.read<TimelinePage>(`/api/rooms/${room}/timeline`);
  const entry = page.entries.find((candidate) => candidate.seq === seq);
  if (entry?.kind !== "message" || entry.body.kind !== "text") throw new Error(`no text ${seq}`);
  return entry.body;
}

/** Waits until a message has so many previews, and returns them. */
async function previewsOf(
  person: Person,
  seq: number,
  { room = general as RoomId, count = 1 } = {},
): Promise<readonly LinkPreview[]> {
  let found: readonly LinkPreview[] = [];
  await waitUntil(async () => {
    found = (await bodyAt(person, seq, room)).previews ?? [];
    return found.length === count;
  }, 15_000);
  return found;
}

const refusal = async (person: Person, command: string, fields: object) =>
  (await problemOf(await person.post(`/api/commands/${command}`, fields))).code;

const env = { LINK_PREVIEWS: "rooms", PREVIEW_NETWORKS: "127.0.0.1", MESSAGES_PER_SECOND: "1000" };

describeServer(
  "link previews",
  { env, only: "postgres", people: ["alice", "bob", "carol", "dave"] },
  ({ server, sql, alice, bob, carol, dave }) => {
    const untilItWouldHaveCome = () =>
      waitUntil(
        async () => (await sql`select 1 from jobs where kind = 'previews.make'`).length === 0,
        20_000,
      );

    const eventsAfter = async (person: Person, seq: number) =>
      (await person.read<{ events: RoomEvent[] }>(`/api/rooms/${general}/events?after=${seq}`)).events;

    test("a page's title, text and picture appear under the message, for everyone, also in what came live", async () => {
      const link = publish(
        "/lathe",
        "Not this one",
        `<meta property="og:title" content="The lathe &amp; its bed">
         <meta property="og:description" content="How to
           true it.">
         <meta property="og:image" content="/wide.jpg">`,
      );
      const seq = await alice.say(general, `look: ${link} and [again](${link})`);
      const [preview] = await previewsOf(bob, seq);
      expect(preview).toEqual({
        ...{ url: link, title: "The lathe & its bed", text: "How to true it." },
        picture: { id: expect.any(String), width: 400, height: 210 },
      });
      const shown = await bob.fetch(`/api/files/${preview!.picture!.id}`);
      expect([shown.status, shown.headers.get("content-type")]).toEqual([200, "image/webp"]);
      const [event] = await eventsAfter(bob, seq);
      expect(event).toMatchObject({ type: "message.previewed", target: seq, actor: { username: "alice" } });
      expect((event as { body: TextBody }).body.previews).toEqual([preview!]);
      expect(timesAsked("/lathe")).toBe(1);
      const message = (await alice.read<TimelinePage>(`/api/rooms/${general}/timeline`)).entries.at(-1);
      expect(message).toMatchObject({ editedAt: null });
    }, 30_000);

    test("[U04] a page learns nothing of who asks: no cookie, no credentials, the server's own name", async () => {
      publish("/curious", "Curious");
      await previewsOf(alice, await alice.say(general, at("/curious")));
      const { headers } = asked.find(({ path }) => path === "/curious")!;
      for (const name of ["cookie", "authorization", "referer", "origin"])
        expect(headers.get(name)).toBeNull();
      expect(headers.get("user-agent")).toBe("novaX");
    }, 30_000);

    test("its sender takes it away, a moderator anybody's, others may not, and it stays away", async () => {
      const link = publish("/away", "Away", `<meta property="og:image" content="${at("/wide.jpg")}">`);
      const seq = await bob.say(general, `see ${link}`);
      const [preview] = await previewsOf(bob, seq);
      const removal = { room: general, seq, url: link };
      expect(await refusal(carol, "message.remove_preview", removal)).toBe("forbidden");
      await bob.run("message.remove_preview", removal);
      expect((await bodyAt(carol, seq)).previews).toBeUndefined();
      expect((await bob.fetch(`/api/files/${preview!.picture!.id}`)).status).toBe(404);
      expect((await eventsAfter(carol, seq)).at(-1)).toMatchObject({
        ...{ type: "message.previewed", target: seq, body: { kind: "text", text: `see ${link}` } },
      });
      // Nor does the event of before tell it.
      expect(JSON.stringify(await eventsAfter(carol, seq))).not.toContain("Away");
      // A new link beside it gets one, and does not bring it back.
      const added = publish("/beside", "Beside");
      await bob.run("message.edit", { room: general, seq, text: `see ${link}, and ${added}` });
      expect(await previewsOf(carol, seq)).toMatchObject([{ url: added, title: "Beside" }]);
      expect(timesAsked("/away")).toBe(1);
      const other = await bob.say(general, publish("/other", "Other"));
      await previewsOf(bob, other);
      await alice.run("message.remove_preview", { room: general, seq: other, url: at("/other") });
      expect((await bodyAt(bob, other)).previews).toBeUndefined();
    }, 30_000);

    test("an edit keeps the previews of links that stay, makes those of new ones, and drops the rest", async () => {
      const [first, second, third] = ["one", "two", "three"].map((name) =>
        publish(`/${name}`, name, `<meta property="og:image" content="/wide.jpg">`),
      );
      const seq = await alice.say(general, `${first} ${second}`);
      const before = await previewsOf(alice, seq, { count: 2 });
      expect(before.map(({ title }) => title)).toEqual(["one", "two"]);
      await alice.run("message.edit", { room: general, seq, text: `${third} ${second}` });
      expect((await bodyAt(alice, seq)).previews).toEqual([before[1]!]);
      const after = await previewsOf(alice, seq, { count: 2 });
      expect(after.map(({ title }) => title)).toEqual(["three", "two"]);
      expect(timesAsked("/two")).toBe(1);
      expect((await alice.fetch(`/api/files/${before[0]!.picture!.id}`)).status).toBe(404);
      expect((await alice.fetch(`/api/files/${before[1]!.picture!.id}`)).status).toBe(200);
      const history = await alice.read(`/api/rooms/${general}/messages/${seq}/revisions`);
      expect(JSON.stringify(history)).not.toContain(`previews":[{"url":"${first}`);
    }, 30_000);

    test("with the message go its previews and their pictures", async () => {
      publish("/gone", "Gone", `<meta property="og:image" content="/wide.jpg">`);
      const seq = await alice.say(general, at("/gone"));
      const [preview] = await previewsOf(alice, seq);
      await alice.run("message.delete", { room: general, seq });
      expect((await alice.fetch(`/api/files/${preview!.picture!.id}`)).status).toBe(404);
      expect(JSON.stringify(await eventsAfter(alice, seq - 1))).not.toContain("Gone");
      const [left] =
        await sql`select count(*)::int as files from files where room_id = ${general} and seq = ${seq}`;
      expect(left.files).toBe(0);
    }, 30_000);

    test("a message that is deleted while its page is fetched stays deleted", async () => {
      const answer = Promise.withResolvers<Response>();
      pages["/slow"] = () => answer.promise;
      const seq = await alice.say(general, at("/slow"));
      await waitUntil(() => timesAsked("/slow") === 1, 10_000);
      await alice.run("message.delete", { room: general, seq });
      const { headSeq } = await alice.read<TimelinePage>(`/api/rooms/${general}/timeline`);
      answer.resolve(html("<title>Too late</title>"));
      await untilItWouldHaveCome();
      expect((await alice.read<TimelinePage>(`/api/rooms/${general}/timeline`)).headSeq).toBe(headSeq);
    }, 30_000);

    test("private rooms have none until their owner wants them; direct rooms none at all", async () => {
      const { room } = await alice.run("room.create", {
        kind: "private",
        name: "Attic",
        people: [await bob.id()],
      });
      expect(room.hasLinkPreviews).toBe(false);
      const direct = (await alice.run("direct.open", { people: [await bob.id()] })).room.id;
      publish("/private", "Private", `<meta property="og:image" content="/wide.jpg">`);
      const quiet = [await bob.say(room.id, at("/private")), await bob.say(direct, at("/private"))];
      await untilItWouldHaveCome();
      expect(timesAsked("/private")).toBe(0);
      expect(await refusal(bob, "room.change", { room: room.id, hasLinkPreviews: true })).toBe("forbidden");
      await alice.run("room.change", { room: room.id, hasLinkPreviews: true });
      const seq = await bob.say(room.id, at("/private"));
      expect(await previewsOf(alice, seq, { room: room.id })).toMatchObject([{ title: "Private" }]);
      expect((await bodyAt(alice, quiet[0]!, room.id)).previews).toBeUndefined();
      // Who is not in the room gets nothing of it.
      const [preview] = await previewsOf(alice, seq, { room: room.id });
      expect((await dave.fetch(`/api/files/${preview!.picture!.id}`)).status).toBe(404);
      const removal = { room: room.id, seq, url: preview!.url };
      expect(await refusal(dave, "message.remove_preview", removal)).toBe("not_found");
      await alice.run("room.change", { room: general, hasLinkPreviews: false });
      publish("/off", "Off");
      await alice.say(general, at("/off"));
      await untilItWouldHaveCome();
      expect(timesAsked("/off")).toBe(0);
      await alice.run("room.change", { room: general, hasLinkPreviews: true });
    }, 30_000);

    test("links in code, to this server, and beyond the third have none", async () => {
      const links = ["a", "b", "c", "d"].map((name) => publish(`/many-${name}`, name));
      publish("/code", "Code");
      const own = `${server.origin}/chat`;
      const seq = await alice.say(general, `\`${at("/code")}\` ${own} ${links.join(" ")}`);
      const made = await previewsOf(bob, seq, { count: 3 });
      expect(made.map(({ title }) => title)).toEqual(["a", "b", "c"]);
      expect([timesAsked("/code"), timesAsked("/many-d")]).toEqual([0, 0]);
    }, 30_000);

    test("[A5] nobody gets a page of the inside: what is not in PREVIEW_NETWORKS is not asked", async () => {
      let hits = 0;
      const canary = Bun.serve({
        port: 0,
        hostname: "127.0.0.9",
        fetch: () => {
          hits += 1;
          return html("<title>Inside</title>");
        },
      });
      const inside = `http://127.0.0.9:${canary.port}/`;
      pages["/to-inside"] = () => Response.redirect(inside);
      publish("/picture-inside", "Outside", `<meta property="og:image" content="${inside}">`);
      const seq = await alice.say(general, `${inside} ${at("/to-inside")} ${at("/picture-inside")}`);
      const [only] = await previewsOf(alice, seq);
      expect(only).toEqual({ url: at("/picture-inside"), title: "Outside", text: "" });
      expect(hits).toBe(0);
      await canary.stop(true);
    }, 30_000);

    test("hostile and broken pages give no preview, and cost seconds at most", async () => {
      const endless = () =>
        new ReadableStream({
          pull: async (controller) => {
            controller.enqueue(new TextEncoder().encode("<div>".repeat(10_000)));
            await Bun.sleep(1);
          },
        });
      pages["/endless"] = () => new Response(endless(), { headers: { "content-type": "text/html" } });
      pages["/bomb"] = () =>
        new Response(Bun.gzipSync(new Uint8Array(100_000_000)), {
          headers: { "content-type": "text/html", "content-encoding": "gzip" },
        });
      pages["/silent"] = () => new Promise(() => {});
      pages["/program"] = () =>
        new Response("MZ", { headers: { "content-type": "application/x-msdownload" } });
      pages["/svg"] = () =>
        new Response("<svg xmlns='http://www.w3.org/2000/svg'/>", {
          headers: { "content-type": "image/svg+xml" },
        });
      pages["/lying.png"] = () => new Response("<svg/>", { headers: { "content-type": "image/png" } });
      pages["/failing"] = () =>
        new Response("<title>Sorry</title>", { status: 500, headers: { "content-type": "text/html" } });
      publish("/untitled", "");
      publish("/with-liar", "With a liar", `<meta property="og:image" content="/lying.png">`);
      const first = await alice.say(general, ["/endless", "/bomb", "/silent"].map(at).join(" "));
      const second = await bob.say(general, ["/program", "/svg", "/failing"].map(at).join(" "));
      const third = await carol.say(general, [at("/untitled"), at("/with-liar")].join(" "));
      expect(await previewsOf(alice, third)).toEqual([
        { url: at("/with-liar"), title: "With a liar", text: "" },
      ]);
      await waitUntil(() => timesAsked("/silent") === 1, 10_000);
      await Bun.sleep(5500);
      for (const seq of [first, second]) expect((await bodyAt(alice, seq)).previews).toBeUndefined();
    }, 40_000);

    test("what the word filter forbids is in no preview either", async () => {
      await alice.run("word_filter.set", { words: ["grindstone"] });
      publish("/forbidden", "The grindstone");
      publish("/allowed", "The lathe");
      const seq = await bob.say(general, `${at("/forbidden")} ${at("/allowed")}`);
      expect(await previewsOf(bob, seq)).toMatchObject([{ title: "The lathe" }]);
      await alice.run("word_filter.set", { words: [] });
    }, 30_000);

    test("many links of one person get no more previews, and their messages arrive all the same", async () => {
      const before = asked.length;
      for (let round = 0; round < 20; round++) {
        const links = [0, 1, 2].map((part) => publish(`/flood-${round}-${part}`, "x"));
        await dave.say(general, links.join(" "));
      }
      await untilItWouldHaveCome();
      expect(asked.length - before).toBeLessThanOrEqual(24);
    }, 30_000);

    test("a picture for counting visitors is not shown, and none is left that is part of no message", async () => {
      const dot = await picture("png", { width: 8, height: 8 });
      pages["/dot.png"] = () => new Response(dot, { headers: { "content-type": "image/png" } });
      publish("/counted", "Counted", `<meta property="og:image" content="/dot.png">`);
      expect(await previewsOf(bob, await bob.say(general, at("/counted")))).toEqual([
        { url: at("/counted"), title: "Counted", text: "" },
      ]);
      const left = await sql`select id from files where purpose = 'preview' and seq is null`;
      expect(left).toHaveLength(0);
    }, 30_000);

    test("clients can send neither previews nor pictures for them", async () => {
      const body = { kind: "text", text: "x", previews: [{ url: "https://x.test/", title: "x", text: "" }] };
      const message = { room: general, sendId: crypto.randomUUID(), body };
      expect(await refusal(alice, "message.send", message)).toBe("malformed");
      expect(await uploadRefusal(alice, 10, { purpose: "preview" })).toEqual([400, "malformed"]);
    });
  },
);

describeServer(
  "link previews in direct rooms",
  { env: { ...env, LINK_PREVIEWS: "all" }, only: "embedded" },
  ({ alice, bob }) => {
    test("the operator can allow them there", async () => {
      publish("/direct", "Direct");
      const room = (await alice.run("direct.open", { people: [await bob.id()] })).room.id;
      const seq = await alice.say(room, at("/direct"));
      expect(await previewsOf(bob, seq, { room })).toMatchObject([{ title: "Direct" }]);
    }, 30_000);
  },
);

describeServer("a server without settings", { env: {}, only: "embedded" }, ({ alice }) => {
  test("fetches no page", async () => {
    publish("/default", "Default");
    await alice.say(general, at("/default"));
    await Bun.sleep(1500);
    expect(timesAsked("/default")).toBe(0);
  }, 30_000);
});

describe("which links get a preview", () => {
  let now = 0;
  const make = () =>
    new LinkPreviews({ clock: { now: () => now }, ownOrigins: new Set(["https://chat.example"]) }, "rooms");
  const person = crypto.randomUUID() as AccountId;

  test("the first three, each page once, and none of this server's own", () => {
    const previews = make();
    const text =
      "https://a.test/x#1 https://a.test/x#2 https://chat.example/chat https://chat.example./chat https://b.test/ ";
    expect(previews.linksOf(text)).toEqual(["https://a.test/x#1", "https://b.test/"]);
    expect(previews.linksOf(`${text} https://c.test/ https://d.test/`)).toHaveLength(3);
    expect(previews.linksOf(`https://a.test/${"x".repeat(2000)}`)).toEqual([]);
    expect(previews.mayConnect(new URL("https://chat.example./x"), "192.0.2.1")).toBe(false);
  });

  test("[A21] a person's links and requests to one address are limited, however many names it has", () => {
    const previews = make();
    const sent = (count: number) => Array.from({ length: count }, () => previews.mayQueue(person, 1));
    expect(sent(25).filter(Boolean)).toHaveLength(20);
    now += 10_000;
    expect(sent(25).filter(Boolean)).toHaveLength(2);
    expect(previews.mayQueue(crypto.randomUUID() as AccountId, 3)).toBe(true);
    const asked = (address: string) =>
      Array.from({ length: 50 }, (_, at) => previews.mayConnect(new URL(`https://a${at}.test/`), address));
    expect(asked("192.0.2.1").filter(Boolean)).toHaveLength(30);
    expect(asked("192.0.2.2").filter(Boolean)).toHaveLength(30);
    now += 5000;
    expect(asked("192.0.2.1").filter(Boolean)).toHaveLength(10);
  });
});

describe("what a page says about itself", () => {
  const url = new URL("https://shop.example/tools/lathe");
  const read = (head: string | Uint8Array, charset: string | null = null): PageWords | null =>
    readPage(typeof head === "string" ? new TextEncoder().encode(head) : head, { url, charset });

  test("in this order: Open Graph, Twitter's, its own; with references decoded", () => {
    expect(read("<title>A &lt;b&gt; &#x263A; &eacute;</title>")?.title).toBe("A <b> ☺ é");
    expect(read(`<title>own</title><meta name="twitter:title" content="theirs">`)?.title).toBe("theirs");
    expect(
      read(`<meta name='twitter:title' content=t><META PROPERTY="OG:TITLE" CONTENT="og"><title>own</title>`)
        ?.title,
    ).toBe("og");
    expect(
      read(`<title>x</title><meta name="description" content="a
      b">`)?.text,
    ).toBe("a b");
    expect(read(`<title>x</title><meta property="og:title" content="  ">`)?.title).toBe("x");
    expect(read("<p>nothing</p>")).toBeNull();
    expect(read("")).toBeNull();
  });

  test("the picture is on the web, wherever the page says", () => {
    const picture = (address: string) =>
      read(`<title>x</title><meta property="og:image" content="${address}">`)?.picture?.href;
    expect(picture("/a.png")).toBe("https://shop.example/a.png");
    expect(picture("b.png?x=1&amp;y=2")).toBe("https://shop.example/tools/b.png?x=1&y=2");
    expect(picture("//cdn.example/c.png")).toBe("https://cdn.example/c.png");
    for (const bad of ["data:image/png;base64,AA", "javascript:alert(1)", "file:///etc/passwd", "http://["])
      expect(picture(bad)).toBeUndefined();
  });

  test("in the encoding that it has", () => {
    const bytes = (text: string, ...rest: number[]) => Uint8Array.from([...Buffer.from(text), ...rest]);
    const close = [...Buffer.from("</title>")];
    expect(read(bytes("<title>", 0x93, 0xfa, 0x96, 0x7b, ...close), "shift_jis")?.title).toBe("日本");
    expect(read(bytes('<meta charset="windows-1251"><title>', 0xcc, 0xe8, 0xf0, ...close))?.title).toBe(
      "Мир",
    );
    const equiv = '<meta http-equiv="Content-Type" content="text/html; charset=euc-kr"><title>';
    expect(read(bytes(equiv, 0xc7, 0xd1, ...close))?.title).toBe("한");
    expect(read(Buffer.from("\ufeff<title>wide</title>", "utf16le"))?.title).toBe("wide");
    expect(read(bytes("<title>caf", 0xc3, 0xa9, ...close), "no-such-encoding")?.title).toBe("café");
  });

  test("nothing in it hides, turns or outgrows the words around it", () => {
    expect(toWords("a\u202eb\u2066c\u200bd\u0000e\n f", 200)).toBe("abcde f".replace("de", "d e"));
    expect(toWords("👩‍💻", 200)).toBe("👩‍💻");
    expect(toWords("👨‍👩‍👧‍👦".repeat(40), 50)).toMatch(/^(👨‍👩‍👧‍👦)+…$/u);
    expect(toWords("x".repeat(1000), 300)).toHaveLength(300);
    expect(read(`<title>${"long ".repeat(100_000)}</title>`)?.title.length).toBeLessThanOrEqual(200);
  });

  test("however it is nested, and whatever is left open", () => {
    for (const part of [
      "<div>",
      "<meta ",
      "<title>",
      "<!--",
      "<meta property=og:title content='",
      "<script>",
      "<b",
      "&amp;",
      "<",
    ])
      for (const whole of [part.repeat(80_000), `<title>x${part.repeat(80_000)}`])
        expect(() => read(whole)).not.toThrow();
  }, 20_000);

  test("links are found once, in the order of the text, and none in code", () => {
    expect(
      linksIn(
        "see https://a.test/x, `https://b.test/` and [c](http://c.test/) https://a.test/x mail a@b.test",
      ),
    ).toEqual([
      { url: "https://a.test/x", label: "https://a.test/x" },
      { url: "http://c.test/", label: "c" },
    ]);
  });
});
