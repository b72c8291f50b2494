import { describe, expect, test } from "bun:test";
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
  log,
  config: { isSecure: false, allowedOrigins: new Set([origin]), isTrustedProxy: () => false },
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
    const { paths } = createOpenApi(routes, new URL(origin)) as { paths: Record<string, object> };
    expect(paths["/api/uploads/{name}"]).toMatchObject({
      put: { requestBody: { content: { "application/octet-stream": {} } } },
      head: { summary: sizeRoute.summary },
    });
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
