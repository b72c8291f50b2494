import type { Person } from "@novax/protocol/entities";
import { hueOf } from "@novax/protocol/hue";
import { initialsOf } from "@novax/protocol/person";
import { pictures } from "../stores/pictures.ts";

/** A person's picture, or their initials on a colour. The name is beside it, so screen readers skip the avatar. */
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
