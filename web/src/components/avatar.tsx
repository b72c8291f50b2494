import type { Person } from "@novax/protocol/entities";
import { initialOf } from "@novax/protocol/person";

const hueSteps = 24;

/** A person's initial on a colour. The name is beside it, so screen readers skip the avatar. */
export function Avatar({
  person,
  size = "normal",
}: {
  person: Person;
  size?: "normal" | "small" | "tiny" | "large";
}) {
  return (
    <span className={`avatar avatar-${size} hue-${hueOf(person.id)}`} aria-hidden="true">
      {initialOf(person)}
    </span>
  );
}

/** The number of the colour of an id: always the same for the same id, and spread evenly. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return hash % hueSteps;
}
