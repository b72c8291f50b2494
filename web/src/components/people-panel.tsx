import type { Person } from "@novax/protocol/entities";
import { nameOf } from "@novax/protocol/person";
import { useEffect, useRef } from "preact/hooks";
import { Avatar } from "./avatar.tsx";
import { CloseIcon } from "./icons.tsx";

export type PeoplePanelProps = {
  present: readonly Person[];
  presentCount: number;
  away: readonly Person[];
  you: Person;
  onClose: () => void;
};

/** Who is here and who else belongs to the room, by name. */
export function PeoplePanel({ present, presentCount, away, you, onClose }: PeoplePanelProps) {
  const close = useRef<HTMLButtonElement>(null);
  useEffect(() => close.current?.focus(), []);
  const isNamed = present.length > 0 || presentCount === 0;
  return (
    <aside
      className="panel"
      aria-label="People"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <div className="panel-head">
        <h2>People</h2>
        <button type="button" className="button-icon" aria-label="Close" ref={close} onClick={onClose}>
          <CloseIcon />
        </button>
      </div>
      <div className="panel-body">
        {presentCount === 0 ? <p className="panel-note">Not connected at the moment.</p> : null}
        <PeopleGroup title={`Here (${presentCount})`} people={present} you={you} isHere={true} />
        {isNamed ? null : <p className="panel-note">Too many people to name them all.</p>}
        {isNamed && away.length > 0 ? (
          <PeopleGroup title={`Away (${away.length})`} people={away} you={you} isHere={false} />
        ) : null}
      </div>
    </aside>
  );
}

function PeopleGroup(props: { title: string; people: readonly Person[]; you: Person; isHere: boolean }) {
  const { title, people, you, isHere } = props;
  return (
    <section>
      <h3>{title}</h3>
      <ul className="people">
        {people.map((person) => (
          <li key={person.id} className={isHere ? "person" : "person person-away"}>
            <Avatar person={person} size="small" />
            <span className="person-name">
              {nameOf(person)}
              {person.id === you.id ? <span className="person-you"> (you)</span> : null}
            </span>
            {isHere ? (
              <span className="presence-dot">
                <span className="visually-hidden">, here</span>
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}
