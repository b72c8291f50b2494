import type { Language } from "@novax/protocol/language";
import type { RefusalCode } from "@novax/protocol/replies";
import { type RefusalText, textsIn } from "../texts/texts.ts";

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
  readonly #detail: RefusalText | string;

  /** `detail` is what people read; a text alone is for programs: what no form and no button of ours can cause. */
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

  /** What it says, to whoever reads this language. */
  detailIn(language: Language): string {
    return typeof this.#detail === "string" ? this.#detail : this.#detail(textsIn(language).refusals);
  }
}

/** The one answer for "there is no such room" and "you are not in it": a stranger learns nothing from it. */
export function roomNotFound(): Refusal {
  return new Refusal("not_found", (t) => t.noRoom);
}
