import type { Person } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { nameOf } from "@novax/protocol/person";
import type { ComponentChildren } from "preact";
import { isEmojiOnly, type MarkdownNode, parseMarkdown } from "../stores/markdown.ts";

/** Whose names a text may hold. */
export type MarkdownPeople = {
  known: ReadonlyMap<AccountId, Person>;
  you: AccountId;
  onPerson: (person: Person) => void;
};

/** A message's text, drawn from its syntax tree. */
export function Markdown({ text, ...people }: { text: string } & MarkdownPeople) {
  if (isEmojiOnly(text)) return <p className="emoji-only">{text}</p>;
  const draw = createDraw(people);
  return <>{parseMarkdown(text).map(draw)}</>;
}

function Mention({ name, known, you, onPerson }: { name: string } & MarkdownPeople) {
  const key = name.toLowerCase();
  if (key === "room" || key === "here") return <span className="mention mention-own">@{name}</span>;
  const person = [...known.values()].find((candidate) => candidate.username.toLowerCase() === key);
  if (!person) return <>@{name}</>;
  return (
    <button
      type="button"
      tabIndex={-1}
      className={person.id === you ? "mention mention-own" : "mention"}
      onClick={() => onPerson(person)}
    >
      @{nameOf(person)}
    </button>
  );
}

function createDraw(people: MarkdownPeople): (node: MarkdownNode, key: number) => ComponentChildren {
  const draw = (node: MarkdownNode, key: number): ComponentChildren => drawNode(node, key, draw, people);
  return draw;
}

function drawNode(
  node: MarkdownNode,
  key: number,
  draw: (node: MarkdownNode, key: number) => ComponentChildren,
  people: MarkdownPeople,
): ComponentChildren {
  switch (node.kind) {
    case "text":
      return node.text;
    case "mention":
      return <Mention key={key} name={node.name} {...people} />;
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
