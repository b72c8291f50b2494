import { type Bootstrap, bootstrapElementId } from "@novax/protocol/bootstrap";
import { readUrl } from "@novax/protocol/read-paths";
import type { ReadInput, ReadResult, ReadType } from "@novax/protocol/reads";

/** Resolves with whether this browser's session is still valid. Throws if the server cannot be reached. */
export async function isSignedIn(): Promise<boolean> {
  const response = await fetch("/api/messages?limit=1");
  return response.status !== 401;
}

/** Reads what the chat's page has in it. Null if the server can't be reached, or answers with another page. */
export async function readBootstrap(): Promise<Bootstrap | null> {
  const text = await fetch("/chat")
    .then((page) => (page.ok ? page.text() : ""))
    .catch(() => "");
  const [, json] =
    new RegExp(`<script type="application/json" id="${bootstrapElementId}">(.*?)</script>`, "s").exec(text) ??
    [];
  return json === undefined ? null : (JSON.parse(json) as Bootstrap);
}

/** The server refused a read. `message` is its reason, in the viewer's language. */
export class ReadRefused extends Error {
  /** When it may be asked again, in milliseconds; null if it would refuse again. */
  readonly retryInMs: number | null;

  constructor(detail: string, retryInMs: number | null) {
    super(detail);
    this.retryInMs = retryInMs;
  }
}

/**
 * Reads from the server. Resolves with the result. Throws {@link ReadRefused} if the server refuses, and another error if
 * it cannot be reached.
 */
async function read<T extends ReadType>(type: T, input: ReadInput<T>): Promise<ReadResult<T>> {
  const response = await fetch(readUrl(type, input as Record<string, unknown>));
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as { detail?: string };
    const seconds = Number(response.headers.get("retry-after"));
    throw new ReadRefused(
      problem.detail ?? `${type}: ${response.status}`,
      seconds > 0 ? seconds * 1000 : null,
    );
  }
  return (await response.json()) as ReadResult<T>;
}

export const api = { read };
export type Api = typeof api;
