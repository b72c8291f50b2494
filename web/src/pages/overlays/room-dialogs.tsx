import type { Person } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import {
  groupPeopleMax,
  membersAddedAtOnceMax,
  roomNameCharsMax,
  roomTopicCharsMax,
} from "@novax/protocol/limits";
import { nameOf } from "@novax/protocol/person";
import type { BrowsedRoom } from "@novax/protocol/reads";
import { useEffect, useState } from "preact/hooks";
import { Avatar } from "../../components/avatar.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { CloseIcon } from "../../components/icons.tsx";
import { RoomIcon } from "../../components/room-icon.tsx";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { OverlayProps } from "./overlay-host.tsx";

type Props = OverlayProps & { onClose: () => void };

const askAfterMs = 150;

export function CreateRoomDialog({ chat, onOpenRoom, onClose }: Props) {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  return (
    <Dialog title={more.createRoom.title} onClose={onClose}>
      <form
        className="form"
        onSubmit={async (event) => {
          event.preventDefault();
          const fields = new FormData(event.currentTarget);
          setBusy(true);
          const reply = await chat.client.request("room.create", {
            kind: fields.get("kind") === "private" ? "private" : "public",
            name: String(fields.get("name")),
            topic: String(fields.get("topic")),
          });
          setBusy(false);
          if (!reply?.ok) {
            setProblem(reply?.detail ?? t.errors.offline);
            return;
          }
          const { room } = reply.result;
          chat.rooms.put(room);
          onClose();
          onOpenRoom(room.id);
        }}
      >
        <label className="form-field">
          <span>{more.createRoom.name}</span>
          <input
            className="field"
            name="name"
            required
            maxLength={roomNameCharsMax}
            autocomplete="off"
            data-autofocus
            aria-invalid={problem !== ""}
            aria-describedby={problem === "" ? undefined : "create-problem"}
          />
        </label>
        {problem === "" ? null : (
          <p className="form-problem" role="alert" id="create-problem">
            {problem}
          </p>
        )}
        <label className="form-field">
          <span>
            {more.createRoom.topic} <small>({more.createRoom.optional})</small>
          </span>
          <input className="field" name="topic" maxLength={roomTopicCharsMax} autocomplete="off" />
        </label>
        <fieldset className="form-choices">
          <legend>{more.createRoom.visibility}</legend>
          <label>
            <input type="radio" name="kind" value="public" defaultChecked /> {more.createRoom.public}
          </label>
          <label>
            <input type="radio" name="kind" value="private" /> {more.createRoom.private}
          </label>
        </fieldset>
        <div className="dialog-actions">
          <button type="submit" className="button-primary" disabled={isBusy}>
            {more.createRoom.create}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function BrowseDialog({ chat, onOpenRoom, onClose }: Props) {
  const [search, setSearch] = useState("");
  const [rooms, setRooms] = useState<readonly BrowsedRoom[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const load = async (after?: string) => {
    const page = await chat.api.read("rooms.browse", { q: search.trim(), after }).catch(() => null);
    if (!page) {
      chat.toasts.show(t.errors.notLoaded);
      return;
    }
    setRooms((before) => (after ? [...(before ?? []), ...page.rooms] : page.rooms));
    setNext(page.next);
  };
  useEffect(() => {
    const timer = setTimeout(() => void load(), search === "" ? 0 : askAfterMs);
    return () => clearTimeout(timer);
  }, [search]);
  const go = async (room: BrowsedRoom) => {
    if (!room.isMember) {
      const reply = await chat.command("room.join", { room: room.id });
      if (!reply?.room) return;
      chat.rooms.put(reply.room);
    }
    onClose();
    onOpenRoom(room.id);
  };
  return (
    <Dialog title={more.browse.title} size="wide" onClose={onClose}>
      <input
        type="search"
        className="field"
        aria-label={more.browse.search}
        placeholder={more.browse.search}
        data-autofocus
        value={search}
        onInput={(event) => setSearch(event.currentTarget.value)}
      />
      <ul className="browse-list">
        {(rooms ?? [])
          .toSorted((a, b) => Number(a.isMember) - Number(b.isMember))
          .map((room) => (
            <li key={room.id} className="browse-room">
              <RoomIcon room={{ ...room, kind: "public" }} />
              <span className="browse-words">
                <strong>{room.name}</strong>
                <span className="browse-topic">{room.topic || room.description}</span>
                <span className="browse-count">{more.browse.members(room.memberCount)}</span>
              </span>
              <button
                type="button"
                className={room.isMember ? "button-secondary" : "button-primary"}
                aria-label={`${room.isMember ? more.browse.open : more.browse.join}: ${room.name}`}
                onClick={() => void go(room)}
              >
                {room.isMember ? more.browse.open : more.browse.join}
              </button>
            </li>
          ))}
      </ul>
      {rooms?.length === 0 ? <p className="panel-note">{more.browse.none}</p> : null}
      {next !== null ? (
        <button type="button" className="button-subtle" onClick={() => void load(next)}>
          {more.app.loadMore}
        </button>
      ) : null}
    </Dialog>
  );
}

/** Chooses people: to write to them alone, or to bring them into the room. */
export function PeopleDialog({ chat, isForRoom, onOpenRoom, onClose }: Props & { isForRoom: boolean }) {
  const [search, setSearch] = useState("");
  const [found, setFound] = useState<readonly Person[]>([]);
  const [chosen, setChosen] = useState<readonly Person[]>([]);
  const [marked, setMarked] = useState(0);
  const max = isForRoom ? membersAddedAtOnceMax : groupPeopleMax - 1;
  useEffect(() => {
    const timer = setTimeout(() => {
      const notIn = isForRoom ? (chat.current.peek() ?? undefined) : undefined;
      chat.api.read("people.search", { q: search.trim(), notIn }).then(
        ({ people }) => {
          setFound(people);
          setMarked(0);
        },
        () => chat.toasts.show(t.errors.notLoaded),
      );
    }, askAfterMs);
    return () => clearTimeout(timer);
  }, [search, chat, isForRoom]);
  const ids = new Set<AccountId>(chosen.map((person) => person.id));
  const shown = found.filter((person) => !ids.has(person.id) && (!isForRoom || person.id !== chat.you.id));
  const choose = (person: Person) => {
    if (chosen.length >= max) return;
    setChosen([...chosen, person]);
    setSearch("");
    setMarked(0);
  };
  const done = async () => {
    if (isForRoom) {
      const room = chat.current.peek() as RoomId;
      if (await chat.command("member.add", { room, people: [...ids] })) onClose();
      return;
    }
    // Oneself alone is a choice too: one's own notes.
    const people = [...ids].filter((id) => id !== chat.you.id);
    const reply = await chat.command("direct.open", { people });
    if (!reply?.room) return;
    chat.rooms.put(reply.room);
    onClose();
    onOpenRoom(reply.room.id);
  };
  return (
    <Dialog title={isForRoom ? more.people.add : more.newDirect.title} onClose={onClose}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          const person = shown[Math.min(marked, shown.length - 1)];
          if (person && (search.trim() !== "" || marked > 0)) choose(person);
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
                onClick={() => setChosen(chosen.filter((other) => other.id !== person.id))}
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
            aria-activedescendant={shown.length > 0 ? `person-${marked}` : undefined}
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
            onKeyDown={(event) => {
              const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
              if (step !== 0 && shown.length > 0) {
                event.preventDefault();
                setMarked((marked + step + shown.length) % shown.length);
              } else if (event.key === "Backspace" && search === "") setChosen(chosen.slice(0, -1));
            }}
          />
        </label>
        <div className="people people-found" role="listbox" id="people-found" aria-label={more.people.title}>
          {shown.map((person, index) => (
            <div
              key={person.id}
              id={`person-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === marked}
              className={index === marked ? "person person-button person-marked" : "person person-button"}
              onPointerMove={() => setMarked(index)}
              onPointerUp={() => choose(person)}
            >
              <Avatar person={person} size="small" />
              <span className="person-name">
                {nameOf(person)}
                <span className="person-you"> @{person.username}</span>
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
