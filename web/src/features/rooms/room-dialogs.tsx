import { roomNameCharsMax, roomTopicCharsMax } from "@novax/protocol/limits";
import type { BrowsedRoom } from "@novax/protocol/reads";
import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "../../components/dialog.tsx";
import { useAnnounced } from "../../lib/announce.ts";
import { isTouch } from "../../lib/element.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { DialogProps } from "../props.ts";
import { RoomIcon } from "./room-icon.tsx";

const askAfterMs = 150;

export function CreateRoomDialog({ chat, onOpenRoom, onClose }: DialogProps) {
  // Submitted again after an answer got lost, it is still the same room.
  const [createId] = useState(() => crypto.randomUUID());
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
          chat.joiningAt = Date.now();
          const reply = await chat.client.request("room.create", {
            kind: fields.get("kind") === "private" ? "private" : "public",
            name: String(fields.get("name")),
            topic: String(fields.get("topic")),
            createId,
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

export function BrowseDialog({ chat, onOpenRoom, onClose }: DialogProps) {
  const [search, setSearch] = useState("");
  const [rooms, setRooms] = useState<readonly BrowsedRoom[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const asked = useRef(0);
  const load = async (after?: string) => {
    const mine = ++asked.current;
    const page = await chat.api.read("rooms.browse", { q: search.trim(), after }).catch(() => null);
    // Another search, or the next page of it, was asked for meanwhile.
    if (mine !== asked.current) return;
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
  useAnnounced(
    rooms === null || search.trim() === ""
      ? null
      : rooms.length === 0
        ? more.browse.none
        : more.spoken.results(rooms.length),
  );
  return (
    <Dialog title={more.browse.title} size="wide" onClose={onClose}>
      <input
        type="text"
        role="searchbox"
        enterkeyhint="search"
        className="field"
        aria-label={more.browse.search}
        placeholder={more.browse.search}
        data-autofocus={isTouch() ? undefined : true}
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
