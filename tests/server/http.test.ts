import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { commandTypes } from "@novax/protocol/commands";
import { generalRoomId } from "@novax/protocol/general-room";
import { readPaths } from "@novax/protocol/read-paths";
import { join, Person, password } from "../support/person.ts";
import { createTestData, startServer } from "../support/server.ts";
import { describeServer } from "../support/use-server.ts";

describeServer(
  "over HTTP",
  { only: "embedded", people: ["alice"], env: { MESSAGES_PER_SECOND: "100000" } },
  ({ server, alice }) => {
    const pages = ["/", "/register", "/nowhere", "/offline"];

    test("[X01] every page's policy allows only our own files, with Trusted Types and without exceptions", async () => {
      for (const page of [...pages, "/chat"]) {
        const response = await alice.fetch(page, { headers: { accept: "text/html" } });
        const policy = response.headers.get("content-security-policy")!;
        expect(policy).toContain("default-src 'none'");
        for (const part of [
          "script-src 'self'",
          "object-src 'none'",
          "base-uri 'none'",
          "frame-ancestors 'none'",
          "form-action 'self'",
        ]) {
          expect(policy, page).toContain(part);
        }
        expect(policy).toContain("require-trusted-types-for 'script'");
        expect(policy).not.toMatch(/unsafe|\*|http:/);
      }
    });

    test("[X02] every response has the protective headers, and no personal one may be cached", async () => {
      for (const path of [...pages, "/api/messages", "/healthz", "/icon.svg"]) {
        const { headers } = await alice.fetch(path);
        expect(headers.get("x-content-type-options"), path).toBe("nosniff");
        expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
        expect(headers.get("referrer-policy")).toBe("same-origin");
        expect(headers.get("cache-control")).toBe(path === "/icon.svg" ? "no-cache" : "no-store");
      }
    });

    test("[V20] the chat's page and what is read are compressed, but never for what another site asked, and no secrets", async () => {
      for (let at = 0; at < 20; at++)
        await alice.say(generalRoomId, `message ${at} ${"of some length ".repeat(8)}`);
      const encodingOf = async (path: string, headers: Record<string, string>) => {
        // A bare request: fetch would ask for an encoding of its own and unpack it.
        const { pathname, search } = new URL(path, server.url);
        const lines = Object.entries({ cookie: alice.cookieHeader, ...headers });
        const answer = await rawRequest(
          server.port,
          `GET ${pathname}${search} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n${lines
            .map(([name, value]) => `${name}: ${value}\r\n`)
            .join("")}\r\n`,
        );
        const [head = ""] = answer.split("\r\n\r\n");
        return { encoding: /content-encoding: (\w+)/i.exec(head)?.[1] ?? null, bytes: answer.length };
      };
      const own = { "accept-encoding": "gzip, br", "sec-fetch-site": "same-origin" };
      const plain = await encodingOf("/chat", { "sec-fetch-site": "same-origin" });
      expect(plain.encoding).toBeNull();
      const page = await encodingOf("/chat", own);
      expect(page.encoding).toBe("br");
      expect(page.bytes).toBeLessThan(plain.bytes / 2);
      expect((await encodingOf("/api/messages", own)).encoding).toBe("br");
      const gzip = { ...own, "accept-encoding": "br;q=0, gzip" };
      expect((await encodingOf("/chat", gzip)).encoding).toBe("gzip");
      // Typed, or opened from a bookmark.
      expect((await encodingOf("/chat", { ...own, "sec-fetch-site": "none" })).encoding).toBe("br");

      for (const site of ["cross-site", "same-site"])
        for (const path of ["/chat", "/api/messages"])
          expect((await encodingOf(path, { ...own, "sec-fetch-site": site })).encoding, path).toBeNull();
      // A browser that doesn't say who asked.
      expect((await encodingOf("/chat", { "accept-encoding": "br" })).encoding).toBeNull();
      for (const path of ["/account", "/account/two-factor", "/api/admin/audit/export"])
        expect((await encodingOf(path, { ...own, accept: "text/html" })).encoding, path).toBeNull();

      const response = await alice.fetch("/api/messages", { headers: own });
      expect(response.headers.get("vary")).toContain("sec-fetch-site");
      expect(((await response.json()) as { messages: unknown[] }).messages.length).toBeGreaterThan(10);
    });

    test("the page that devices keep for when there is no connection is the same for everybody, and has no data", async () => {
      const own = await (await alice.fetch("/offline")).text();
      expect(own).toContain('<div id="app">');
      expect(own).toBe(await (await fetch(`${server.url}/offline`)).text());
      expect(own).not.toContain("alice");
      expect(own).not.toContain("application/json");
    });

    test("no page has an inline script, style or handler, and its data block can't be broken out of", async () => {
      const bob = await join(server, "bob");
      const socket = await bob.enter();
      await socket.sayAndWait('</script><script>alert(1)</script><!-- " onload=x');
      socket.close();
      const page = await (await alice.fetch("/chat")).text();
      for (const [tag] of page.matchAll(/<script[^>]*>/g))
        expect(tag).toMatch(/ src="\/assets\/|type="application\/json"/);
      expect(page.replace(/<script type="application\/json".*?<\/script>/s, "")).not.toMatch(
        /<style| style=| on\w+=/,
      );
      const block = /<script type="application\/json"[^>]*>(.*?)<\/script>/s.exec(page)![1]!;
      expect(block).not.toContain("<");
      expect(JSON.stringify(JSON.parse(block))).toContain("<script>alert(1)");
    });

    test("[X06] [A7] a request that may change something must come from one of our pages", async () => {
      const body = JSON.stringify({ username: "alice", password });
      const json = { "content-type": "application/json" };
      const attempts: Record<string, string>[] = [
        { ...json },
        { ...json, origin: "null" },
        { ...json, origin: "http://evil.example" },
        { ...json, origin: `${server.origin}.evil.example` },
        { ...json, "sec-fetch-site": "cross-site" },
        { ...json, "sec-fetch-site": "same-site" },
      ];
      for (const headers of attempts) {
        for (const path of ["/login", "/register", "/logout"]) {
          const response = await fetch(server.url + path, {
            method: "POST",
            body,
            headers: { cookie: alice.cookieHeader, ...headers },
          });
          expect(response.status, JSON.stringify(headers)).toBe(403);
          expect(response.headers.getSetCookie()).toEqual([]);
        }
      }
      expect((await alice.fetch("/api/messages")).status).toBe(200);
      const ours = await fetch(`${server.url}/login`, {
        method: "POST",
        body,
        headers: { ...json, "sec-fetch-site": "same-origin" },
      });
      expect(ours.status).toBe(200);
    });

    test("[A7] a body that is neither JSON nor a form is 415", async () => {
      for (const type of ["text/plain", "multipart/form-data; boundary=x", "application/xml", ""]) {
        const response = await alice.fetch("/login", {
          method: "POST",
          body: "{}",
          headers: { "content-type": type },
        });
        expect(response.status, type).toBe(415);
      }
    });

    test("[X06] GET never changes anything, and an unsupported method is 405 and names the supported ones", async () => {
      for (const path of ["/login", "/logout"]) {
        const response = await alice.fetch(path);
        expect([response.status, response.headers.get("allow")]).toEqual([405, "POST"]);
      }
      const put = await alice.fetch("/api/messages", { method: "PUT" });
      expect([put.status, put.headers.get("allow")]).toEqual([405, "GET"]);
      expect((await alice.fetch("/api/messages")).status).toBe(200);
    });

    test("opening an address that only takes forms leads to its page; unknown query parameters don't stop a page", async () => {
      const open = (path: string) =>
        fetch(server.url + path, { redirect: "manual", headers: { accept: "text/html" } });
      expect((await open("/login")).headers.get("location")).toBe("/");
      expect((await open("/admin/people/x/reset-link")).headers.get("location")).toBe("/admin/people/x");
      expect((await open("/?utm_source=mail&fbclid=x")).status).toBe(200);
      expect(
        (await alice.fetch("/account?utm_source=mail", { headers: { accept: "text/html" } })).status,
      ).toBe(200);
      expect((await alice.fetch("/api/messages?utm_source=mail")).status).toBe(400);
    });

    test("[A15] every form route answers an unreadable form with a refusal, never with a fault", async () => {
      const document = (await (await alice.fetch("/api/openapi.json")).json()) as OpenApi;
      const paths = Object.entries(document.paths).flatMap(([path, methods]) => (methods.post ? [path] : []));
      expect(paths.length).toBeGreaterThan(40);
      for (const path of paths) {
        for (const body of ["x=1&x=2", "%00=%00", "=", `a=${"b".repeat(5000)}`]) {
          const response = await alice.fetch(path.replace(/\{\w+\}/g, "general"), {
            method: "POST",
            body,
            headers: { "content-type": "application/x-www-form-urlencoded" },
          });
          expect(response.status, `${path} ${body.slice(0, 10)}`).toBeGreaterThanOrEqual(400);
          expect(response.status, `${path} ${body.slice(0, 10)}`).toBeLessThan(500);
        }
      }
    });

    test("a form that can't be parsed is shown again as a page, with what is wrong", async () => {
      const response = await alice.fetch("/admin/invites", {
        method: "POST",
        body: new URLSearchParams({ max_uses: "0", days: "7" }),
        headers: { accept: "text/html" },
      });
      expect([response.status, response.headers.get("content-type")]).toEqual([
        400,
        "text/html; charset=utf-8",
      ]);
      expect(await response.text()).toContain("max_uses");
      const foreign = await fetch(`${server.url}/login`, {
        method: "POST",
        body: new URLSearchParams({ username: "a" }),
        headers: { accept: "text/html", origin: "https://evil.example" },
      });
      expect([foreign.status, foreign.headers.get("content-type")]).toEqual([
        403,
        "text/html; charset=utf-8",
      ]);
    });

    test("[Z05] [Z06] an unknown, repeated or wrongly typed key is 400", async () => {
      for (const body of [
        { username: "alice", password, next: "/" },
        { username: ["alice"], password },
        { username: { $gt: "" }, password },
        [],
        null,
        "x",
      ]) {
        expect((await alice.post("/login", body)).status, JSON.stringify(body)).toBe(400);
      }
      const doubled = await alice.fetch("/login", {
        method: "POST",
        body: "username=a&username=b&password=c",
        headers: { "content-type": "application/x-www-form-urlencoded" },
      });
      expect(doubled.status).toBe(400);
      for (const body of [
        '{"username":"alice","username":"bob","password":"x"}',
        '{"username":"alice","\\u0075sername":"bob","password":"x"}',
      ]) {
        const response = await alice.fetch("/login", {
          method: "POST",
          body,
          headers: { "content-type": "application/json" },
        });
        expect([response.status, await response.json()], `[B13] ${body}`).toEqual([
          400,
          expect.objectContaining({ detail: "username: appears twice" }),
        ]);
      }
      for (const query of ["before=1&before=2", "before=-1", "before=1e3", "x=1", "__proto__=1"]) {
        expect((await alice.fetch(`/api/rooms/general/events?${query}`)).status, query).toBe(400);
      }
    });

    test("[B18] HEAD is GET without the body, a last slash leads to the address without it", async () => {
      for (const path of [
        "/",
        "/chat",
        "/api/me",
        "/api/rooms/general/members",
        "/icon.svg",
        "/icon-192.png",
        "/nothing",
      ]) {
        const [get, head] = [await alice.fetch(path), await alice.fetch(path, { method: "HEAD" })];
        const { byteLength } = await get.arrayBuffer();
        expect([head.status, await head.text()], path).toEqual([get.status, ""]);
        // A page differs from the next one by its numbers; its length is that of this answer.
        const length = Number(head.headers.get("content-length"));
        expect(Math.abs(length - byteLength), path).toBeLessThan(200);
        if (byteLength > 0) expect(length, path).toBeGreaterThan(0);
      }
      const to = async (path: string) => {
        const response = await fetch(server.url + path, { redirect: "manual" });
        return [response.status, response.headers.get("location")];
      };
      expect(await to("/register/")).toEqual([308, "/register"]);
      expect(await to("/chat/general//?open=inbox")).toEqual([308, "/chat/general?open=inbox"]);
      // Nowhere else.
      for (const path of ["//evil.example/", "/%2F/evil.example/", "/evil.example/"])
        expect((await to(path))[1] ?? "/", path).toMatch(/^\/([^/\\]|$)/);
    });

    test("[B18] [B25] a socket needs the headers of one, and the log says if a proxy leaves them out", async () => {
      const ask = (headers: Record<string, string>) =>
        new Promise<string>((resolve, reject) => {
          const socket = connect(server.port, "127.0.0.1", () => {
            const lines = Object.entries({
              Host: new URL(server.origin).host,
              Origin: server.origin,
              Cookie: alice.cookieHeader,
              "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
              "Sec-WebSocket-Version": "13",
              ...headers,
            }).map(([name, value]) => `${name}: ${value}\r\n`);
            socket.write(`GET /ws/alice HTTP/1.1\r\n${lines.join("")}\r\n`);
          });
          socket.once("data", (data) => {
            socket.destroy();
            resolve(data.toString().slice(9, 12));
          });
          socket.on("error", reject);
        });
      expect(await ask({ Upgrade: "websocket", Connection: "keep-alive, Upgrade" })).toBe("101");
      expect(await ask({ Upgrade: "WebSocket", Connection: "upgrade" })).toBe("101");
      expect(await ask({ Upgrade: "websocket", Connection: "keep-alive" })).toBe("400");
      expect(await ask({ Connection: "upgrade" })).toBe("400");
      expect(server.output()).toContain("socket.no_upgrade");
    });

    test("[B25] what every browser and researcher asks for is there", async () => {
      const ask = (path: string) => fetch(server.url + path, { redirect: "manual" });
      expect((await ask("/favicon.ico")).headers.get("location")).toBe("/icon-192.png");
      expect(await (await ask("/robots.txt")).text()).toBe("User-agent: *\nDisallow: /\n");
      expect((await ask("/.well-known/change-password")).headers.get("location")).toBe("/account/password");
      expect((await ask("/.well-known/security.txt")).status).toBe(404);
    });

    test("a body that is too large, broken or not UTF-8 is refused as such", async () => {
      const send = (body: BodyInit) =>
        alice.fetch("/login", { method: "POST", body, headers: { "content-type": "application/json" } });
      expect((await send("x".repeat(20_000))).status).toBe(413);
      expect((await send("{")).status).toBe(400);
      expect((await send(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]))).status).toBe(400);
      // Without a Content-Length the bytes are counted.
      const endless = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(8192).fill(32)),
      });
      expect((await send(endless)).status).toBe(413);
    });

    test("[B12] the OpenAPI document says what is asked for: the cookie's name, Origin, JSON, and numbers with their bounds", async () => {
      type Operation = {
        parameters?: { name: string; in: string; required?: boolean; schema: object }[];
        requestBody?: { content: object };
      };
      const document = (await (await alice.fetch("/api/openapi.json")).json()) as {
        paths: Record<string, Record<string, Operation>>;
        components: { securitySchemes: { session: { name: string } } };
      };
      expect(document.components.securitySchemes.session.name).toBe("novax_session");
      const limit = document.paths["/api/rooms/{room}/members"]!.get!.parameters!.find(
        ({ name }) => name === "limit",
      );
      expect(limit).toMatchObject({ required: false, schema: { type: "integer", minimum: 1, maximum: 200 } });
      for (const [value, status] of [
        ["0", 400],
        ["1", 200],
        ["200", 200],
        ["201", 400],
      ] as const)
        expect((await alice.fetch(`/api/rooms/general/members?limit=${value}`)).status, value).toBe(status);
      for (const [path, methods] of Object.entries(document.paths))
        for (const [method, { parameters = [], requestBody }] of Object.entries(methods)) {
          const isRead = method === "get" || method === "head";
          const origin = parameters.find(({ name }) => name === "Origin");
          if (path !== "/unsubscribe") expect(origin?.required ?? false, `${method} ${path}`).toBe(!isRead);
          if (requestBody && !path.startsWith("/api/uploads") && path !== "/unsubscribe")
            expect(Object.keys(requestBody.content), path).toEqual(["application/json"]);
        }
    });

    test("[O06] [Z01] without a session every route that isn't public is 401, the OpenAPI document too", async () => {
      const document = (await (await alice.fetch("/api/openapi.json")).json()) as OpenApi;
      const guarded = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods).flatMap(([method, operation]) =>
          operation.security ? [[method.toUpperCase(), path] as const] : [],
        ),
      );
      expect(guarded.length).toBeGreaterThanOrEqual(2);
      for (const [method, path] of [...guarded, ["GET", "/api/openapi.json"] as const]) {
        const headers = { origin: server.origin };
        const response = await fetch(server.url + path.replace(/\{\w+\}/g, "general"), { method, headers });
        expect(response.status, path).toBe(401);
        if (method !== "HEAD") expect(await response.json()).toMatchObject({ code: "unauthenticated" });
      }
    });

    test("the OpenAPI document is 3.1 and describes every API route from the schemas that validate", async () => {
      const document = (await (await alice.fetch("/api/openapi.json")).json()) as OpenApi;
      expect(document.openapi).toBe("3.1.0");
      expect(Object.keys(document.paths).sort()).toEqual(
        [
          "/account/confirm",
          "/account/confirm/passkey",
          "/account/confirm/passkey/options",
          "/account/data",
          "/account/devices/distrust",
          "/account/devices/end",
          "/account/devices/end-others",
          "/account/email",
          "/account/email/resend",
          "/account/email/verify",
          "/account/export",
          "/account/export/files",
          "/account/passkeys",
          "/account/passkeys/options",
          "/account/passkeys/{passkey}/remove",
          "/account/passkeys/{passkey}/rename",
          "/account/password",
          "/account/profile",
          "/account/sso/unlink",
          "/account/two-factor",
          "/account/two-factor/disable",
          "/account/two-factor/passkeys",
          "/account/two-factor/recovery-codes",
          "/account/two-factor/recovery-codes/download",
          "/account/two-factor/start",
          "/account/username",
          "/admin/invites",
          "/admin/invites/{invite}/revoke",
          "/admin/people/{person}/approve",
          "/admin/people/{person}/disable",
          "/admin/people/{person}/enable",
          "/admin/people/{person}/end-sessions",
          "/admin/people/{person}/reject",
          "/admin/people/{person}/require-factor",
          "/admin/people/{person}/reset-link",
          "/admin/people/{person}/role",
          "/admin/people/{person}/unrequire-factor",
          "/admin/server/test-mail",
          "/admin/settings",
          "/api/account",
          "/api/account/devices",
          "/api/admin/audit",
          "/api/admin/audit/export",
          "/api/admin/invites",
          "/api/admin/people",
          ...commandTypes.map((type) => `/api/commands/${type}`),
          ...Object.values(readPaths).map((path) => path.replace(/:(\w+)/g, "{$1}")),
          "/api/emoji/{name}",
          "/api/files/{file}",
          "/api/files/{file}/preview",
          "/api/messages",
          "/api/people/{person}/picture",
          "/api/rooms/{room}/picture",
          "/api/uploads",
          "/api/uploads/{file}",
          "/forgot",
          "/healthz",
          "/login",
          "/login/code",
          "/login/code/passkey",
          "/login/code/passkey/options",
          "/login/passkey",
          "/login/passkey/options",
          "/logout",
          "/readyz",
          "/register",
          "/reset",
          "/unsubscribe",
          "/verify",
        ].sort(),
      );
      const { schema } = document.paths["/register"]!.post!.requestBody!.content["application/json"]!;
      expect(schema).toMatchObject({
        type: "object",
        additionalProperties: false,
        required: ["email", "username", "password", "confirm_password"],
      });
    });

    test("a missing page is explained to a person, and to an API client", async () => {
      const person = await alice.fetch("/nowhere", { headers: { accept: "text/html" } });
      expect([person.status, person.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
      const program = await alice.fetch("/nowhere");
      expect([program.status, program.headers.get("content-type")]).toEqual([
        404,
        "application/problem+json",
      ]);
    });

    test("client files are served compressed and cached for ever; nothing outside of them is served", async () => {
      const page = await (await alice.fetch("/chat")).text();
      const script = /src="(\/assets\/chat-[^"]+\.js)"/.exec(page)![1]!;
      const file = await fetch(server.url + script, { headers: { "accept-encoding": "br" } });
      expect(file.headers.get("content-encoding")).toBe("br");
      expect(file.headers.get("cache-control")).toContain("immutable");
      for (const path of [
        "/manifest.json",
        "/assets/",
        "/assets/../manifest.json",
        "/..%2fpackage.json",
        "/%2e%2e/package.json",
        "/assets/chat.js.br",
      ]) {
        expect((await fetch(server.url + path)).status, path).toBe(404);
      }
    });

    test("[O01] [O06] an invalid request is 400, and shows nothing of the server's internals", async () => {
      for (const host of ["[", "", "a b", "x:99999"]) {
        const answer = await rawRequest(
          server.port,
          `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        );
        expect(answer.split("\r\n")[0], host).toContain(" 400");
        expect(answer).not.toMatch(/server\/src|node_modules|\.ts/);
      }
      for (const path of ["/bun:info", "/_bun/info", "/metrics", "/debug"]) {
        expect((await fetch(server.url + path)).status, path).toBe(404);
      }
    });

    test("/healthz and /readyz respond without a session", async () => {
      for (const path of ["/healthz", "/readyz"]) expect((await fetch(server.url + path)).status).toBe(200);
    });
  },
);

describe("limits per address", () => {
  test("[L06] [L07] the eleventh failed sign-in within a minute is 429, whatever X-Forwarded-For says; successful ones don't count", async () => {
    const data = await createTestData("embedded");
    const server = await startServer(data, { env: { LOGIN_FAILURES_PER_ADDRESS: "10" } });
    try {
      const alice = await join(server, "alice");
      for (let index = 0; index < 15; index++) expect((await alice.signIn()).status).toBe(200);
      const statuses: number[] = [];
      for (let index = 0; index < 12; index++) {
        const body = { username: `guess${index}`, password: "wrong password" };
        const headers = {
          "x-forwarded-for": `10.1.2.${index}`,
          forwarded: `for=10.9.9.${index}`,
          "x-real-ip": `10.8.8.${index}`,
        };
        statuses.push((await new Person(server, "x").post("/login", body, headers)).status);
      }
      expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    } finally {
      await server.stop();
      await data.remove();
    }
  });

  test("[L06] [L07] behind a trusted proxy each address is counted separately, and an IPv6 /64 is one address", async () => {
    const data = await createTestData("embedded");
    const env = { SIGN_UPS_PER_ADDRESS: "2", TRUSTED_PROXIES: "127.0.0.1, ::1" };
    const server = await startServer(data, { env });
    try {
      await new Person(server, "owner").register();
      const signUp = async (name: string, address: string) => {
        const person = new Person(server, name);
        const body = { email: "x@example.org", username: name, password, confirm_password: password };
        return (await person.post("/register", body, { "x-forwarded-for": `6.6.6.6, ${address}` })).status;
      };
      const statuses = [
        await signUp("one", "2001:db8::1"),
        await signUp("two", "2001:db8::2"),
        await signUp("three", "2001:0db8:0:0:ffff::3"),
        await signUp("four", "2001:db8:0:1::1"),
        await signUp("five", "1.2.3.4"),
        await signUp("six", "::ffff:1.2.3.4"),
        await signUp("seven", "1.2.3.4"),
      ];
      expect(statuses).toEqual([200, 200, 429, 200, 200, 200, 429]);
    } finally {
      await server.stop();
      await data.remove();
    }
  });
});

/** Sends raw bytes and returns the whole response. */
function rawRequest(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

type OpenApi = {
  openapi: string;
  paths: Record<
    string,
    Record<string, { security?: unknown; requestBody?: { content: Record<string, { schema: unknown }> } }>
  >;
};
