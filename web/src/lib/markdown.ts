// Turns text into a tree. The tree is drawn as elements. There is no string of HTML, so nothing has to be sanitised.
import { findMentions } from "@novax/protocol/text";
import { Lexer, type Token, type Tokens } from "marked";

export type MarkdownNode =
  | { kind: "text"; text: string }
  /** A mention of a person by username, or of the room. */
  | { kind: "mention"; name: string }
  | { kind: "break" }
  | { kind: "rule" }
  | { kind: "code"; text: string }
  | { kind: "codeBlock"; text: string; language: string }
  | { kind: "strong" | "emphasis" | "strike" | "quote" | "paragraph" | "item"; children: MarkdownNode[] }
  | { kind: "list"; isOrdered: boolean; start: number; children: MarkdownNode[] }
  | { kind: "link"; href: string; children: MarkdownNode[] };

/** A text that nests deeper than this is not meant to be read. It is shown as plain text. */
const nestingMax = 12;
/** A text with more marks than this outside of code is shown as plain text too. */
const marksMax = 600;
/** And one with a list item of more lines, or with more headings that are underlined. The parser reads those again and again. */
const itemLinesMax = 40;

/** The length of six of the longest emoji, with spaces. */
const emojiOnlyCharsMax = 120;

/**
 * Parses the markdown of a message: bold, italic, strike, code, quotes, lists and links. Everything else is text. Never
 * throws.
 */
export function parseMarkdown(text: string): MarkdownNode[] {
  if (isCostly(text)) return plain(text);
  try {
    const tree = blocks(new Lexer({ gfm: true, breaks: true }).lex(text));
    // "#" alone is an empty heading. A message must not look empty.
    return tree.some(showsSomething) ? tree : plain(text);
  } catch {
    return plain(text);
  }
}

/** Returns a text on one line, without its marks for bold, code and so on, for space where only words fit. */
export function withoutMarks(text: string): string {
  return text
    .replace(/```\w*/g, " ")
    .replace(/(\*\*|~~|`)/g, "")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(?:>|[-*+]|#+)\s/gm, "")
    .replace(/\s+/g, " ")
    .trim();
}

/** Whether a text is up to six emoji and nothing else. Those are shown large. */
export function isEmojiOnly(text: string): boolean {
  return text.length < emojiOnlyCharsMax && /^\p{RGI_Emoji}{1,6}$/v.test(text.replace(/\s+/g, ""));
}

/** The address if a click may open it; null for `javascript:`, `data:` and all other schemes. */
export function safeHref(href: string): string | null {
  try {
    const url = new URL(href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function showsSomething(node: MarkdownNode): boolean {
  if ("children" in node) return node.children.some(showsSomething);
  return node.kind === "rule" || node.kind === "mention" || ("text" in node && node.text.trim() !== "");
}

function plain(text: string): MarkdownNode[] {
  return [{ kind: "paragraph", children: lines(text) }];
}

function blocks(tokens: readonly Token[]): MarkdownNode[] {
  return tokens.flatMap((token): MarkdownNode[] => {
    switch (token.type) {
      case "space":
        return [];
      case "paragraph":
      case "text":
        return [{ kind: "paragraph", children: inlineOf(token as Tokens.Paragraph) }];
      case "heading":
        // A chat has no chapters, so a heading is shown as bold text.
        return [
          { kind: "paragraph", children: [{ kind: "strong", children: inlineOf(token as Tokens.Heading) }] },
        ];
      case "code":
        return [
          {
            kind: "codeBlock",
            text: token.text as string,
            language: firstWord(token.lang as string | undefined),
          },
        ];
      case "blockquote":
        return [{ kind: "quote", children: blocks((token as Tokens.Blockquote).tokens) }];
      case "list":
        return [toList(token as Tokens.List)];
      case "hr":
        return [{ kind: "rule" }];
      case "table":
        // Its text is formatted as elsewhere; the lines stay as they were written.
        return [
          {
            kind: "paragraph",
            children: inline(new Lexer({ gfm: true, breaks: true }).inlineTokens(token.raw.trimEnd())),
          },
        ];
      default:
        return plain(token.raw.replace(/\n+$/, ""));
    }
  });
}

function toList(token: Tokens.List): MarkdownNode {
  const start = typeof token.start === "number" ? token.start : 1;
  const children = token.items.map((item): MarkdownNode => ({ kind: "item", children: blocks(item.tokens) }));
  return { kind: "list", isOrdered: token.ordered, start, children };
}

function inlineOf(token: { tokens?: Token[] | undefined; text: string }): MarkdownNode[] {
  return token.tokens ? inline(token.tokens) : lines(token.text);
}

function inline(tokens: readonly Token[]): MarkdownNode[] {
  return tokens.flatMap((token): MarkdownNode[] => {
    switch (token.type) {
      case "strong":
        return [{ kind: "strong", children: inline((token as Tokens.Strong).tokens) }];
      case "em":
        return [{ kind: "emphasis", children: inline((token as Tokens.Em).tokens) }];
      case "del":
        return [{ kind: "strike", children: inline((token as Tokens.Del).tokens) }];
      case "codespan":
        return [{ kind: "code", text: token.text as string }];
      case "br":
        return [{ kind: "break" }];
      case "link":
        return toLink(token as Tokens.Link);
      case "escape":
        return [{ kind: "text", text: token.text as string }];
      case "text":
        return (token as Tokens.Text).tokens
          ? inline((token as Tokens.Text).tokens!)
          : lines(token.text as string);
      default:
        return lines(token.raw);
    }
  });
}

function toLink(token: Tokens.Link): MarkdownNode[] {
  // A bare address ends where a sentence in any script would.
  const [bare = ""] = token.raw === token.text ? token.text.split(addressEnd, 1) : [token.raw];
  if (bare !== token.raw) {
    const [link] = new Lexer({ gfm: true }).inlineTokens(bare);
    return [...(link ? inline([link]) : []), ...lines(token.raw.slice(bare.length))];
  }
  const href = safeHref(token.href);
  if (href === null) return lines(token.raw);
  const link: MarkdownNode = { kind: "link", href, children: inline(token.tokens) };
  const { host } = new URL(href);
  // A text that names a host must not hide another one.
  const named = /^(?:https?:\/\/)?(?:www\.)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})/iu.exec(token.text)?.[1];
  const isOther = named && host && named.toLowerCase() !== host.replace(/^www\./, "");
  return isOther ? [link, { kind: "text", text: ` (${host})` }] : [link];
}

const addressEnd = /[\u00bb\u201c\u201d\u2026\u3001-\u300f\uff01-\uff1f]/;

function lines(text: string): MarkdownNode[] {
  return text
    .split("\n")
    .flatMap((line, index): MarkdownNode[] =>
      index === 0 ? withMentions(line) : [{ kind: "break" }, ...withMentions(line)],
    );
}

function withMentions(line: string): MarkdownNode[] {
  const nodes: MarkdownNode[] = [];
  let end = 0;
  for (const { name, start, end: after } of findMentions(line)) {
    if (start > end) nodes.push({ kind: "text", text: line.slice(end, start) });
    nodes.push({ kind: "mention", name });
    end = after;
  }
  if (end < line.length || nodes.length === 0) nodes.push({ kind: "text", text: line.slice(end) });
  return nodes;
}

function firstWord(text: string | undefined): string {
  return text?.split(/\s/)[0] ?? "";
}

/**
 * Whether a text is made to be costly: deep nesting, or so many marks that the parser would scan the text again and
 * again. Text in a code block is not parsed and costs nothing, so it is left out.
 */
function isCostly(text: string): boolean {
  const outside = text.replace(/^```.*?^```/gms, "");
  const opening = new RegExp(`^(?:[ \\t]*(?:>|[-*+][ \\t]|\\d+[.)][ \\t])){${nestingMax},}`, "m");
  return (
    opening.test(outside) ||
    /[[!*_~`]{24,}/.test(outside) ||
    (outside.match(/[[\]<!*_~`&@]/g)?.length ?? 0) > marksMax ||
    hasLongItem(outside)
  );
}

/** Whether a list item goes on for too many lines, or too many lines underline what is above them. */
function hasLongItem(text: string): boolean {
  let [inItem, lines, underlines, isBlank] = [false, 0, 0, false];
  for (const line of text.split("\n")) {
    if (/^[ \t>]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)/.test(line)) [inItem, lines] = [true, 0];
    else if (inItem && line.trim() !== "") {
      // After a blank line an item goes on only with what is indented.
      if (isBlank && !/^[ \t]/.test(line)) inItem = false;
      else lines += 1;
    }
    if (/^ {0,3}(?:=+|-+)\s*$/.test(line)) underlines += 1;
    if (lines > itemLinesMax || underlines > itemLinesMax) return true;
    isBlank = line.trim() === "";
  }
  return false;
}
