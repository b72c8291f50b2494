import { Refusal } from "../lib/refusal.ts";
import type { Log } from "../log/log.ts";

type OriginNeeds = { log: Log; config: { publicUrl: URL; allowedOrigins: ReadonlySet<string> } };

/**
 * Asserts that a request that may change something comes from an allowed origin (ASVS 3.5). Refuses with
 * `origin_refused`, also if the request does not say where it comes from.
 */
export function assertOwnOrigin(headers: Headers, app: OriginNeeds): void {
  const origin = headers.get("origin");
  // A page with Referrer-Policy: no-referrer sends its forms with `Origin: null`. Sec-Fetch-Site then says where they
  // come from; the browser sets it, and no page can.
  const isOwn =
    origin === null || origin === "null"
      ? headers.get("sec-fetch-site") === "same-origin"
      : app.config.allowedOrigins.has(origin);
  if (isOwn) return;
  noteWrongAddress(headers, app);
  throw new Refusal("origin_refused", "This request doesn't come from an allowed page (Origin header).");
}

/**
 * Asserts the Origin of a WebSocket upgrade. Browsers always send it, and CORS does not protect sockets. Refuses with
 * `origin_refused`.
 */
export function assertSocketOrigin(headers: Headers, app: OriginNeeds): void {
  const origin = headers.get("origin");
  if (origin === null || !app.config.allowedOrigins.has(origin)) {
    noteWrongAddress(headers, app);
    throw new Refusal("origin_refused", "This connection doesn't come from an allowed page (Origin header).");
  }
}

const toldEveryMs = 60_000;
let toldAt = Number.NEGATIVE_INFINITY;

/**
 * Logs the address at which a browser has this server's own pages, if it isn't one that the settings name: nobody can
 * sign in there, and nothing else would say why. At most once a minute, because a stranger can send these headers too.
 */
function noteWrongAddress(headers: Headers, { log, config }: OriginNeeds): void {
  const origin = URL.parse(headers.get("origin") ?? "");
  const now = performance.now();
  if (!origin || config.allowedOrigins.has(origin.origin) || now - toldAt < toldEveryMs) return;
  if (origin.host !== (headers.get("x-forwarded-host") ?? headers.get("host"))) return;
  toldAt = now;
  log.warn("origin.refused", {
    origin: origin.origin,
    publicUrl: config.publicUrl.origin,
    // A stranger can name any address here, so nothing is advised that would trust it.
    hint: "if this is the address that people open, set PUBLIC_URL to it",
  });
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
