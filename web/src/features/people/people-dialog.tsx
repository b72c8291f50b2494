import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { groupPeopleMax, membersAddedAtOnceMax } from "@novax/protocol/limits";
import { nameOf } from "@novax/protocol/person";
import type { ReadResult } from "@novax/protocol/reads";
import { useEffect, useState } from "preact/hooks";
import { Avatar } from "../../components/avatar.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { CloseIcon } from "../../components/icons.tsx";
import { announce, useAnnounced } from "../../lib/announce.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { DialogProps } from "../props.ts";
import { useOnce } from "../use-once.ts";

type Found = ReadResult<"people.search">["people"][number];

/** The list is read this long after the last key. */
const askAfterMs = 150;

/** Chooses people, to open a direct room with them or to add them to the open room. */
export function PeopleDialog({ chat, isForRoom, onOpenRoom, onClose }: DialogProps & { isForRoom: boolean }) {
  const [search, setSearch] = useState("");
  const [{ people: found, of }, setFound] = useState<{ people: readonly Found[]; of: string | null }>({
    people: [],
    of: null,
  });
  const [chosen, setChosen] = useState<readonly Person[]>([]);
  /** Whom Enter chooses; below 0 nobody. */
  const [marked, setMarked] = useState(0);
  const max = isForRoom ? membersAddedAtOnceMax : groupPeopleMax - 1;
  useEffect(() => {
    let isNewest = true;
    const timer = setTimeout(() => {
      const room = isForRoom ? (chat.navigation.current.peek() ?? undefined) : undefined;
      chat.api.read("people.search", { q: search.trim(), room }).then(
        ({ people }) => {
          if (!isNewest) return;
          setFound({ people, of: search });
          setMarked(0);
        },
        () => {
          if (isNewest) chat.toasts.show(t.errors.notLoaded);
        },
      );
    }, askAfterMs);
    return () => {
      isNewest = false;
      clearTimeout(timer);
    };
  }, [search, chat, isForRoom]);
  const ids = new Set<AccountId>(chosen.map((person) => person.id));
  const shown = found.filter((person) => !ids.has(person.id) && (!isForRoom || person.id !== chat.you.id));
  const choose = (person: Found) => {
    if (chosen.length >= max || person.isMember) return;
    setChosen([...chosen, person]);
    setSearch("");
    // The next Enter is done, unless somebody else is chosen.
    setMarked(-1);
    announce(more.newDirect.chosen(nameOf(person)));
  };
  useAnnounced(shown.length === 0 && search.trim() !== "" ? more.newDirect.nobody : null);
  const done = useOnce(async () => {
    if (isForRoom) {
      const room = chat.navigation.current.peek() as RoomId;
      if (await chat.command("member.add", { room, people: [...ids] })) onClose();
      return;
    }
    // A direct room with only the viewer in it holds their own notes.
    const people = [...ids].filter((id) => id !== chat.you.id);
    const reply = await chat.command("direct.open", { people });
    if (!reply?.room) return;
    chat.rooms.put(reply.room);
    onClose();
    onOpenRoom(reply.room.id);
  });
  return (
    <Dialog title={isForRoom ? more.people.add : more.newDirect.title} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          // What is shown may still be of fewer letters. The next Enter chooses.
          if (of !== search) return;
          const person = shown[Math.min(marked, shown.length - 1)];
          if (person && marked >= 0) choose(person);
          else if (chosen.length > 0) void done();
        }}
      >
        <div className="chips">
          {chosen.map((person) => (
            <span className="chip" key={person.id}>
              {nameOf(person)}
              <button
                type="button"
                className="chip-remove"
                aria-label={`${more.app.remove}: ${nameOf(person)}`}
                onClick={(event) => {
                  event.currentTarget.form!.querySelector("input")!.focus();
                  setChosen(chosen.filter((other) => other.id !== person.id));
                }}
              >
                <CloseIcon />
              </button>
            </span>
          ))}
        </div>
        <label className="form-field">
          <span>{isForRoom ? more.people.addHint : `${more.newDirect.to} (${more.newDirect.hint})`}</span>
          <input
            type="text"
            className="field"
            autocomplete="off"
            data-autofocus
            role="combobox"
            aria-expanded="true"
            aria-controls="people-found"
            aria-activedescendant={shown.length > 0 && marked >= 0 ? `person-${marked}` : undefined}
            value={search}
            onInput={(event) => {
              setSearch(event.currentTarget.value);
              setMarked(0);
            }}
            onKeyDown={(event) => {
              const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
              if (step !== 0 && shown.length > 0) {
                event.preventDefault();
                setMarked((Math.max(marked, step < 0 ? 0 : -1) + step + shown.length) % shown.length);
              } else if (event.key === "Backspace" && search === "") setChosen(chosen.slice(0, -1));
            }}
          />
        </label>
        <div
          className="people people-found"
          role="listbox"
          id="people-found"
          aria-label={more.newDirect.found}
        >
          {shown.map((person, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's, which has the focus
            <div
              key={person.id}
              id={`person-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === marked}
              aria-disabled={person.isMember}
              className={index === marked ? "person person-button person-marked" : "person person-button"}
              onPointerMove={() => setMarked(index)}
              onClick={() => choose(person)}
            >
              <Avatar person={person} size="small" />
              <span className="person-name" dir="auto">
                {nameOf(person)}
                <span className="person-you"> @{person.username}</span>
                {person.isMember ? <span className="person-you"> · {more.people.alreadyHere}</span> : null}
                {person.id === chat.you.id ? <span className="person-you"> ({more.app.you})</span> : null}
              </span>
            </div>
          ))}
        </div>
        {shown.length === 0 && search.trim() !== "" ? (
          <p className="panel-note">{more.newDirect.nobody}</p>
        ) : null}
        <div className="dialog-actions">
          <button
            type="button"
            className="button-primary"
            disabled={chosen.length === 0}
            onClick={() => void done()}
          >
            {isForRoom ? more.people.adding : more.newDirect.open}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
