import type { JoinedRoom, Person } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import { nameOf } from "@novax/protocol/person";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Avatar } from "../../components/avatar.tsx";
import { SearchIcon } from "../../components/icons.tsx";
import { useBackdrop } from "../../lib/backdrop.ts";
import { keyName } from "../../lib/key-names.ts";
import { isSearchKey } from "../../lib/keys.ts";
import { fuzzyScore, matchPeople } from "../../lib/matching.ts";
import { attentionCountOf } from "../../stores/rooms-store.ts";
import { searchOf } from "../../stores/search-store.ts";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import type { DialogProps } from "../props.ts";
import { mayWriteIn } from "./may-write.ts";
import { openDirectWith } from "./open-direct-with.ts";
import { RoomIcon } from "./room-icon.tsx";

type Target =
  | { kind: "room"; room: JoinedRoom; name: string }
  | { kind: "person"; person: Person }
  /** Looks for what was typed in messages. */
  | { kind: "messages" };

const shownMax = 12;
const askAfterMs = 120;

type SwitcherProps = DialogProps & { onChoose: ((room: RoomId) => void) | undefined };

/**
 * Jumps to a room or a person by a few letters of the name, or chooses one to send something to. Without letters it lists
 * unread rooms and the last visited ones.
 */
export function Switcher({ chat, ui, onOpenRoom, onPanel, onClose, onChoose }: SwitcherProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState(0);
  const [people, setPeople] = useState<readonly Person[]>([]);
  // Before the frame is drawn: the next key is for this field.
  useLayoutEffect(() => {
    dialog.current!.showModal();
    dialog.current!.querySelector("input")?.focus();
  }, []);
  useEffect(() => {
    if (typed.trim() === "") {
      setPeople([]);
      return;
    }
    let isNewest = true;
    const timer = setTimeout(() => {
      chat.api.read("people.search", { q: typed.trim() }).then(
        (answer) => {
          if (isNewest) setPeople(answer.people);
        },
        () => {},
      );
    }, askAfterMs);
    return () => {
      isNewest = false;
      clearTimeout(timer);
    };
  }, [typed, chat]);
  const rooms = chat.rooms.all.value;
  const targets = useMemo((): Target[] => {
    const joined = [...rooms.values()]
      .filter((room) => !onChoose || mayWriteIn(chat, room))
      .map((room) => ({ kind: "room" as const, room, name: chat.nameOf(room) }));
    if (typed.trim() === "") {
      const visited = chat.navigation.visited.peek();
      const rank = (room: JoinedRoom) => {
        const index = visited.indexOf(room.id);
        return index < 0 ? visited.length : index;
      };
      return joined
        .filter(({ room }) => (onChoose || room.id !== chat.navigation.current.peek()) && !room.isArchived)
        .sort(
          (a, b) =>
            Math.min(1, attentionCountOf(b.room)) - Math.min(1, attentionCountOf(a.room)) ||
            Math.min(1, b.room.unread) - Math.min(1, a.room.unread) ||
            rank(a.room) - rank(b.room),
        )
        .slice(0, shownMax);
    }
    const found = joined
      .flatMap((target) => {
        const score = fuzzyScore(target.name, typed);
        return score === null ? [] : [{ target, score: score - (target.room.isArchived ? 5 : 0) }];
      })
      .sort((a, b) => b.score - a.score)
      .map(({ target }) => target);
    const partners = new Set(
      found.flatMap(({ room }) => (room.kind === "direct" ? room.people.map((person) => person.id) : [])),
    );
    // Those who are online are there at once, for somebody who types a name and Enter. The others may have closed their account.
    const online = [...chat.people.known.values()].filter(({ id }) => chat.people.stateOf(id) !== null);
    const known = matchPeople(online, typed.trim(), shownMax);
    const all = new Map([...known, ...people].map((person) => [person.id, person]));
    const others = [...all.values()]
      .filter((person) => !partners.has(person.id) && person.id !== chat.you.id)
      .map((person) => ({ kind: "person" as const, person }));
    const messages = onChoose ? [] : [{ kind: "messages" as const }];
    return [...[...found, ...others].slice(0, shownMax), ...messages];
  }, [rooms, typed, people, chat]);

  const go = async (target: Target | undefined) => {
    if (!target) {
      onClose();
      ui.open({ kind: "browse" });
      return;
    }
    onClose();
    const open = (room: RoomId) => {
      onOpenRoom(room);
      onChoose?.(room);
    };
    if (target.kind === "messages") searchMessages();
    else if (target.kind === "room") open(target.room.id);
    else await openDirectWith(chat, target.person, open);
  };

  /** Hands over what was typed. */
  const searchMessages = () => {
    const search = searchOf(chat);
    search.setRoom(null);
    search.setWords(typed);
    search.focused.value = null;
    search.focusRequests.value += 1;
    if (ui.panel.peek() !== "search") onPanel("search");
  };

  return (
    <dialog
      className="dialog switcher"
      ref={dialog}
      aria-label={onChoose ? more.switcher.sendTo : more.switcher.title}
      onClose={onClose}
      {...useBackdrop(onClose)}
    >
      <div className="dialog-inside">
        <input
          type="text"
          className="switcher-field"
          role="combobox"
          aria-expanded="true"
          aria-controls="switcher-list"
          aria-activedescendant={targets.length > 0 ? `switcher-${chosen}` : undefined}
          aria-label={more.switcher.label}
          placeholder={onChoose ? more.switcher.sendTo : more.switcher.label}
          autocomplete="off"
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setChosen(0);
          }}
          onKeyDown={(event) => {
            const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
            if (step !== 0 && targets.length > 0) {
              event.preventDefault();
              setChosen((chosen + step + targets.length) % targets.length);
            } else if (event.key === "Enter" && !event.isComposing) {
              event.preventDefault();
              void go(targets[chosen]);
            } else if (isSearchKey(event) && !onChoose) {
              event.preventDefault();
              onClose();
              searchMessages();
            }
          }}
        />
        <div className="switcher-list" role="listbox" id="switcher-list" aria-label={more.switcher.title}>
          {targets.map((target, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's, which has the focus
            <div
              key={keyOf(target)}
              id={`switcher-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === chosen}
              className={index === chosen ? "suggestion suggestion-chosen" : "suggestion"}
              onPointerMove={() => setChosen(index)}
              // Not before the click: the list would be gone, and the click would reach what is below.
              onClick={() => void go(target)}
            >
              {target.kind === "messages" ? (
                <>
                  <SearchIcon />
                  <span dir="auto">{more.switcher.messages(typed.trim())}</span>
                  <span className="suggestion-hint not-phone">
                    <kbd>{keyName("Ctrl Shift F")}</kbd>
                  </span>
                </>
              ) : target.kind === "room" ? (
                <>
                  <RoomIcon room={target.room} />
                  <span className={target.room.unread > 0 ? "switcher-unread" : undefined}>
                    {target.name}
                  </span>
                  <span className="suggestion-hint">
                    {target.room.unread > 0 ? t.rooms.unread(target.room.unread) : target.room.topic}
                  </span>
                </>
              ) : (
                <>
                  <Avatar person={target.person} size="tiny" />
                  <span>{nameOf(target.person)}</span>
                  <span className="suggestion-hint">@{target.person.username}</span>
                </>
              )}
            </div>
          ))}
        </div>
        {targets.length === 0 && typed.trim() !== "" && !chat.mayOnServer("room.browse") ? (
          <p className="panel-note">{more.app.nothingFound}</p>
        ) : null}
        {targets.length === 0 && chat.mayOnServer("room.browse") ? (
          <button type="button" className="button-subtle switcher-none" onClick={() => void go(undefined)}>
            {typed.trim() === "" ? more.browse.title : more.switcher.none}
          </button>
        ) : null}
      </div>
    </dialog>
  );
}

function keyOf(target: Target): string {
  if (target.kind === "messages") return target.kind;
  return target.kind === "room" ? target.room.id : target.person.id;
}
