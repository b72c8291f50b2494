import type { Person } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { isEmojiOnly, type MarkdownNode, parseMarkdown } from "@novax/protocol/markdown";
import { nameOf } from "@novax/protocol/person";
import { customEmojiName, isEveryoneName } from "@novax/protocol/text";
import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../texts/text.ts";
import { EmojiSign, withCustomEmoji } from "./emoji-sign.tsx";

const copiedMs = 2000;

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

/**
 * Who a mention names: nobody if it names everyone, or is not known, which is then asked for. `className` is how it is
 * drawn.
 */
export function useMentioned(
  name: string,
  { known, you, learned, onUnknown }: Pick<MarkdownPeople, "known" | "you" | "learned" | "onUnknown">,
): { person: Person | undefined; className: string | undefined } {
  const key = name.toLowerCase();
  const isEveryone = isEveryoneName(key) || key === "here";
  // Reading `learned` draws it again when names were learned.
  const person =
    learned.value >= 0 && !isEveryone
      ? [...known.values()].find((candidate) => candidate.username.toLowerCase() === key)
      : undefined;
  const isUnknown = !isEveryone && !person;
  useEffect(() => {
    if (isUnknown) onUnknown(key);
  }, [isUnknown, key]);
  const isOwn = isEveryone || person?.id === you;
  return { person, className: isUnknown ? undefined : isOwn ? "mention mention-own" : "mention" };
}

function Mention({ name, onPerson, ...people }: { name: string } & MarkdownPeople) {
  const { person, className } = useMentioned(name, people);
  if (!person) return <bdi className={className}>@{name}</bdi>;
  return (
    <button
      type="button"
      tabIndex={-1}
      className={className}
      // It has a direction of its own, so it doesn't decide the one of the text around it.
      dir="auto"
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

function CodeBlock({ text, language }: { text: string; language: string }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <div className="code-block">
      {/* It can be focused, so that a long line can be scrolled by keyboard. */}
      <pre
        tabIndex={0}
        data-language={language === "" ? undefined : language}
        role="region"
        aria-label={language === "" ? t.composer.code : `${t.composer.code}, ${language}`}
      >
        <code>{text}</code>
      </pre>
      {/* Without https there is no clipboard. */}
      {navigator.clipboard ? (
        <button
          type="button"
          className="code-copy"
          onClick={() => {
            navigator.clipboard.writeText(text).then(
              () => setCopied(true),
              () => {},
            );
            setTimeout(() => setCopied(false), copiedMs);
          }}
        >
          {isCopied ? t.message.copied : t.message.copyCode}
        </button>
      ) : null}
    </div>
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
      return <CodeBlock key={key} {...node} />;
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
      return (
        <li key={key} className={node.isDone === undefined ? undefined : "task"}>
          {node.isDone === undefined ? null : (
            <input
              type="checkbox"
              disabled
              checked={node.isDone}
              aria-label={node.isDone ? t.message.taskDone : t.message.taskOpen}
            />
          )}
          {node.children.map(draw)}
        </li>
      );
    case "table":
      return (
        // It can be focused, so that a wide one can be scrolled by keyboard.
        <div key={key} className="table-scroll" tabIndex={0} role="region" aria-label={t.message.table}>
          <table>
            {node.children.map((row, line) => (
              <tr key={line}>
                {(row as { children: MarkdownNode[] }).children.map((cell, column) => {
                  const Cell = line === 0 ? "th" : "td";
                  return (
                    <Cell key={column} className={`side-${node.sides[column]}`}>
                      {(cell as { children: MarkdownNode[] }).children.map(draw)}
                    </Cell>
                  );
                })}
              </tr>
            ))}
          </table>
        </div>
      );
    case "row":
    case "cell":
      return null;
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
