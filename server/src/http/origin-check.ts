import { Refusal } from "../lib/refusal.ts";

/**
 * Asserts that a request that may change something comes from an allowed origin (ASVS 3.5). Refuses with
 * `origin_refused`, also if the request does not say where it comes from.
 */
export function assertOwnOrigin(headers: Headers, allowedOrigins: ReadonlySet<string>): void {
  const origin = headers.get("origin");
  // A page with Referrer-Policy: no-referrer sends its forms with `Origin: null`. Sec-Fetch-Site then says where they
  // come from; the browser sets it, and no page can.
  const isOwn =
    origin === null || origin === "null"
      ? headers.get("sec-fetch-site") === "same-origin"
      : allowedOrigins.has(origin);
  if (!isOwn)
    throw new Refusal("origin_refused", "This request doesn't come from an allowed page (Origin header).");
}

/**
 * Asserts the Origin of a WebSocket upgrade. Browsers always send it, and CORS does not protect sockets. Refuses with
 * `origin_refused`.
 */
export function assertSocketOrigin(headers: Headers, allowedOrigins: ReadonlySet<string>): void {
  const origin = headers.get("origin");
  if (origin === null || !allowedOrigins.has(origin)) {
    throw new Refusal("origin_refused", "This connection doesn't come from an allowed page (Origin header).");
  }
}

/** Of tus 1.0, so that pages of allowed origins can upload. */
const uploadRequestHeaders = "tus-resumable, upload-length, upload-metadata, upload-offset";
const uploadAnswerHeaders =
  "location, tus-resumable, tus-version, tus-extension, tus-max-size, upload-length, upload-offset";

/**
 * Allows pages of allowed origins to read responses, with cookies. Other pages get no CORS header and cannot read
 * anything.
 */
export function setCorsHeaders(
  headers: Headers,
  origin: string | null,
  allowedOrigins: ReadonlySet<string>,
): void {
  headers.append("vary", "Origin");
  if (origin === null || !allowedOrigins.has(origin)) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-allow-credentials", "true");
  headers.set("access-control-expose-headers", `retry-after, ${uploadAnswerHeaders}`);
  headers.delete("cross-origin-resource-policy");
}

/** The answer to a preflight, for all routes alike. */
export function preflightResponse(methods: readonly string[]): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": methods.join(", "),
      "access-control-allow-headers": `content-type, ${uploadRequestHeaders}`,
      "access-control-max-age": "600",
    },
  });
}
