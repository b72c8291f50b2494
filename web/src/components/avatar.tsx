import type { Person } from "@novax/protocol/entities";
import { initialsOf } from "@novax/protocol/person";
import { pictures } from "../stores/pictures.ts";

const hueSteps = 24;

/** A person's picture, or their initial on a colour. The name is beside it, so screen readers skip the avatar. */
export function Avatar({
  person,
  size = "normal",
}: {
  person: Person;
  size?: "normal" | "small" | "tiny" | "large";
}) {
  const picture = pictures.of(person.id).value;
  return (
    <span className={`avatar avatar-${size} hue-${hueOf(person.id)}`} aria-hidden="true">
      {picture ? (
        <img
          src={`/api/people/${person.id}/picture?v=${picture}`}
          alt=""
          decoding="async"
          draggable={false}
        />
      ) : (
        initialsOf(person)
      )}
    </span>
  );
}

/** The number of the colour of an id: always the same for the same id, and spread evenly. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const character of id) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
  return hash % hueSteps;
}
