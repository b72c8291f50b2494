import type { Person } from "@novax/protocol/entities";
import { nameOf } from "@novax/protocol/person";
import { t } from "../../texts/text.ts";

/** Who is typing. Its line is always there, so nothing moves when somebody begins. */
export function TypingLine({ people }: { people: readonly Person[] }) {
  return (
    <p className="typing-line" aria-live="off">
      {people.length === 0 ? "" : t.room.typing(people.map(nameOf))}
    </p>
  );
}
