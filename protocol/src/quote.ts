import type { MessageBody, Person, Quote } from "./entities.ts";
import { excerptOf, filesOf } from "./text.ts";

/** Returns a message as it is shown above replies to it. */
export function toQuote(seq: number, sender: Person, body: MessageBody): Quote {
  const [file] = filesOf(body);
  return { seq, sender, excerpt: excerptOf(body), ...(file ? { file } : {}) };
}
