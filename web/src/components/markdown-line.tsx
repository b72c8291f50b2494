import { type MarkdownNode, parseMarkdown } from "@novax/protocol/markdown";
import { nameOf } from "@novax/protocol/person";
import type { ComponentChildren } from "preact";
import { withCustomEmoji } from "./emoji-sign.tsx";
import { type MarkdownPeople, useMentioned } from "./markdown.tsx";

/** Who a line may mention. Nobody in it can be clicked. */
export type LinePeople = Pick<MarkdownPeople, "known" | "you" | "learned" | "onUnknown">;

/** The text of a message in one run, for rows that open something: its marks and mentions, with nothing to click. */
export function MarkdownLine({ text, ...people }: { text: string } & LinePeople) {
  return <>{parseMarkdown(text).map((node, at) => drawLine(node, at, people))}</>;
}

function drawLine(node: MarkdownNode, key: number, people: LinePeople): ComponentChildren {
  const inner = () =>
    "children" in node ? node.children.map((child, at) => drawLine(child, at, people)) : null;
  switch (node.kind) {
    case "text":
      return withCustomEmoji(node.text);
    case "mention":
      return <MentionName key={key} name={node.name} {...people} />;
    case "break":
    case "rule":
      return " ";
    case "code":
    case "codeBlock":
      return <code key={key}>{node.text}</code>;
    case "strong":
      return <strong key={key}>{inner()}</strong>;
    case "emphasis":
      return <em key={key}>{inner()}</em>;
    case "strike":
      return <s key={key}>{inner()}</s>;
    case "link":
      return inner();
    case "item":
      return [node.isDone === undefined ? "" : node.isDone ? "☑ " : "☐ ", inner(), " "];
    default:
      return [inner(), " "];
  }
}

function MentionName({ name, ...people }: { name: string } & LinePeople) {
  const { person, className } = useMentioned(name, people);
  return <bdi className={className}>@{person ? nameOf(person) : name}</bdi>;
}
