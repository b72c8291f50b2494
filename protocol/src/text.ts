// Functions that interpret texts. Separate from the schemas, so that the client can import them without bundling zod.
import type { MessageBody } from "./entities.ts";
import type { FileInfo } from "./files.ts";
import { excerptCharsMax, mentionsPerMessageMax } from "./limits.ts";
import { namesMentioned, withoutMarks } from "./markdown.ts";

/** Who a text mentions: people by lower-case username, everyone in the room, everyone who is online. */
export type Mentions = { names: readonly string[]; room: boolean; here: boolean };

/** Returns whether a lower-case name mentions everyone. No account can have such a name. */
export function isEveryoneName(name: string): boolean {
  return name === "room" || name === "all" || name === "everyone";
}

/**
 * Returns who a text mentions: the mentions in its tree, so none inside of code. At most `mentionsPerMessageMax` names are kept.
 */
export function mentionsIn(text: string): Mentions {
  const names = new Set<string>();
  let room = false;
  let here = false;
  for (const name of namesMentioned(text)) {
    const key = name.toLowerCase();
    if (isEveryoneName(key)) room = true;
    else if (key === "here") here = true;
    else if (names.size < mentionsPerMessageMax) names.add(key);
  }
  return { names: [...names], room, here };
}

/**
 * Returns a text in the form in which its words are compared. NFKC makes full-width and other variants of a letter equal,
 * and invisible characters are removed, so that neither hides a word. "ß" is "ss", as in capitals and in Switzerland.
 */
export function wordForm(text: string): string {
  return text
    .normalize("NFKC")
    .replace(/[\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, "")
    .toLowerCase()
    .replaceAll("ß", "ss");
}

/** Returns the distinct words of a text in the form of `wordForm`, for keywords and the word filter. */
export function wordsIn(text: string): Set<string> {
  const found = wordForm(text).match(/[\p{L}\p{N}][\p{L}\p{N}_'-]*/gu) ?? [];
  // "_word_" and "'word'" are a word with marks around it.
  return new Set(found.map((word) => withoutEnd(word, "_'-")));
}

/**
 * A text without any of the marks at its end. In time that grows with the text alone: an expression for the same, such
 * as /[_-]+$/, looks at a run of marks once for each of them.
 */
export function withoutEnd(text: string, marks: string): string {
  let end = text.length;
  while (end > 0 && marks.includes(text[end - 1]!)) end -= 1;
  return text.slice(0, end);
}

/** Returns the plain text of a body: the question of a poll, nothing for a deleted message. */
export function textOf(body: MessageBody): string {
  if (body.kind === "text") return body.text;
  return body.kind === "poll" ? body.question : "";
}

/** Returns the files of a body. */
export function filesOf(body: MessageBody): readonly FileInfo[] {
  return body.kind === "text" ? (body.files ?? []) : [];
}

/**
 * Returns the plain text of a body for where only text can be shown, followed by its files in brackets: what each shows if
 * somebody has written it, otherwise its name.
 */
export function fullTextOf(body: MessageBody): string {
  const names = filesOf(body).map((file) => `[${file.alt ?? file.name}]`);
  return [textOf(body), ...names].filter((part) => part !== "").join("\n");
}

/** Returns what a body says in plain words, for where it is spoken or only words fit: without marks, its files in brackets. */
export function wordsOfBody(body: MessageBody): string {
  const names = filesOf(body).map((file) => `[${file.alt ?? file.name}]`);
  return [withoutMarks(textOf(body)), ...names].filter((part) => part !== "").join(" ");
}

/** Returns the beginning of a body for quotes and previews: its text, or else the names of its files. Null if it is deleted. */
export function excerptOf(body: MessageBody): string | null {
  if (body.kind === "deleted") return null;
  const text =
    textOf(body) ||
    filesOf(body)
      .map((file) => file.name)
      .join(", ");
  return text.length <= excerptCharsMax ? text : `${cutText(text, excerptCharsMax)}…`;
}

/** The beginning of a text, which does not end within a sign. */
export function cutText(text: string, charsMax: number): string {
  return text.slice(0, charsMax).replace(/[\ud800-\udbff]$/, "");
}

const customEmoji = /^:([a-z0-9_+-]{2,32}):$/;

/** Returns the name of one of the server's own emoji, written `:name:`. Null if the text is something else. */
export function customEmojiName(text: string): string | null {
  return customEmoji.exec(text)?.[1] ?? null;
}

/** Returns whether a text is exactly one emoji, as a reaction has to be. */
export function isEmoji(text: string): boolean {
  return /^\p{RGI_Emoji}$/v.test(text);
}
