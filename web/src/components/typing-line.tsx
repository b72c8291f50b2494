import type { Person } from "@novax/protocol/entities";
import { nameOf } from "@novax/protocol/person";

/** Who is typing. Its line is always there, so nothing moves when somebody begins. */
export function TypingLine({ people }: { people: readonly Person[] }) {
  return (
    <p className="typing-line" aria-live="off">
      {toTypingText(people.map(nameOf))}
    </p>
  );
}

function toTypingText(names: readonly string[]): string {
  if (names.length === 0) return "";
  if (names.length === 1) return `${names[0]} is typing…`;
  if (names.length === 2) return `${names[0]} and ${names[1]} are typing…`;
  return "Several people are typing…";
}
