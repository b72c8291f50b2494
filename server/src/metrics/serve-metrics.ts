import { timingSafeEqual } from "node:crypto";
import type { MetricsConfig } from "../config/read-config.ts";
import { registry } from "./metrics.ts";

/**
 * Serves the metrics of this process on a port of its own, so that no proxy in front of the chat shows them to anyone by mistake:
 * `GET /metrics`, with `Authorization: Bearer TOKEN` if a token is set.
 */
export function serveMetrics({ host, port, token }: MetricsConfig): { stop(): Promise<void> } {
  const expected = token === null ? null : Buffer.from(`Bearer ${token}`);
  const server = Bun.serve({
    hostname: host,
    port,
    idleTimeout: 10,
    maxRequestBodySize: 0,
    development: false,
    fetch: async (request) => {
      if (new URL(request.url).pathname !== "/metrics" || request.method !== "GET")
        return new Response("There is only GET /metrics here.\n", { status: 404 });
      const given = Buffer.from(request.headers.get("authorization") ?? "");
      if (expected && !(given.length === expected.length && timingSafeEqual(given, expected)))
        return new Response("This needs the token.\n", {
          status: 401,
          headers: { "www-authenticate": "Bearer" },
        });
      return new Response(await registry.metrics(), { headers: { "content-type": registry.contentType } });
    },
  });
  return { stop: () => server.stop(true) };
}
