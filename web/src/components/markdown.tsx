import type { ComponentChildren } from "preact";
import { isEmojiOnly, type MarkdownNode, parseMarkdown } from "../stores/markdown.ts";

/** A message's text, drawn from its syntax tree. */
export function Markdown({ text }: { text: string }) {
  if (isEmojiOnly(text)) return <p className="emoji-only">{text}</p>;
  return <>{parseMarkdown(text).map(draw)}</>;
}

function draw(node: MarkdownNode, key: number): ComponentChildren {
  switch (node.kind) {
    case "text":
      return node.text;
    case "break":
      return <br key={key} />;
    case "rule":
      return <hr key={key} />;
    case "code":
      return <code key={key}>{node.text}</code>;
    case "codeBlock":
      return (
        // Reachable by keyboard, so that a long line can be scrolled without a mouse.
        <pre
          key={key}
          tabIndex={0}
          role="region"
          aria-label={node.language === "" ? "Code" : `Code, ${node.language}`}
        >
          <code>{node.text}</code>
        </pre>
      );
    case "strong":
      return <strong key={key}>{node.children.map(draw)}</strong>;
    case "emphasis":
      return <em key={key}>{node.children.map(draw)}</em>;
    case "strike":
      return <s key={key}>{node.children.map(draw)}</s>;
    case "quote":
      return <blockquote key={key}>{node.children.map(draw)}</blockquote>;
    case "paragraph":
      return <p key={key}>{node.children.map(draw)}</p>;
    case "item":
      return <li key={key}>{node.children.map(draw)}</li>;
    case "list":
      return node.isOrdered ? (
        <ol key={key} start={node.start} className={node.start > 99 ? "list-wide" : undefined}>
          {node.children.map(draw)}
        </ol>
      ) : (
        <ul key={key}>{node.children.map(draw)}</ul>
      );
    case "link":
      return (
        <a key={key} href={node.href} target="_blank" rel="noopener noreferrer nofollow ugc">
          {node.children.map(draw)}
        </a>
      );
  }
}
