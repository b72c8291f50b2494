import { readUrl } from "@novax/protocol/read-paths";
import type { ReadInput, ReadResult, ReadType } from "@novax/protocol/reads";

/** Resolves with whether this browser's session is still valid. Throws if the server cannot be reached. */
export async function isSignedIn(): Promise<boolean> {
  const response = await fetch("/api/messages?limit=1");
  return response.status !== 401;
}

/** The server refused a read. `message` is its reason, in the viewer's language. */
export class ReadRefused extends Error {}

/**
 * Reads from the server. Resolves with the result. Throws {@link ReadRefused} if the server refuses, and another error if
 * it cannot be reached.
 */
async function read<T extends ReadType>(type: T, input: ReadInput<T>): Promise<ReadResult<T>> {
  const response = await fetch(readUrl(type, input as Record<string, unknown>));
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as { detail?: string };
    throw new ReadRefused(problem.detail ?? `${type}: ${response.status}`);
  }
  return (await response.json()) as ReadResult<T>;
}

export const api = { read };
export type Api = typeof api;
