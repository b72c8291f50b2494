// Requests to addresses that others chose. A canary listens where no such request may ever arrive.
import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { Outgoing, type OutgoingError, type OutgoingRequest } from "../../server/src/outgoing/outgoing.ts";
import { isPublicAddress } from "../../server/src/outgoing/public-address.ts";
import { createResolver } from "../../server/src/outgoing/resolve-host.ts";
import { startNameServer } from "../support/dns.ts";
import { waitUntil } from "../support/server.ts";

/** The address of the world outside in these tests; 127.0.0.1, where the canary is, is inside. */
const outside = "127.0.0.2";
const publicAddress = "93.184.215.14";

const names: Record<string, () => readonly string[] | null> = {
  "web.test": () => [outside],
  "both.test": () => [outside, "::1"],
  "inside.test": () => ["127.0.0.1"],
  "mixed.test": () => [publicAddress, "127.0.0.1"],
  "mixed6.test": () => [publicAddress, "::1"],
  "private.test": () => ["10.0.0.1"],
  "metadata.test": () => ["169.254.169.254"],
  "v6.test": () => ["::1"],
  "mapped.test": () => ["::ffff:127.0.0.1"],
  "silent.test": () => null,
};
const dns = await startNameServer((name) => (names[name] ?? (() => []))());

const canaryHits: string[] = [];
const canary = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) => {
    canaryHits.push(request.url);
    return new Response("inside");
  },
});
const canary6 = Bun.serve({
  port: canary.port!,
  hostname: "::1",
  fetch: (request) => {
    canaryHits.push(request.url);
    return new Response("inside");
  },
});

type Answer = (request: Request) => Response | Promise<Response>;
const pages: Record<string, Answer> = {};
const seen: { path: string; headers: Headers; body: string }[] = [];
const web = Bun.serve({
  port: 0,
  hostname: outside,
  fetch: async (request) => {
    const path = new URL(request.url).pathname;
    seen.push({ path, headers: request.headers, body: await request.text() });
    return pages[path]?.(request) ?? new Response("missing", { status: 404 });
  },
});
const at = (path: string, host = "web.test") => `http://${host}:${web.port}${path}`;

const outgoing = new Outgoing({
  resolve: createResolver(300, [dns.address]),
  userAgent: "novaX test",
  isAllowed: (address) => address === outside,
});
/** As a server without any setting has it. */
const strict = new Outgoing({
  resolve: createResolver(300, [dns.address]),
  userAgent: "novaX test",
  isAllowed: () => false,
});

const bounds: OutgoingRequest = { timeoutMs: 2000, bytesMax: 100_000 };

/** Fetches, and returns why it wasn't. */
async function faultOf(url: string, more: Partial<OutgoingRequest> = {}, by = outgoing): Promise<string> {
  return by.fetch(url, { ...bounds, ...more }).then(
    ({ status }) => `answered ${status}`,
    (error: OutgoingError) => error.code,
  );
}

afterEach(() => {
  seen.length = 0;
});
afterAll(async () => {
  dns.stop();
  await Promise.all([canary.stop(true), canary6.stop(true), web.stop(true)]);
});

describe("addresses of the inside", () => {
  const port = canary.port;
  const hosts = [
    ...["127.0.0.1", "127.1", "127.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1"],
    ...["127.0.0.1.", "１２７.０.０.１", "%31%32%37.0.0.1", "127。0。0。1", "①②⑦.0.0.1", "127.255.255.254"],
    ...["localhost", "localhost.", "LOCALHOST", "ⓛocalhost", "foo.localhost", "0", "0.0.0.0", "00000000000"],
    ...["[::1]", "[0:0:0:0:0:0:0:1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"],
    ...["[::7f00:1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]"],
    ...["[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[fec0::1]", "[ff02::1]", "[100::1]", "[4000::1]"],
    ...["[2001:db8::1]", "[3fff::1]", "[5f00::1]", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.9.9"],
    ...["192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1"],
    ...["198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"],
    ...["inside.test", "inside.test.", "mixed.test", "mixed6.test", "private.test", "metadata.test"],
    ...["v6.test", "mapped.test", "INSIDE.TEST", "inside%2etest"],
  ];

  test(`[U01] [A5] none of ${hosts.length} spellings and names is connected to, on any port or scheme`, async () => {
    for (const host of hosts) {
      for (const url of [`http://${host}:${port}/`, `http://${host}/`, `https://${host}:${port}/`])
        expect(await faultOf(url, {}, strict), url).toMatch(
          /^(address_not_allowed|url_not_allowed|unknown_host)$/,
        );
    }
    expect(canaryHits).toEqual([]);
  }, 60_000);

  test("[U02] of a public address only the usual ports, and only http and https, without credentials", async () => {
    for (const other of [21, 22, 25, 6379, 8080, 11_211])
      expect(await faultOf(`http://${publicAddress}:${other}/`, {}, strict)).toBe("address_not_allowed");
    for (const url of [
      "ftp://web.test/",
      "file:///etc/passwd",
      "gopher://web.test/",
      "data:text/html,x",
      "javascript:1",
      "ws://web.test/",
      `http://alice@web.test:${web.port}/`,
      `http://:secret@web.test:${web.port}/`,
      "//web.test/",
      "web.test",
      "",
      "http://",
      "http://a b/",
    ])
      expect(await faultOf(url), url).toBe("url_not_allowed");
    expect(seen).toEqual([]);
  });

  test("the resolver's answers are taken in their usual spelling alone", () => {
    for (const text of [
      "",
      "127.1",
      "010.8.8.8",
      "8.8.8",
      "0x8.8.8.8",
      "fe80::1%eth0",
      "8.8.8.8 ",
      "2606:4700::1111%1",
    ])
      expect(isPublicAddress(text), text).toBe(false);
    for (const text of ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", publicAddress])
      expect(isPublicAddress(text), text).toBe(true);
  });

  test("[U01] [A5] a redirect into the inside is not followed, and neither is a fourth one", async () => {
    const targets = [
      `http://127.0.0.1:${port}/`,
      `http://inside.test:${port}/`,
      `http://[::1]:${port}/`,
      `//127.0.0.1:${port}/`,
      `http://2130706433:${port}/`,
      "file:///etc/passwd",
      `http://alice:secret@127.0.0.1:${port}/`,
    ];
    for (const status of [301, 302, 303, 307, 308])
      for (const location of targets) {
        pages["/away"] = () => new Response(null, { status, headers: { location } });
        expect(await faultOf(at("/away")), location).toMatch(/^(address|url)_not_allowed$/);
      }
    for (const step of [0, 1, 2, 3, 4])
      pages[`/step${step}`] = () =>
        new Response(null, { status: 302, headers: { location: `step${step + 1}` } });
    pages["/step5"] = () => new Response("there");
    expect(await faultOf(at("/step2"))).toBe("answered 200");
    expect(await faultOf(at("/step1"))).toBe("too_many_redirects");
    pages["/round"] = () => new Response(null, { status: 302, headers: { location: "/round" } });
    expect(await faultOf(at("/round"))).toBe("too_many_redirects");
    expect(canaryHits).toEqual([]);
  });

  test("[U01] [A5] a name that means another address a moment later is asked once, and connected to as it was", async () => {
    let asked = 0;
    names["rebind.test"] = () => [asked++ < 2 ? outside : "127.0.0.1"];
    pages["/"] = () => new Response("outside");
    const { body } = await outgoing.fetch(`http://rebind.test:${web.port}/`, bounds);
    expect(Buffer.from(body).toString()).toBe("outside");
    expect(dns.asked.filter((query) => query.startsWith("rebind.test"))).toHaveLength(2);
    // The next request asks again, and is refused.
    expect(await faultOf(`http://rebind.test:${port}/`)).toBe("address_not_allowed");
    expect(canaryHits).toEqual([]);
  });

  test("[U01] one inner address among a name's addresses is enough to refuse it", async () => {
    expect(await faultOf(at("/", "both.test"))).toBe("address_not_allowed");
    expect(seen).toEqual([]);
  });

  test("an origin that the operator named may be inside, on its port; what it redirects to may not", async () => {
    const inner = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Response(null, { status: 302, headers: { location: `http://127.0.0.1:${port}/` } }),
    });
    expect(await faultOf(`http://127.0.0.1:${inner.port}/`, { isTrusted: true })).toBe("address_not_allowed");
    expect(await faultOf(`http://127.0.0.1:${inner.port}/`, { isTrusted: true, method: "POST" })).toBe(
      "answered 302",
    );
    expect(canaryHits).toEqual([]);
    await inner.stop(true);
  });
});

describe("a request", () => {
  test("[U04] bears our name and no cookie, no credentials and no address of ours; a cookie is not kept", async () => {
    pages["/first"] = () =>
      new Response(null, { status: 302, headers: { location: "/second", "set-cookie": "a=b; Path=/" } });
    pages["/second"] = () => new Response("x");
    await outgoing.fetch(at("/first"), bounds);
    expect(seen.map(({ path }) => path)).toEqual(["/first", "/second"]);
    for (const { headers } of seen) {
      const given = Object.fromEntries(headers.entries());
      delete given.connection;
      expect(given).toEqual({
        accept: "*/*",
        "accept-encoding": "gzip",
        host: `web.test:${web.port}`,
        "user-agent": "novaX test",
      });
    }
  });

  test("bytes are posted as they are, and not once more to where an answer points", async () => {
    pages["/take"] = () => new Response(null, { status: 307, headers: { location: "/elsewhere" } });
    const { status } = await outgoing.fetch(at("/take"), {
      ...bounds,
      method: "POST",
      body: Buffer.from("sealed"),
      headers: { ttl: "60" },
    });
    expect(status).toBe(307);
    expect(seen.map(({ path, body }) => [path, body])).toEqual([["/take", "sealed"]]);
    expect(seen[0]!.headers.get("ttl")).toBe("60");
  });

  test("goes to the next address of a name where nothing listens at the first", async () => {
    names["two.test"] = () => ["127.0.0.3", outside];
    pages["/two"] = () => new Response("x");
    const both = new Outgoing({
      resolve: createResolver(300, [dns.address]),
      userAgent: "novaX test",
      isAllowed: (address) => address === outside || address === "127.0.0.3",
    });
    expect(await faultOf(at("/two", "two.test"), {}, both)).toBe("answered 200");
    names["none.test"] = () => ["127.0.0.3", "127.0.0.4"];
    const none = new Outgoing({
      resolve: createResolver(300, [dns.address]),
      userAgent: "novaX test",
      isAllowed: () => true,
    });
    expect(await faultOf(at("/two", "none.test"), {}, none)).toBe("unreachable");
  });

  test("asks before each connection, also after a redirect, and says to which address", async () => {
    pages["/from"] = () => new Response(null, { status: 302, headers: { location: at("/to") } });
    pages["/to"] = () => new Response("x");
    const asked: string[] = [];
    const mayConnect = (url: URL, address: string) => asked.push(`${url.pathname} ${address}`) < 2;
    expect(await faultOf(at("/from"), { mayConnect })).toBe("not_now");
    expect(asked).toEqual([`/from ${outside}`, `/to ${outside}`]);
    expect(seen.map(({ path }) => path)).toEqual(["/from"]);
  });

  test("that is on its way when the server stops is given up, and no other is begun", async () => {
    pages["/long"] = () => new Promise(() => {});
    const stopping = new Outgoing({
      resolve: createResolver(300, [dns.address]),
      userAgent: "novaX test",
      isAllowed: () => true,
    });
    const running = faultOf(at("/long"), { timeoutMs: 20_000 }, stopping);
    expect(await waitUntil(() => seen.length === 1)).toBe(true);
    stopping.stop();
    expect(await running).toBe("stopped");
    expect(await faultOf(at("/to"), {}, stopping)).toBe("stopped");
    expect(seen).toHaveLength(1);
  });

  test("the answer says its type, status and where it came from", async () => {
    pages["/page"] = () =>
      new Response("<p>hello</p>", { headers: { "content-type": "Text/HTML; charset=utf-8" } });
    pages["/way"] = () => new Response(null, { status: 302, headers: { location: "/page#part" } });
    const answer = await outgoing.fetch(at("/way"), { ...bounds, types: ["text/html"] });
    expect([answer.status, answer.type, answer.url.href]).toEqual([200, "text/html", at("/page")]);
    expect(Buffer.from(answer.body).toString()).toBe("<p>hello</p>");
  });
});

describe("an answer", () => {
  const mebibyte = 1024 * 1024;
  /** Packed zeros, a gibibyte of them, in members that follow each other. */
  const bomb = () => {
    const member = gzipSync(new Uint8Array(16 * mebibyte), { level: 9 });
    return Buffer.concat(Array.from({ length: 64 }, () => member));
  };
  const gzip = { "content-encoding": "gzip" };

  test("[U03] of another type is not read", async () => {
    let read = 0;
    pages["/video"] = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            read += 1;
            controller.enqueue(new Uint8Array(65_536));
          },
        }),
        { headers: { "content-type": "video/mp4" } },
      );
    const { body, type } = await outgoing.fetch(at("/video"), { ...bounds, types: ["text/html"] });
    expect([body.byteLength, type]).toEqual([0, "video/mp4"]);
    await Bun.sleep(100);
    const then = read;
    await Bun.sleep(100);
    expect(read).toBe(then);
  });

  test("[U03] that never ends is refused, or cut where it may be", async () => {
    pages["/endless"] = () =>
      new Response(
        new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(97)) }),
      );
    expect(await faultOf(at("/endless"))).toBe("too_large");
    const { body } = await outgoing.fetch(at("/endless"), { ...bounds, isCut: true });
    expect([body.byteLength, body.at(-1)]).toEqual([bounds.bytesMax, 97]);
  });

  test("[U03] whose head never ends is refused, in few bytes", async () => {
    for (const part of ["X-Line: words\r\n".repeat(4000), "x".repeat(60_000)]) {
      let written = 0;
      const server = createServer((socket) => {
        socket.on("error", () => {});
        socket.write("HTTP/1.1 200 OK\r\nX-Long: ");
        const go = () => {
          do written += part.length;
          while (socket.writable && socket.write(part));
        };
        socket.on("drain", go);
        go();
      });
      await new Promise<void>((listening) => server.listen(0, outside, listening));
      const { port } = server.address() as { port: number };
      expect(await faultOf(`http://web.test:${port}/`)).toBe("unreachable");
      expect(written).toBeLessThan(64 * mebibyte);
      server.close();
    }
  });

  test("[U03] that unpacks to a gibibyte takes no memory of it", async () => {
    const bytes = bomb();
    pages["/bomb"] = () => new Response(bytes, { headers: gzip });
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    for (let turn = 0; turn < 5; turn++) {
      expect(await faultOf(at("/bomb"), { bytesMax: mebibyte })).toBe("too_large");
      const { body } = await outgoing.fetch(at("/bomb"), { ...bounds, bytesMax: mebibyte, isCut: true });
      expect(body.byteLength).toBe(mebibyte);
    }
    expect(process.memoryUsage.rss() - before).toBeLessThan(120 * mebibyte);
  });

  test("[U03] that is packed in another way, or not at all as it says, is refused", async () => {
    for (const encoding of ["br", "zstd", "deflate", "gzip, gzip", "x"]) {
      pages["/odd"] = () => new Response("abc", { headers: { "content-encoding": encoding } });
      expect(await faultOf(at("/odd"))).toBe("bad_answer");
    }
    pages["/false"] = () => new Response("not packed", { headers: gzip });
    expect(await faultOf(at("/false"))).toBe("unreachable");
    pages["/half"] = () => new Response(gzipSync("x".repeat(5000)).subarray(0, 20), { headers: gzip });
    expect(await faultOf(at("/half"))).toBe("unreachable");
    pages["/whole"] = () => new Response(gzipSync("whole"), { headers: gzip });
    expect(Buffer.from((await outgoing.fetch(at("/whole"), bounds)).body).toString()).toBe("whole");
  });

  test("[U03] that is slow ends in time: a silent name server, a silent server, drops of a head and of a body", async () => {
    const sockets = new Set<Socket>();
    let reply = (_socket: Socket) => {};
    const slow = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      reply(socket);
    });
    await new Promise<void>((done) => slow.listen(0, outside, done));
    const address = slow.address() as { port: number };
    const drip = (first: string, drop: string) => (socket: Socket) => {
      socket.write(first);
      const timer = setInterval(() => socket.write(drop), 50);
      socket.on("close", () => clearInterval(timer));
    };
    const quick = { timeoutMs: 500 };
    for (const next of [
      () => {},
      drip("HTTP/1.1 200 OK\r\n", "x-more: y\r\n"),
      drip("HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n", "a"),
      drip("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\na\r\n"),
    ]) {
      reply = next;
      const begun = performance.now();
      expect(await faultOf(`http://web.test:${address.port}/`, quick)).toBe("too_slow");
      expect(performance.now() - begun).toBeLessThan(5000);
    }
    expect(await faultOf("http://silent.test/", quick)).toMatch(/^(too_slow|unknown_host)$/);
    expect(await faultOf("http://nowhere.test/")).toBe("unknown_host");
    expect(await faultOf(`http://${outside}:1/`)).toBe("unreachable");
    for (const socket of sockets) socket.destroy();
    slow.close();
  }, 30_000);
});

describe("a certificate", () => {
  const folder = mkdtempSync(join(tmpdir(), "novax-tls-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync("openssl", args, { cwd: folder });
    if (status !== 0) throw new Error(String(stderr));
  };
  const makeCertificate = (name: string) => {
    openssl(
      "req",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      `${name}.key`,
      ...["-out", `${name}.csr`, "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`],
    );
    openssl(
      "x509",
      "-req",
      "-in",
      `${name}.csr`,
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-copy_extensions",
      "copy",
      ...["-days", "2", "-out", `${name}.pem`],
    );
  };

  test("is checked for the name, though the connection is to an address", async () => {
    openssl(
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-keyout",
      "ca.key",
      ...["-out", "ca.pem", "-days", "2", "-subj", "/CN=tests"],
    );
    makeCertificate("web.test");
    makeCertificate("other.test");
    const serve = (name: string) =>
      Bun.serve({
        port: 0,
        hostname: outside,
        tls: { cert: Bun.file(join(folder, `${name}.pem`)), key: Bun.file(join(folder, `${name}.key`)) },
        fetch: () => new Response("sealed"),
      });
    const [right, wrong] = [serve("web.test"), serve("other.test")];
    // In a process that trusts the authority, and whose environment names a proxy, where the canary listens.
    const attempt = async (port: number, authority: string) => {
      const child = Bun.spawn(
        [
          process.execPath,
          "--no-env-file",
          resolve(import.meta.dir, "../support/fetch-outside.ts"),
          `https://web.test:${port}/`,
          dns.address,
          outside,
        ],
        {
          env: {
            PATH: process.env.PATH,
            NODE_EXTRA_CA_CERTS: join(folder, authority),
            ...{ HTTP_PROXY: canary.url.href, HTTPS_PROXY: canary.url.href, http_proxy: canary.url.href },
            https_proxy: canary.url.href,
          },
          stderr: "inherit",
        },
      );
      return (await new Response(child.stdout).text()).trim();
    };
    expect(await attempt(right.port!, "ca.pem")).toBe("200 sealed");
    expect(await attempt(wrong.port!, "ca.pem")).toBe("unreachable");
    expect(await attempt(right.port!, "other.test.pem")).toBe("unreachable");
    expect(canaryHits).toEqual([]);
    await Promise.all([right.stop(true), wrong.stop(true)]);
  }, 30_000);
});
