import type { Person } from "@novax/protocol/entities";
import { nameOf } from "@novax/protocol/person";
import { t } from "../../texts/text.ts";

/** Shows who is typing. Its space is always reserved, so that nothing moves. */
export function TypingLine({ people }: { people: readonly Person[] }) {
  return (
    <p className="typing-line" aria-live="off">
      {people.length === 0 ? "" : t.room.typing(people.map(nameOf))}
    </p>
  );
}
