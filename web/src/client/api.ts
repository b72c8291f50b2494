import type { CommandType, FieldsOf, ResultOf } from "@novax/protocol/commands";
import { type ReadType, readUrl } from "@novax/protocol/read-paths";
import type { ReadInput, ReadResult } from "@novax/protocol/reads";

/** The server said no; the message is for people. */
export class ApiRefusal extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** Whether this browser's session is still good. Throws if the server cannot be reached. */
export async function isSignedIn(): Promise<boolean> {
  const response = await fetch("/api/messages?limit=1");
  return response.status !== 401;
}

/** Reads something. Throws an {@link ApiRefusal}, or what the network threw. */
async function read<T extends ReadType>(type: T, input: ReadInput<T>): Promise<ReadResult<T>> {
  return receive(await fetch(readUrl(type, input as Record<string, unknown>)));
}

/** Runs a command over HTTP. Throws an {@link ApiRefusal}, or what the network threw. */
async function command<T extends CommandType>(type: T, fields: FieldsOf<T>): Promise<ResultOf<T>> {
  const response = await fetch(`/api/commands/${type}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
  return receive(response);
}

async function receive<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new ApiRefusal(response.status, problem.detail ?? `${response.status}`);
}

export const api = { read, command };
export type Api = typeof api;
