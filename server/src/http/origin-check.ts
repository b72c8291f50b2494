import { Refusal } from "../lib/refusal.ts";

/**
 * Asserts that a request that may change something comes from one of our pages (ASVS 3.5). Refuses with
 * `origin_refused`, also when the request does not say where it comes from.
 */
export function assertOwnOrigin(headers: Headers, allowedOrigins: ReadonlySet<string>): void {
  const origin = headers.get("origin");
  // A page that keeps its own address to itself (Referrer-Policy: no-referrer) sends its forms with `Origin: null`; the
  // browser's own word for where they come from is in Sec-Fetch-Site, which no page can set.
  const isOwn =
    origin === null || origin === "null"
      ? headers.get("sec-fetch-site") === "same-origin"
      : allowedOrigins.has(origin);
  if (!isOwn)
    throw new Refusal("origin_refused", "This request doesn't come from an allowed page (Origin header).");
}

/** Asserts the Origin of a WebSocket upgrade: browsers always send one, and nothing else protects a socket. */
export function assertSocketOrigin(headers: Headers, allowedOrigins: ReadonlySet<string>): void {
  const origin = headers.get("origin");
  if (origin === null || !allowedOrigins.has(origin)) {
    throw new Refusal("origin_refused", "This connection doesn't come from an allowed page (Origin header).");
  }
}

/** Lets the pages of allowed origins read our answers, with their cookies. Others get no header and see nothing. */
export function setCorsHeaders(
  headers: Headers,
  origin: string | null,
  allowedOrigins: ReadonlySet<string>,
): void {
  headers.append("vary", "Origin");
  if (origin === null || !allowedOrigins.has(origin)) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-allow-credentials", "true");
  headers.set("access-control-expose-headers", "retry-after");
  headers.delete("cross-origin-resource-policy");
}

/** The answer to a preflight. */
export function preflightResponse(): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST",
      "access-control-allow-headers": "content-type",
      "access-control-max-age": "600",
    },
  });
}
