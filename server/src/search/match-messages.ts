import type { MatchKind } from "@novax/protocol/reads";
import { type Searchable, textsOf } from "./document.ts";
import { type Excerpt, excerptAround } from "./excerpt.ts";
import { matchMessage } from "./match.ts";
import type { Query } from "./parse-query.ts";

/** Messages that the index found, as they are now, with how each is said to fit. */
export type MatchRequest = {
  query: Pick<Query, "terms" | "excluded" | "keys">;
  messages: readonly { message: Searchable; match: MatchKind }[];
  similar: readonly [string, string[]][];
};

export type MatchResult = {
  /** What of each message was looked for; null for one that does not fit any more. */
  excerpts: (Excerpt | null)[];
  /** How long it took, in milliseconds. */
  ms: number;
};

export function matchMessages({ query, messages, similar }: MatchRequest): MatchResult {
  const began = performance.now();
  const words = new Map(similar);
  const excerpts = messages.map(({ message, match }) => {
    const marks = matchMessage(query, message, match, words);
    return marks && excerptAround(textsOf(message)!, marks);
  });
  return { excerpts, ms: performance.now() - began };
}
