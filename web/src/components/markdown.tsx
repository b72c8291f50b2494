import type { Person } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { isEmojiOnly, type MarkdownNode, parseMarkdown } from "@novax/protocol/markdown";
import { nameOf } from "@novax/protocol/person";
import { customEmojiName, isEveryoneName } from "@novax/protocol/text";
import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { t } from "../texts/text.ts";
import { EmojiSign, withCustomEmoji } from "./emoji-sign.tsx";

/** The people that a text may mention. */
export type MarkdownPeople = {
  known: ReadonlyMap<AccountId, Person>;
  you: AccountId;
  onPerson: (person: Person) => void;
  /** Grows when the name of somebody became known. */
  learned: ReadonlySignal<number>;
  /** Called for a mention of somebody who is not known. */
  onUnknown: (username: string) => void;
  /** Called for a link to a room or a message of this chat. */
  onRoomLink: (room: string, seq: number | undefined) => void;
};

/** The text of a message, drawn from its syntax tree. */
export function Markdown({ text, ...people }: { text: string } & MarkdownPeople) {
  if (customEmojiName(text.trim()) !== null)
    return (
      <p className="emoji-only">
        <EmojiSign emoji={text.trim()} />
      </p>
    );
  if (isEmojiOnly(text)) return <p className="emoji-only">{text}</p>;
  const draw = createDraw(people);
  return <>{parseMarkdown(text).map(draw)}</>;
}

function Mention({ name, known, you, learned, onPerson, onUnknown }: { name: string } & MarkdownPeople) {
  const key = name.toLowerCase();
  // Reading `learned` draws it again when names were learned.
  const isUnknown =
    learned.value >= 0 &&
    !isEveryoneName(key) &&
    key !== "here" &&
    ![...known.values()].some((candidate) => candidate.username.toLowerCase() === key);
  useEffect(() => {
    if (isUnknown) onUnknown(key);
  }, [isUnknown, key]);
  if (isEveryoneName(key) || key === "here") return <span className="mention mention-own">@{name}</span>;
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

/** A link. One to another site opens in a new page; one to this chat is followed here. */
function Link({
  href,
  onRoomLink,
  children,
}: { href: string; children: ComponentChildren } & Pick<MarkdownPeople, "onRoomLink">) {
  // One that was written before has this server's host.
  const path = href.startsWith(`${location.origin}/`) ? new URL(href).pathname : href;
  const match = /^\/chat\/([A-Za-z0-9-]+)(?:\/(\d+))?$/.exec(path);
  if (match) {
    return (
      <a
        href={href}
        onClick={(event) => {
          // With a modifier key the browser opens a new tab or window.
          if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
          event.preventDefault();
          onRoomLink(match[1]!, match[2] === undefined ? undefined : Number(match[2]));
        }}
      >
        {children}
      </a>
    );
  }
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow ugc">
      {children}
    </a>
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
      return withCustomEmoji(node.text);
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
        // It can be focused, so that a long line can be scrolled by keyboard.
        <pre
          key={key}
          tabIndex={0}
          data-language={node.language === "" ? undefined : node.language}
          role="region"
          aria-label={node.language === "" ? t.composer.code : `${t.composer.code}, ${node.language}`}
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
        <Link key={key} href={node.href} onRoomLink={people.onRoomLink}>
          {node.children.map(draw)}
        </Link>
      );
  }
}
