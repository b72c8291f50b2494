// Turns the text of a message into a tree. The client draws it and the server reads who it mentions, so that what is drawn
// as a mention notifies, and nothing else does. There is no string of HTML, so nothing has to be sanitised.
//
// Every character of a text is read a bounded number of times, whatever the text: see docs/decisions/0022. What is no
// markup stays readable as it was typed.

export type MarkdownNode =
  | { kind: "text"; text: string }
  /** A mention of a person by username, or of the room. */
  | { kind: "mention"; name: string }
  | { kind: "break" }
  | { kind: "rule" }
  | { kind: "code"; text: string }
  | { kind: "codeBlock"; text: string; language: string }
  | {
      kind: "strong" | "emphasis" | "strike" | "quote" | "paragraph" | "row" | "cell";
      children: MarkdownNode[];
    }
  /** An item of a list; of a list of tasks, with whether it is done. */
  | { kind: "item"; isDone?: boolean; children: MarkdownNode[] }
  /** Rows of cells. The first row is the head; `sides` is where the text of each column stands. */
  | { kind: "table"; sides: ("start" | "center" | "end")[]; children: MarkdownNode[] }
  | { kind: "list"; isOrdered: boolean; start: number; children: MarkdownNode[] }
  | { kind: "link"; href: string; children: MarkdownNode[] };

// The one global that is used here; every engine that runs this has it.
declare const URL: new (address: string) => { protocol: string; host: string; href: string };

/** What is nested deeper than this, as a block or as emphasis, is text. */
const nestingMax = 12;
/** A wider table is text. */
const tableColumnsMax = 20;

/** The length of six of the longest emoji, with spaces. */
const emojiOnlyCharsMax = 120;

/**
 * Parses the markdown of a message: bold, italic, strike, code, quotes, lists, tasks, tables, headings, lines and links.
 * Everything else is text. Never throws.
 */
export function parseMarkdown(text: string): MarkdownNode[] {
  const tree = parseBlocks(text.split("\n"), 0);
  // A text of spaces or line ends alone must not look like nothing, and one of dashes alone is what somebody said.
  return tree.some(({ kind }) => kind !== "rule") ? tree : [asTyped(text.split("\n"))];
}

/** Returns a text on one line, without its marks for bold, code and so on, for space where only words fit. */
export function withoutMarks(text: string): string {
  return wordsOf(parseMarkdown(text)).replace(/\s+/g, " ").trim();
}

/** Whether a text is up to six emoji and nothing else. Those are shown large. */
export function isEmojiOnly(text: string): boolean {
  return text.length < emojiOnlyCharsMax && /^\p{RGI_Emoji}{1,6}$/v.test(text.replace(/\s+/g, ""));
}

/** Returns the names that a text mentions, in its order and as they were typed. */
export function namesMentioned(text: string): string[] {
  return text.includes("@") ? namesIn(parseMarkdown(text)) : [];
}

/** Returns the web addresses that a text links to, each once, with its text there. In the order of the text. */
export function linksIn(text: string): { url: string; label: string }[] {
  const links = new Map<string, string>();
  const visit = (nodes: readonly MarkdownNode[]) => {
    for (const node of nodes) {
      if (node.kind === "link" && /^https?:/.test(node.href)) {
        if (!links.has(node.href)) links.set(node.href, labelOf(node.children));
      } else if ("children" in node) visit(node.children);
    }
  };
  if (text.includes("http")) visit(parseMarkdown(text));
  return [...links].map(([url, label]) => ({ url, label }));
}

function labelOf(nodes: readonly MarkdownNode[]): string {
  return nodes
    .map((node) => ("text" in node ? node.text : "children" in node ? labelOf(node.children) : ""))
    .join("");
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

function wordsOf(nodes: readonly MarkdownNode[]): string {
  return nodes
    .map((node) => {
      if (node.kind === "mention") return `@${node.name}`;
      if ("text" in node) return node.text;
      if (!("children" in node)) return " ";
      const box = node.kind === "item" && node.isDone !== undefined ? (node.isDone ? "☑ " : "☐ ") : "";
      const words = box + wordsOf(node.children);
      return ["paragraph", "item", "quote", "list", "cell"].includes(node.kind) ? `${words} ` : words;
    })
    .join("");
}

function namesIn(nodes: readonly MarkdownNode[]): string[] {
  return nodes.flatMap((node) =>
    node.kind === "mention" ? [node.name] : "children" in node ? namesIn(node.children) : [],
  );
}

// Blocks. Each function takes lines and returns how many of them it has used.

type Block = { nodes: MarkdownNode[]; used: number };

const fence = /^ {0,3}(`{3,}(?!.*`)|~{3,})(.*)$/;
const quoteMark = /^ {0,3}>(?=[ \t>]|$)[ \t]?/;
const bullet = /^([ \t]*)([-*]|(?:0|[1-9]\d{0,8})\.)([ \t]+)(?=\S)/;
/** The box before a task. */
const task = /^\[([ xX])\][ \t]+(?=\S)/;
/** What the line below the head of a table is made of. */
const delimiters = /^[-|: \t]+$/;
const heading = /^ {0,3}#{1,6}[ \t]+\S/;
const indented = /^(?: {4}|\t)/;
/** What every line begins with that is no plain text. Most lines are told by this alone. */
const blockSign = /^(?: {0,3}[`~#>_]|[ \t]*[-*\d]| {4}|\t)/;

function parseBlocks(lines: readonly string[], depth: number): MarkdownNode[] {
  const nodes: MarkdownNode[] = [];
  let at = 0;
  while (at < lines.length) {
    const block = isBlank(lines[at]!) ? { nodes: [], used: 1 } : parseBlock(lines, at, depth);
    nodes.push(...block.nodes);
    at += block.used;
  }
  return nodes;
}

function parseBlock(lines: readonly string[], at: number, depth: number): Block {
  const line = lines[at]!;
  if (!blockSign.test(line)) return parseText(lines, at, depth);
  if (fence.test(line)) return parseFence(lines, at);
  if (isRule(line)) return { nodes: [{ kind: "rule" }], used: 1 };
  if (heading.test(line)) {
    // A chat has no chapters, so a heading is bold text.
    const strong: MarkdownNode = { kind: "strong", children: parseInline(line.trim()) };
    return { nodes: [{ kind: "paragraph", children: [strong] }], used: 1 };
  }
  if (depth < nestingMax) {
    if (isQuote(line)) return parseQuote(lines, at, depth);
    if (bullet.test(line)) return parseList(lines, at, depth);
  }
  if (indented.test(line)) return parseIndented(lines, at);
  return parseText(lines, at, depth);
}

function parseText(lines: readonly string[], at: number, depth: number): Block {
  return beginsTable(lines, at) ? parseTable(lines, at, depth) : parseParagraph(lines, at, depth);
}

function parseFence(lines: readonly string[], at: number): Block {
  const [, mark = "", info = ""] = fence.exec(lines[at]!)!;
  let end = at + 1;
  while (end < lines.length && !closesFence(lines[end]!, mark)) end += 1;
  const content = lines.slice(at + 1, end);
  const word = info.trim();
  const isLanguage = /^[\w+#.-]*$/.test(word);
  // What is typed on the line of the fence and names no language belongs to the code.
  const text = (isLanguage ? content : [word, ...content]).join("\n");
  const used = Math.min(end + 1, lines.length) - at;
  if (text.trim() === "" && content.length === 0)
    return { nodes: [asTyped(lines.slice(at, at + used))], used };
  return { nodes: [{ kind: "codeBlock", text, language: isLanguage ? word : "" }], used };
}

function closesFence(line: string, mark: string): boolean {
  const closing = line.trim();
  return closing.length >= mark.length && closing === mark[0]!.repeat(closing.length) && !indented.test(line);
}

function parseQuote(lines: readonly string[], at: number, depth: number): Block {
  let end = at;
  while (end < lines.length && isQuote(lines[end]!)) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(quoteMark, ""));
  const children = parseBlocks(inner, depth + 1);
  if (children.length === 0) return { nodes: [asTyped(lines.slice(at, end))], used: end - at };
  return { nodes: [{ kind: "quote", children }], used: end - at };
}

/**
 * A list ends where something else begins: with a line that is neither an item of it nor indented below one. The numbers of
 * its items go up by one; where they don't, another list begins, so that every number is shown as it was typed.
 */
function parseList(lines: readonly string[], at: number, depth: number): Block {
  const [, , first = ""] = bullet.exec(lines[at]!)!;
  const isOrdered = first.endsWith(".");
  const start = isOrdered ? Number.parseInt(first, 10) : 1;
  const children: MarkdownNode[] = [];
  const margin = indentOf(lines[at]!);
  let next = at;
  while (next < lines.length) {
    const line = lines[next]!;
    const marker = bullet.exec(line);
    const sign = isOrdered ? `${start + children.length}.` : first;
    if (marker?.[2] !== sign || indentOf(line) >= margin + 2 || isRule(line)) break;
    const content = marker[0].length;
    let end = next + 1;
    // A blank line belongs to the item if what follows it is indented.
    while (
      end < lines.length &&
      (isBlank(lines[end]!) ? isInside(lines[end + 1], margin) : isInside(lines[end], margin))
    )
      end += 1;
    const inner = lines.slice(next + 1, end).map((other) => dedent(other, content));
    const [box, done = ""] = task.exec(line.slice(content)) ?? [""];
    const own = parseBlocks([line.slice(content + box.length), ...inner], depth + 1);
    children.push({ kind: "item", ...(box === "" ? {} : { isDone: done !== " " }), children: own });
    next = end;
    // Between two items there may be a blank line.
    if (isBlank(lines[next] ?? "x") && bullet.test(lines[next + 1] ?? "")) next += 1;
  }
  while (isBlank(lines[next - 1]!)) next -= 1;
  return { nodes: [{ kind: "list", isOrdered, start, children }], used: next - at };
}

/** A table has two columns or more, and below its head a line of as many runs of dashes (GFM 4.10). */
function beginsTable(lines: readonly string[], at: number): boolean {
  if (!lines[at]!.includes("|") || !delimiters.test(lines[at + 1] ?? "")) return false;
  const sides = cellsOf(lines[at + 1]!);
  return (
    sides.length > 1 &&
    sides.length <= tableColumnsMax &&
    sides.every((side) => /^:?-+:?$/.test(side)) &&
    sides.length === cellsOf(lines[at]!).length
  );
}

function parseTable(lines: readonly string[], at: number, depth: number): Block {
  const sides = cellsOf(lines[at + 1]!).map((cell) =>
    cell.endsWith(":") ? (cell.startsWith(":") ? ("center" as const) : ("end" as const)) : ("start" as const),
  );
  let end = at + 2;
  while (end < lines.length && lines[end]!.includes("|") && !interrupts(lines[end]!, depth)) end += 1;
  const rows = [lines[at]!, ...lines.slice(at + 2, end)].map((line): MarkdownNode => {
    const cells = cellsOf(line);
    // Nothing that was typed goes missing: what is too much stays in the last column. What is missing is not made up, or a
    // message of many short lines would be drawn as a million cells.
    const last = sides.length - 1;
    const fitting =
      cells.length > sides.length ? [...cells.slice(0, last), cells.slice(last).join(" | ")] : cells;
    return {
      kind: "row",
      children: fitting.map((cell) => ({ kind: "cell", children: parseInline(cell) })),
    };
  });
  return { nodes: [{ kind: "table", sides, children: rows }], used: end - at };
}

function cellsOf(line: string): string[] {
  const inner = line
    .trim()
    .replace(/^\|/, "")
    .replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function parseIndented(lines: readonly string[], at: number): Block {
  let end = at;
  while (end < lines.length && indented.test(lines[end]!)) end += 1;
  const text = lines
    .slice(at, end)
    .map((line) => line.replace(indented, ""))
    .join("\n");
  return { nodes: [{ kind: "codeBlock", text, language: "" }], used: end - at };
}

function parseParagraph(lines: readonly string[], at: number, depth: number): Block {
  let end = at + 1;
  while (
    end < lines.length &&
    !isBlank(lines[end]!) &&
    !interrupts(lines[end]!, depth) &&
    !beginsTable(lines, end)
  )
    end += 1;
  const text = lines
    .slice(at, end)
    .map((line) => line.trimEnd())
    .join("\n");
  return { nodes: [{ kind: "paragraph", children: parseInline(text) }], used: end - at };
}

/** Whether a block begins with a line right below a paragraph. A number there is one, unless a list begins with it. */
function interrupts(line: string, depth: number): boolean {
  if (!blockSign.test(line)) return false;
  if (fence.test(line) || heading.test(line) || isRule(line)) return true;
  if (depth >= nestingMax) return false;
  return isQuote(line) || ["-", "*", "1."].includes(bullet.exec(line)?.[2] ?? "");
}

function asTyped(lines: readonly string[]): MarkdownNode {
  return {
    kind: "paragraph",
    children: lines.flatMap((text, index): MarkdownNode[] =>
      index === 0 ? [{ kind: "text", text }] : [{ kind: "break" }, { kind: "text", text }],
    ),
  };
}

function isBlank(line: string): boolean {
  return line.trim() === "";
}

function isQuote(line: string): boolean {
  return quoteMark.test(line);
}

function isRule(line: string): boolean {
  // Most lists end here: their items have something behind the mark.
  if (!/^ {0,3}[-*_][-*_ \t]+$/.test(line)) return false;
  const marks = line.replace(/[ \t]/g, "");
  return marks.length >= 3 && marks === marks[0]!.repeat(marks.length);
}

/** Whether a line is indented below an item that begins at `margin`. */
function isInside(line: string | undefined, margin: number): boolean {
  return line !== undefined && !isBlank(line) && indentOf(line) >= margin + 2;
}

/** How many characters of space a line begins with; a tab counts as one, and as enough to be inside of an item. */
function indentOf(line: string): number {
  const [space = ""] = /^[ \t]*/.exec(line)!;
  return space.includes("\t") ? space.length + 3 : space.length;
}

function dedent(line: string, width: number): string {
  const space = line.length - line.trimStart().length;
  return line.slice(line.startsWith("\t") ? 1 : Math.min(space, width));
}

// Inline. A text is read once from left to right into a list of pieces. Emphasis and links are closed on a stack.

type Piece =
  | MarkdownNode
  /** A run of marks that may begin emphasis, or a bracket that may begin a link. Text if nothing closes it. */
  | { kind: "opener"; mark: string };
type Opener = { mark: string; at: number };
/** What is begun and not closed: at most `nestingMax` emphasis, and the brackets, by where they are among the pieces. */
type Open = { emphasis: Opener[]; brackets: number[] };

const emphasisOf: Record<string, readonly ("strong" | "emphasis" | "strike")[]> = {
  "*": ["emphasis"],
  _: ["emphasis"],
  "**": ["strong"],
  __: ["strong"],
  "***": ["strong", "emphasis"],
  ___: ["strong", "emphasis"],
  "~~": ["strike"],
};
/** Scripts with spaces between words: a mark inside of their words is part of the word. */
const spaced = "\\p{Script=Latin}\\p{Script=Greek}\\p{Script=Cyrillic}\\p{N}";
const wordBefore = new RegExp(`[${spaced}]$`, "u");
const wordAfter = new RegExp(`^[${spaced}]`, "u");
const hasSpecial = /[\\`*_~[\]<\n]|https?:\/\/|www\./i;
const addressStart = /https?:\/\/|www\./iy;
const plainRun = /[^\\`*_~[\]<\nhHwW]+/y;
const ticks = /`+/y;
const marks = /\*+|_+|~+/y;
const bareAddress = /(?:https?:\/\/|www\.)[^\s<>\u00bb\u201c\u201d\u2026\u3001-\u300f\uff01-\uff1f]+/iy;
const angleAddress = /<((?:https?:\/\/|mailto:)[^\s<>]+)>/iy;
const target = /\]\(([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)\)/y;

function parseInline(text: string): MarkdownNode[] {
  if (!hasSpecial.test(text)) return withMentions(text);
  const pieces: Piece[] = [];
  const open: Open = { emphasis: [], brackets: [] };
  const codeEnds = findTicks(text);
  let at = 0;
  const match = (expression: RegExp) => {
    expression.lastIndex = at;
    return expression.exec(text);
  };
  const push = (value: string) => pieces.push({ kind: "text", text: value });
  while (at < text.length) {
    const sign = text[at]!;
    if (!"\\`*_~[]<\n".includes(sign)) {
      const start = "hHwW".includes(sign) ? match(addressStart)?.[0] : undefined;
      if (start !== undefined) at = readAddress(text, at, start, pieces, open);
      else {
        const run = match(plainRun)?.[0] ?? sign;
        push(run);
        at += run.length;
      }
    } else if (sign === "\n") {
      pieces.push({ kind: "break" });
      at += 1;
    } else if (sign === "\\") {
      // Both signs stay readable: in a path, a shrug or an expression the backslash means itself.
      const length = /[!-/:-@[-`{-~]/.test(text[at + 1] ?? "") ? 2 : 1;
      push(text.slice(at, at + length));
      at += length;
    } else if (sign === "`") {
      const length = match(ticks)![0].length;
      const end = codeEnds(length, at + length);
      if (end === null) push(text.slice(at, at + length));
      else pieces.push({ kind: "code", text: toCode(text.slice(at + length, end)) });
      at = end === null ? at + length : end + length;
    } else if (sign === "[") {
      open.brackets.push(pieces.length);
      pieces.push({ kind: "opener", mark: "[" });
      at += 1;
    } else if (sign === "]") {
      const link = match(target);
      const begin = open.brackets.pop();
      if (link && begin !== undefined && closeLink(pieces, open, begin, link[1]!)) at += link[0].length;
      else {
        push("]");
        at += 1;
      }
    } else if (sign === "<") {
      const [all = "<", address = ""] = match(angleAddress) ?? [];
      const href = safeHref(address);
      if (href === null) push(all);
      else pushLink(pieces, open, href, address);
      at += all.length;
    } else {
      const [all] = match(marks)!;
      const before = text.slice(Math.max(0, at - 2), at);
      at += all.length;
      readMarks(pieces, open, all, { before, after: text.slice(at, at + 2) });
    }
  }
  return finish(pieces);
}

/** Reads what may be a bare address. Returns where it ends. */
function readAddress(text: string, at: number, start: string, pieces: Piece[], open: Open): number {
  const isInWord = wordBefore.test(text.slice(Math.max(0, at - 2), at));
  bareAddress.lastIndex = at;
  const found = isInWord ? undefined : bareAddress.exec(text)?.[0];
  // In the text of a link it is what is written there, and the link leads elsewhere.
  const label = open.brackets.length > 0 ? found?.indexOf("](") : undefined;
  const isLabel = label !== undefined && label >= 0;
  const typed = found?.slice(0, isLabel ? label : undefined) ?? start;
  const address = withoutSentenceEnd(typed);
  const href =
    typed === start || isLabel ? null : safeHref(/^www\./i.test(address) ? `http://${address}` : address);
  if (href !== null) {
    pushLink(pieces, open, href, address);
    return at + address.length;
  }
  // What is no address is text as a whole, so that no part of it is tried again.
  pieces.push({ kind: "text", text: typed });
  return at + typed.length;
}

/** Where runs of backticks are, by their length: a span of code ends with the next run of the length that began it. */
function findTicks(text: string): (length: number, after: number) => number | null {
  if (!text.includes("`")) return () => null;
  const runs = new Map<number, { starts: number[]; next: number }>();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    const known = runs.get(run.length) ?? { starts: [], next: 0 };
    known.starts.push(index);
    runs.set(run.length, known);
  }
  return (length, after) => {
    const run = runs.get(length);
    if (!run) return null;
    // Asked for from left to right, so what lies behind is never looked at again.
    while (run.next < run.starts.length && run.starts[run.next]! < after) run.next += 1;
    return run.starts[run.next] ?? null;
  };
}

function toCode(text: string): string {
  const line = text.replaceAll("\n", " ");
  return line.length > 2 && line.startsWith(" ") && line.endsWith(" ") && line.trim() !== ""
    ? line.slice(1, -1)
    : line;
}

/** A room or a message of the chat, without a host: whichever name the server has where it is read. */
const pageOfChat = /^\/chat\/[A-Za-z0-9-]{1,64}(?:\/\d{1,15})?$/;

/** Links do not lie in each other, so no bracket that is open begins another one. */
function pushLink(pieces: Piece[], open: Open, href: string, label: string): void {
  open.brackets.length = 0;
  pieces.push({ kind: "link", href, children: [{ kind: "text", text: label }] });
}

/** Makes a link of what follows the bracket `at`. Returns false if it leads nowhere that a click may open. */
function closeLink(pieces: Piece[], open: Open, at: number, address: string): boolean {
  const isOwn = pageOfChat.test(address);
  const href = isOwn ? address : safeHref(address);
  if (href === null) return false;
  const children = finish(pieces.slice(at + 1));
  const label = wordsOf(children);
  // What cannot be seen cannot be judged before it is pressed.
  if (label.trim() === "") return false;
  while (open.emphasis.length > 0 && open.emphasis.at(-1)!.at > at) open.emphasis.pop();
  open.brackets.length = 0;
  pieces.length = at;
  pieces.push({ kind: "link", href, children });
  if (isOwn) return true;
  const { host } = new URL(href);
  // A text that names a host must not hide another one.
  const named = /^(?:https?:\/\/)?(?:www\.)?((?:[\p{L}\p{N}-]+\.)+\p{L}{2,})/iu.exec(label.trim())?.[1];
  if (named && host && named.toLowerCase() !== host.replace(/^www\./, ""))
    pieces.push({ kind: "text", text: ` (${host})` });
  return true;
}

/** The address without what ends the sentence around it. A closing bracket belongs to it if it was opened in it. */
function withoutSentenceEnd(typed: string): string {
  let end = typed.length;
  let [round, square] = [0, 0];
  for (const sign of typed) {
    round += sign === "(" ? 1 : sign === ")" ? -1 : 0;
    square += sign === "[" ? 1 : sign === "]" ? -1 : 0;
  }
  for (; end > 0; end -= 1) {
    const last = typed[end - 1]!;
    if (last === ")" && round < 0) round += 1;
    else if (last === "]" && square < 0) square += 1;
    else if (!".,:;!?'\"*_~`}".includes(last)) break;
  }
  return typed.slice(0, end);
}

/**
 * Reads a run of marks. It can close emphasis if it follows something, begin it if something follows, and is part of a
 * word if it lies inside of one.
 */
function readMarks(
  pieces: Piece[],
  open: Open,
  all: string,
  { before, after }: { before: string; after: string },
): void {
  const { emphasis, brackets } = open;
  let mark = all;
  if (emphasisOf[mark] && /\S$/.test(before) && !wordAfter.test(after)) {
    while (mark !== "") {
      // The opener of the same marks or, for three, the last one of one or two.
      const index = emphasis.findLastIndex(
        (opener) => opener.mark === mark || (mark.length === 3 && mark.startsWith(opener.mark)),
      );
      if (index < 0) break;
      const { at, mark: opened } = emphasis[index]!;
      const children = finish(pieces.slice(at + 1));
      // "__init__" and "_some_name_" are names.
      const isName =
        mark.startsWith("_") &&
        /^\w+$/.test(wordsOf(children)) &&
        (mark.length > 1 || /_/.test(wordsOf(children)));
      // Tried once, so that what lies between is not read again for each mark after it.
      if (isName) emphasis.length = index;
      if (children.length === 0 || isName) break;
      emphasis.length = index;
      while (brackets.length > 0 && brackets.at(-1)! > at) brackets.pop();
      pieces.length = at;
      pieces.push(
        emphasisOf[opened]!.reduceRight<MarkdownNode[]>(
          (inner, kind) => [{ kind, children: inner }],
          children,
        )[0]!,
      );
      mark = mark.slice(opened.length);
    }
    if (mark === "") return;
  }
  const isOpening = emphasisOf[mark] && /^\S/.test(after) && !wordBefore.test(before);
  if (isOpening && mark === all && emphasis.length < nestingMax) {
    emphasis.push({ mark, at: pieces.length });
    pieces.push({ kind: "opener", mark });
  } else pieces.push({ kind: "text", text: mark });
}

/** The pieces as nodes. What was never closed is text, and texts that touch are one, in which mentions are found. */
function finish(pieces: readonly Piece[]): MarkdownNode[] {
  const nodes: MarkdownNode[] = [];
  let text = "";
  const flush = () => {
    if (text !== "") nodes.push(...withMentions(text));
    text = "";
  };
  for (const piece of pieces) {
    if (piece.kind === "text") text += piece.text;
    else if (piece.kind === "opener") text += piece.mark;
    else {
      flush();
      nodes.push(piece);
    }
  }
  flush();
  return nodes;
}

// Usernames are plain ASCII. An @ right after a letter, a digit or one of _@./- is part of an email address or a path, and
// a name goes on with any letter of a script that has spaces between its words. Other scripts have none: "请@bob看一下".
const mention = new RegExp(
  `(?<![${spaced}_@./-])@([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?![${spaced}\\p{M}])`,
  "uy",
);
const emailBefore = /[A-Za-z0-9._%+-]{1,64}$/;
const emailAfter = /[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}(?<!-)/y;

function withMentions(text: string): MarkdownNode[] {
  const nodes: MarkdownNode[] = [];
  let end = 0;
  const push = (start: number, after: number, node: MarkdownNode) => {
    if (start < end) return;
    if (start > end) nodes.push({ kind: "text", text: text.slice(end, start) });
    nodes.push(node);
    end = after;
  };
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    mention.lastIndex = at;
    const named = mention.exec(text);
    if (named) {
      push(at, at + named[0].length, { kind: "mention", name: named[1]! });
      continue;
    }
    const [local = ""] = emailBefore.exec(text.slice(Math.max(0, at - 64), at)) ?? [];
    emailAfter.lastIndex = at + 1;
    const [domain = ""] = emailAfter.exec(text) ?? [];
    if (local === "" || domain === "") continue;
    const address = `${local}@${domain}`;
    const children: MarkdownNode[] = [{ kind: "text", text: address }];
    push(at - local.length, at + 1 + domain.length, { kind: "link", href: `mailto:${address}`, children });
  }
  if (end < text.length) nodes.push({ kind: "text", text: text.slice(end) });
  return nodes;
}
