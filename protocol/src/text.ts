// What a text says beside its words. Apart from the schemas, so that the client can use it without their weight.
import type { MessageBody } from "./entities.ts";
import { excerptCharsMax, mentionsPerMessageMax } from "./limits.ts";

/** Whom a text calls: people by their username in lower case, everybody in the room, everybody who is here. */
export type Mentions = { names: readonly string[]; room: boolean; here: boolean };

const code = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g;
// The same letters that a username may have. One that follows a letter is part of an address.
const mention = /(?<![\p{L}\p{N}_@./-])@([\p{L}\p{N}][\p{L}\p{N}._-]*)/gu;

/** Whether a name in lower case calls everybody; no account has it. */
export function isEveryoneName(name: string): boolean {
  return name === "room" || name === "all" || name === "everyone";
}

/** Reads the mentions out of a text; what stands in code mentions nobody. */
export function mentionsIn(text: string): Mentions {
  const names = new Set<string>();
  let room = false;
  let here = false;
  for (const [, name = ""] of text.replace(code, " ").matchAll(mention)) {
    // A full stop at the end ends the sentence, not the name.
    const key = name.replace(/[._-]+$/, "").toLowerCase();
    if (isEveryoneName(key)) room = true;
    else if (key === "here") here = true;
    else if (names.size < mentionsPerMessageMax) names.add(key);
  }
  return { names: [...names], room, here };
}

/**
 * The words of a text, in lower case, each once: what alerts and the word filter are compared with. The same letters are
 * the same word, however wide they are written, and whatever that cannot be seen stands between them.
 */
export function wordsIn(text: string): Set<string> {
  const plain = text
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "")
    .toLowerCase();
  const found = plain.match(/[\p{L}\p{N}][\p{L}\p{N}_'-]*/gu) ?? [];
  // "_word_" and "'word'" are marks around a word.
  return new Set(found.map((word) => word.replace(/[_'-]+$/, "")));
}

/** A body in words: of a poll its question, of what is deleted nothing. */
export function textOf(body: MessageBody): string {
  if (body.kind === "text") return body.text;
  return body.kind === "poll" ? body.question : "";
}

/** The beginning of a body, for a quote of it; null where it is deleted. */
export function excerptOf(body: MessageBody): string | null {
  if (body.kind === "deleted") return null;
  const text = textOf(body);
  if (text.length <= excerptCharsMax) return text;
  return `${text.slice(0, excerptCharsMax).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** Whether a text is one emoji, as a reaction is. */
export function isEmoji(text: string): boolean {
  return /^\p{RGI_Emoji}$/v.test(text);
}
