import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { silentLog as log } from "../log/log.ts";
import type { App } from "./app.ts";
import { createHttpApp } from "./http-app.ts";
import { createOpenApi } from "./openapi.ts";
import { defineRoute } from "./route.ts";
import type { Web } from "./serve-web.ts";

const origin = "http://localhost";
const bytesMax = 100_000;

const uploadRoute = defineRoute({
  method: "PUT",
  path: "/api/uploads/:name",
  summary: "Count the bytes of an upload.",
  access: "public",
  body: "stream",
  bodyBytesMax: bytesMax,
  handle: async ({ request, params }) => {
    let bytes = 0;
    for await (const chunk of request.body!) bytes += chunk.byteLength;
    return Response.json({ name: params.name, bytes, type: request.headers.get("content-type") });
  },
});

const sizeRoute = defineRoute({
  method: "HEAD",
  path: "/api/uploads/:name",
  summary: "Get how much of an upload arrived.",
  access: "public",
  handle: () => new Response(null, { headers: { "upload-offset": "7" } }),
});

/** What routes without a session need of the app. */
const app = {
  identity: { name: "novaX" },
  log,
  visitorBudgets: { spend: () => {} },
  config: {
    isSecure: false,
    publicUrl: new URL(origin),
    allowedOrigins: new Set([origin]),
    isTrustedProxy: () => false,
  },
  addressBans: { has: () => false },
} as unknown as App;
const web = { assets: {}, serve: () => null } as unknown as Web;
const routes = [uploadRoute, sizeRoute];
const http = createHttpApp(app, web, routes);

function send(method: string, init: RequestInit = {}) {
  const headers = { origin, "content-type": "image/png", ...(init.headers as Record<string, string>) };
  const request = new Request(`${origin}/api/uploads/cat`, { ...init, method, headers });
  return http.fetch(request, { address: "127.0.0.1" });
}

/** A body whose length no header says. */
function streamOf(bytes: number): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(10_000);
  let left = bytes / chunk.byteLength;
  return new ReadableStream({
    pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
  });
}

describe("a route with a streamed body", () => {
  test("hands the bytes over as they are, longer than any JSON may be", async () => {
    const response = await send("PUT", { body: new Uint8Array(bytesMax) });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ name: "cat", bytes: bytesMax, type: "image/png" });
    expect(await (await send("PUT", { body: streamOf(bytesMax) })).json()).toMatchObject({ bytes: bytesMax });
  });

  test("refuses what is longer than its own limit, whether or not a header says so", async () => {
    for (const body of [new Uint8Array(bytesMax + 1), streamOf(bytesMax + 10_000)]) {
      const response = await send("PUT", { body });
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ code: "body_too_large" });
    }
  });

  test("refuses another site, as every route does that may change something", async () => {
    const response = await send("PUT", { body: "x", headers: { origin: "http://evil.example" } });
    expect(await response.json()).toMatchObject({ code: "origin_refused" });
  });

  test("is bytes of any format in the API document", () => {
    const { paths } = createOpenApi(routes, { publicUrl: new URL(origin), isSecure: false }) as {
      paths: Record<string, object>;
    };
    expect(paths["/api/uploads/{name}"]).toMatchObject({
      put: { requestBody: { content: { "application/octet-stream": {} } } },
      head: { summary: sizeRoute.summary },
    });
  });
});

test("[B12] over https the document has the name that the cookie has there", () => {
  const { components } = createOpenApi([], {
    publicUrl: new URL("https://chat.example.org"),
    isSecure: true,
  });
  expect(components).toMatchObject({ securitySchemes: { session: { name: "__Host-novax_session" } } });
});

describe("a query", () => {
  const pageRoute = defineRoute({
    method: "GET",
    path: "/page",
    summary: "Show a page.",
    access: "public",
    query: z.strictObject({ done: z.string().optional(), next: z.string().optional() }),
    isPage: true,
    handle: ({ query }) => Response.json(query),
  });
  const callbackRoute = defineRoute({ ...pageRoute, path: "/callback", queryBytesMax: 8192 });
  const readRoute = defineRoute({ ...pageRoute, path: "/api/read", isPage: undefined as never });
  const { fetch } = createHttpApp(app, web, [pageRoute, callbackRoute, readRoute]);
  const get = (path: string) => fetch(new Request(origin + path), { address: "127.0.0.1" });

  test("of a page is what the page knows; what programs add to links is left out", async () => {
    const response = await get("/page?utm_source=a&done=saved&fbclid=b&utm_source=c");
    expect(await response.json()).toEqual({ done: "saved" });
    expect((await get("/page?next=/a&next=/b")).status).toBe(400);
  });

  test("of the API takes no key that it doesn't know", async () => {
    expect((await get("/api/read?done=saved")).status).toBe(200);
    expect((await get("/api/read?done=saved&other=1")).status).toBe(400);
  });

  test("[H1] that is too long is refused before anything reads it, except where a provider makes it", async () => {
    const keys = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`).join("&");
    for (const path of ["/page", "/api/read"]) {
      const response = await get(`${path}?${keys(4000)}`);
      expect(response.status).toBe(414);
      expect(await response.json()).toMatchObject({ code: "uri_too_long" });
    }
    expect((await get(`/page?${keys(300)}`)).status).toBe(200);
    expect((await get(`/callback?${keys(1000)}`)).status).toBe(200);
    expect((await get(`/callback?${keys(4000)}`)).status).toBe(414);
  });
});

test("HEAD has its own route, and GET is not answered by it", async () => {
  const head = await send("HEAD");
  expect([head.status, head.headers.get("upload-offset")]).toEqual([200, "7"]);
  const get = await send("GET");
  expect([get.status, get.headers.get("allow")]).toEqual([405, "PUT, HEAD"]);
});

test("a preflight allows the methods that routes have", async () => {
  const response = await send("OPTIONS", { headers: { "access-control-request-method": "PUT" } });
  expect(response.headers.get("access-control-allow-methods")).toBe("HEAD, PUT");
  expect(response.headers.get("access-control-allow-origin")).toBe(origin);
});
