import { firstIssue } from "@novax/protocol/commands";
import { DoubledMember, parseJson } from "@novax/protocol/json";
import { z } from "zod";
import { Refusal } from "../lib/refusal.ts";

const bodyBytesMax = 16 * 1024;
/** A body sent very slowly would otherwise hold its connection open, and delay a restart, for as long as it likes. */
const bodyWithinMs = 10_000;

/** The longest query is the search for a person: a few hundred bytes. */
export const queryBytesMax = 2048;

/** Whether a request has the body of an HTML form. */
export function isFormBody(headers: Headers): boolean {
  return mediaType(headers) === "application/x-www-form-urlencoded";
}

/**
 * Reads the body and checks it against the schema. Refuses with `unsupported_media_type` if it is neither JSON nor a
 * form, with `body_too_large`, or with `malformed` and the reason.
 */
export async function readBody<T>(request: Request, schema: z.ZodType<T>): Promise<T> {
  const isForm = isFormBody(request.headers);
  if (!isForm && mediaType(request.headers) !== "application/json") {
    throw new Refusal("unsupported_media_type", "Send application/json or a form.");
  }
  const text = await readText(request);
  return parseInput(schema, isForm ? parseForm(new URLSearchParams(text)) : readJson(text));
}

/**
 * The same request, whose body fails with `body_too_large` after `bytesMax`; at once if its Content-Length says that it
 * is longer.
 */
export function limitBody(request: Request, bytesMax: number): Request {
  assertClaimedLength(request, bytesMax);
  if (!request.body) return request;
  let size = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      size += chunk.byteLength;
      if (size > bytesMax) throw tooLarge(bytesMax);
      controller.enqueue(chunk);
    },
  });
  return new Request(request, { body: request.body.pipeThrough(counter) });
}

function mediaType(headers: Headers): string | undefined {
  return headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
}

/** Refuses with `uri_too_long` if the query is longer than `bytesMax`. To be called before anything else is done. */
export function assertQueryLength(url: URL, bytesMax: number): void {
  // A parsed URL is ASCII.
  if (url.search.length > bytesMax)
    throw new Refusal("uri_too_long", `Send at most ${bytesMax} bytes behind the "?" of an address.`);
}

/**
 * Reads the query and checks it against the schema; a key that appears twice is refused. `ignoresUnknown` is for
 * pages, because mail and chat programs add parameters of their own to links. Refuses with `malformed`.
 */
export function readQuery<T>(url: URL, schema: z.ZodType<T>, ignoresUnknown: boolean): T {
  const known = ignoresUnknown && schema instanceof z.ZodObject ? Object.keys(schema.shape) : null;
  const fields = parseForm(
    known?.flatMap((key) => url.searchParams.getAll(key).map((value): [string, string] => [key, value])) ??
      url.searchParams,
  );
  // PostgreSQL text cannot contain NUL.
  for (const [key, value] of Object.entries(fields))
    if (value.includes("\0"))
      throw new Refusal("malformed", `${key}: contains a character that isn't allowed`);
  return parseInput(schema, fields);
}

function parseInput<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new Refusal("malformed", firstIssue(parsed.error));
  return parsed.data;
}

/** Counts the bytes that actually arrive, because Content-Length may be wrong. */
async function readText(request: Request): Promise<string> {
  assertClaimedLength(request, bodyBytesMax);
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    void reader?.cancel();
  }, bodyWithinMs);
  try {
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
      size += read.value.byteLength;
      if (size > bodyBytesMax) throw tooLarge(bodyBytesMax);
      parts.push(read.value);
    }
  } finally {
    clearTimeout(timer);
  }
  if (isLate) throw new Refusal("malformed", "The request took too long to arrive.");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
  } catch {
    throw new Refusal("malformed", "The body isn't UTF-8.");
  }
}

function readJson(text: string): unknown {
  try {
    // JSON.parse makes `__proto__` an ordinary own key, which the strict schemas then refuse.
    return parseJson(text);
  } catch (error) {
    if (error instanceof DoubledMember) throw new Refusal("malformed", `${error.key}: appears twice`);
    throw new Refusal("malformed", "The body isn't JSON.");
  }
}

function parseForm(params: Iterable<[key: string, value: string]>): Record<string, string> {
  const fields = Object.create(null) as Record<string, string>;
  for (const [key, value] of params) {
    if (key in fields) throw new Refusal("malformed", `${key}: appears twice`);
    fields[key] = value;
  }
  return { ...fields };
}

function assertClaimedLength(request: Request, bytesMax: number): void {
  if (Number(request.headers.get("content-length") ?? 0) > bytesMax) throw tooLarge(bytesMax);
}

function tooLarge(bytesMax: number): Refusal {
  return new Refusal("body_too_large", `Send at most ${bytesMax} bytes in a request.`);
}
