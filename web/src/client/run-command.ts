import type { CommandType, FieldsOf, ResultOf } from "@novax/protocol/commands";

export type CommandReply<T extends CommandType> =
  | { ok: true; result: ResultOf<T> }
  | { ok: false; detail: string };

/**
 * Runs a command over HTTP, for a caller that needs the outcome of a send: on the socket a stored message is
 * acknowledged by its event alone. Resolves with the result, with the detail of a refusal, or with null if the server
 * cannot be reached.
 */
export async function runCommand<T extends CommandType>(
  type: T,
  fields: FieldsOf<T>,
): Promise<CommandReply<T> | null> {
  try {
    const response = await fetch(`/api/commands/${type}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    const answer: unknown = await response.json();
    if (response.ok) return { ok: true, result: answer as ResultOf<T> };
    return { ok: false, detail: (answer as { detail?: string }).detail ?? `${response.status}` };
  } catch {
    return null;
  }
}
