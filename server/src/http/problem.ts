import type { Language } from "@novax/protocol/language";
import type { RefusalCode } from "@novax/protocol/replies";
import { refusalOf } from "../db/refusal-of.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Log, LogFacts } from "../log/log.ts";

/** The HTTP status for each refusal code. */
const statusOf = {
  malformed: 400,
  not_found: 404,
  forbidden: 403,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
  unauthenticated: 401,
  invalid_credentials: 401,
  too_many_attempts: 429,
  origin_refused: 403,
  unsupported_media_type: 415,
  body_too_large: 413,
  uri_too_long: 414,
  method_not_allowed: 405,
  username_taken: 409,
  username_invalid: 422,
  email_invalid: 422,
  password_too_short: 422,
  password_too_long: 422,
  password_invalid: 422,
  password_common: 422,
  passwords_differ: 422,
  current_password_wrong: 403,
  setup_code_required: 403,
  registration_closed: 403,
  invite_required: 403,
  invite_invalid: 404,
  approval_pending: 403,
  second_factor_required: 401,
  second_factor_setup_required: 403,
  second_factor_on: 409,
  second_factor_off: 409,
  challenge_ended: 401,
  code_wrong: 401,
  passkey_refused: 401,
  reauth_required: 401,
  link_invalid: 400,
  email_taken: 409,
  display_name_invalid: 422,
  last_owner: 409,
  sso_refused: 403,
  erasure_not_allowed: 403,
  message_invalid: 422,
  message_filtered: 422,
  message_gone: 410,
  confirmation_required: 409,
  room_archived: 409,
  room_invalid: 422,
  room_fixed: 409,
  posting_restricted: 403,
  slow_mode: 429,
  silenced: 403,
  banned: 403,
  blocked: 403,
  poll_closed: 409,
  too_many: 409,
  time_invalid: 422,
  address_invalid: 422,
  storage_full: 507,
  quota: 413,
  push_refused: 422,
  file_empty: 422,
  file_too_large: 413,
  file_gone: 404,
  file_unfinished: 409,
  upload_offset: 409,
  name_taken: 409,
  picture_too_large: 422,
  picture_unreadable: 422,
  picture_unsupported: 415,
} as const satisfies { [C in RefusalCode]: number };

const titles: { readonly [S in (typeof statusOf)[RefusalCode]]: string } = {
  400: "Bad request",
  401: "Not signed in",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  409: "Conflict",
  410: "Gone",
  413: "Too large",
  414: "Address too long",
  415: "Unsupported media type",
  422: "Not accepted",
  429: "Too many attempts",
  500: "Internal error",
  503: "Unavailable",
  507: "Storage full",
};

/** An error as `application/problem+json` (RFC 9457), with a stable `code` and, for forms, the `field`. */
export type Problem = {
  type: "about:blank";
  title: string;
  status: number;
  detail: string;
  code: RefusalCode;
  field?: string;
  /** What other fields of the same form were refused for. */
  also?: { detail: string; code: RefusalCode; field: string }[];
};

/**
 * The only place where an error becomes a response. An unexpected error is logged with `facts`, and the response contains
 * nothing but its id.
 */
export function toProblem(
  error: unknown,
  log: Log,
  { language, ...facts }: { language: Language } & LogFacts,
): { problem: Problem; retryInMs: number | undefined } {
  const refusal = toRefusal(error, log, facts);
  const status = statusOf[refusal.code];
  return {
    retryInMs: refusal.retryInMs,
    problem: {
      type: "about:blank",
      title: titles[status],
      status,
      detail: refusal.detailIn(language),
      code: refusal.code,
      ...(refusal.field === undefined ? {} : { field: refusal.field }),
      ...(refusal.also.length === 0
        ? {}
        : { also: refusal.also.map((other) => toFieldProblem(other, language)) }),
    },
  };
}

function toFieldProblem(refusal: Refusal, language: Language) {
  return { detail: refusal.detailIn(language), code: refusal.code, field: refusal.field ?? "" };
}

export function problemResponse(problem: Problem, retryInMs: number | undefined): Response {
  const headers = new Headers({ "content-type": "application/problem+json", "cache-control": "no-store" });
  if (retryInMs !== undefined) headers.set("retry-after", String(Math.max(1, Math.ceil(retryInMs / 1000))));
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}

function toRefusal(error: unknown, log: Log, facts: LogFacts): Refusal {
  const refusal = refusalOf(error);
  if (refusal) return refusal;
  const faultId = log.fault("request.failed", error, facts);
  return new Refusal("internal", (t) => t.fault(faultId));
}
