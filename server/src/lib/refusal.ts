import type { Language } from "@novax/protocol/language";
import type { RefusalCode } from "@novax/protocol/replies";
import { type RefusalText, textsIn } from "../texts/texts.ts";

/**
 * A request is refused for a reason that the caller can act on. Thrown by `require...` and `assert...` functions only,
 * and caught in two places: the command runner turns it into a reply, the HTTP layer into problem+json.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  readonly retryInMs: number | undefined;
  /** The input field that caused the refusal, for forms. */
  readonly field: string | undefined;
  /** What the same form was refused for besides, in other fields. */
  also: readonly Refusal[] = [];
  readonly #detail: RefusalText | string;

  /**
   * `detail` is a text in the catalogue; a plain string is for API clients only, for what none of our forms or buttons
   * can cause.
   */
  constructor(
    code: RefusalCode,
    detail: RefusalText | string,
    more: { retryInMs?: number; field?: string } = {},
  ) {
    super(typeof detail === "string" ? detail : detail(textsIn("en").refusals));
    this.#detail = detail;
    this.code = code;
    this.retryInMs = more.retryInMs;
    this.field = more.field;
  }

  /** The explanation in this language. */
  detailIn(language: Language): string {
    return typeof this.#detail === "string" ? this.#detail : this.#detail(textsIn(language).refusals);
  }
}

/**
 * Checks the fields of a form, and refuses all that are wrong at once: the first of them, with the others in `also`. What
 * is refused for another reason than a field, such as too many attempts, ends the checks.
 */
export class FieldChecks {
  readonly #refused: Refusal[] = [];

  /** Returns the checked value, or `fallback` if it was refused, so that the other fields can be checked too. */
  async check<T>(check: () => T | Promise<T>, fallback: T): Promise<T> {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof Refusal) || error.field === undefined) throw error;
      this.#refused.push(error);
      return fallback;
    }
  }

  assertAllRight(): void {
    const [first, ...also] = this.#refused;
    if (!first) return;
    first.also = also;
    throw first;
  }
}

/** No client of ours makes the same random id twice, so this is for programs. */
export function createIdTaken(): Refusal {
  return new Refusal("malformed", "createId: is the id of something else");
}

/** The same answer for "there is no such room" and "you are not a member", so that outsiders learn nothing. */
export function roomNotFound(): Refusal {
  return new Refusal("not_found", (t) => t.noRoom);
}
