import { previewTextCharsMax, previewTitleCharsMax } from "@novax/protocol/limits";
import { decodeHTML } from "entities";

/** What a page says about itself, for people. */
export type PageWords = {
  title: string;
  /** Empty if it says no more. */
  text: string;
  /** Null if it names no picture, or one that is not on the web. */
  picture: URL | null;
};

/** Enough to find out how a page is written; the HTML standard takes as many. */
const encodingWithinBytes = 1024;
/** Of a title that was not closed: what follows is the page. */
const titleCharsMax = 1000;

/**
 * Reads what the head of a page says about it: Open Graph's properties first, then those of its own. Null if it has no title.
 * `charset` is what the answer said, or null. One pass over the head, however it is nested.
 */
export function readPage(
  bytes: Uint8Array,
  { url, charset }: { url: URL; charset: string | null },
): PageWords | null {
  const html = headOf(decode(bytes, charset));
  const facts = new Map<string, string>();
  const note = (name: string, value: string | null) => {
    if (value !== null && value.trim() !== "" && !facts.has(name)) facts.set(name, value);
  };
  let title: string | null = null;
  const rewriter = new HTMLRewriter()
    .on("meta", {
      element: (element) => {
        const name = element.getAttribute("property") ?? element.getAttribute("name");
        if (name !== null) note(name.trim().toLowerCase(), element.getAttribute("content"));
      },
    })
    .on("title", {
      text: ({ text, lastInTextNode }) => {
        if (facts.has("title")) return;
        title = (title ?? "") + text.slice(0, titleCharsMax - (title?.length ?? 0));
        if (lastInTextNode) note("title", title);
      },
    });
  rewriter.transform(html);
  note("title", title);
  const first = (...names: string[]) =>
    names.map((name) => facts.get(name)).find((value) => value !== undefined);
  const words = (value: string | undefined, max: number) => toWords(decodeHTML(value ?? ""), max);
  const shown = words(first("og:title", "twitter:title", "title"), previewTitleCharsMax);
  if (shown === "") return null;
  const text = words(first("og:description", "twitter:description", "description"), previewTextCharsMax);
  const address = first(
    "og:image:secure_url",
    "og:image",
    "og:image:url",
    "twitter:image",
    "twitter:image:src",
  );
  const picture = address === undefined ? null : URL.parse(decodeHTML(address).trim(), url.href);
  const isOnWeb = picture !== null && /^https?:$/.test(picture.protocol);
  return { title: shown, text: text === shown ? "" : text, picture: isOnWeb ? picture : null };
}

/** One line of plain text: without signs that hide or turn what is around them. Cut at a whole character. */
export function toWords(text: string, max: number): string {
  const line = text
    .replace(/[\p{Default_Ignorable_Code_Point}--[\u200c\u200d\ufe0f]]/gv, "")
    .replace(/[\p{Control}\p{Surrogate}\s]+/gv, " ")
    .trim();
  if (line.length <= max) return line;
  let end = 0;
  for (const { index, segment } of new Intl.Segmenter().segment(line.slice(0, 2 * max))) {
    if (index + segment.length > max - 1) break;
    end = index + segment.length;
  }
  return `${line.slice(0, end).trimEnd()}…`;
}

/** What comes before the page's content. */
function headOf(html: string): string {
  const end = html.search(/<body[\s>]/i);
  return end < 0 ? html : html.slice(0, end);
}

/** By its byte order mark, what the answer said, or what it says itself; UTF-8 otherwise. */
function decode(bytes: Uint8Array, charset: string | null): string {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, encodingWithinBytes));
  const said = /<meta[^>]{1,200}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w-]{1,40})/i.exec(start)?.[1];
  const marked = start.startsWith("\u00ff\u00fe")
    ? "utf-16le"
    : start.startsWith("\u00fe\u00ff")
      ? "utf-16be"
      : null;
  for (const label of [marked, charset, said]) {
    if (label === null || label === undefined) continue;
    try {
      return new TextDecoder(label as Bun.Encoding).decode(bytes);
    } catch {
      // It names an encoding that nobody knows.
    }
  }
  return new TextDecoder().decode(bytes);
}
