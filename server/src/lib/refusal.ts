import type { RefusalCode } from "@novax/protocol/replies";

/**
 * "No", said to a caller for a reason they can act on. Thrown by `require...` and `assert...` functions only, and
 * caught in two places: the command runner answers with a Reply, the HTTP boundary with problem+json.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly retryInMs: number | undefined;
  /** The input field the refusal is about, for forms. */
  readonly field: string | undefined;

  constructor(code: RefusalCode, detail: string, more: { retryInMs?: number; field?: string } = {}) {
    super(detail);
    this.code = code;
    this.retryInMs = more.retryInMs;
    this.field = more.field;
  }
}

/** The one answer for "there is no such room" and "you are not in it": a stranger learns nothing from it. */
export function roomNotFound(): Refusal {
  return new Refusal("not_found", "There is no such room.");
}
