import type { Person } from "@novax/protocol/entities";
import { nameOf } from "@novax/protocol/person";
import type { Member } from "@novax/protocol/reads";
import type { PresentPerson } from "@novax/protocol/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { Avatar } from "../../components/avatar.tsx";
import { PersonName } from "../../components/person-name.tsx";
import { useAnnounced } from "../../lib/announce.ts";
import { more } from "../../texts/more.ts";
import type { PanelProps } from "../props.ts";
import { serverNow } from "../server-now.ts";
import { NotLoaded } from "../use-list.tsx";
import { PresenceDot } from "./presence-dot.tsx";

const pageMembers = 100;
const askAfterMs = 150;

/** The members of the open room, online ones first, by name. A large room is read page by page. */
export function PeoplePanel({ chat, ui }: PanelProps) {
  const room = chat.room.value;
  const present = chat.people.presentIn(room?.id ?? null);
  const [search, setSearch] = useState("");
  const [members, setMembers] = useState<readonly Member[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const memberCount = room?.memberCount ?? 0;
  /** The cursor of the page that could not be read, undefined of the first. */
  const [failed, setFailed] = useState<{ after: string | undefined } | null>(null);
  const asked = useRef(0);
  const load = async (after?: string) => {
    if (!room) return;
    const mine = ++asked.current;
    const page = await chat.api
      .read("room.members", { room: room.id, q: search.trim(), after, limit: pageMembers })
      .catch(() => null);
    // Another search, or the next page of it, was asked for meanwhile.
    if (mine !== asked.current) return;
    setFailed(page ? null : { after });
    if (!page) return;
    for (const member of page.members) chat.people.known.set(member.id, member);
    setMembers((before) => (after === undefined ? page.members : [...before, ...page.members]));
    setNext(page.next);
  };
  useEffect(() => {
    const timer = setTimeout(() => void load(), search === "" ? 0 : askAfterMs);
    return () => clearTimeout(timer);
    // It is read again when a member came, left or changed role.
  }, [search, room?.id, memberCount, chat.me.versions.value.members]);
  const isConnected = chat.client.state.value.kind === "open";
  useEffect(() => {
    if (isConnected && failed) void load(failed.after);
  }, [isConnected]);
  const roles = new Map(members.map((member) => [member.id, member]));
  const isFound = (person: Person) =>
    search.trim() === "" || nameOf(person).toLowerCase().includes(search.trim().toLowerCase());
  const here = [...present.people.values()]
    .filter(isFound)
    .sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const others = members.filter((member) => !present.people.has(member.id));
  const isNamed = here.length > 0 || present.count === 0 || search !== "";
  const entry = (person: Person, state: PresentPerson | null) => {
    const member = roles.get(person.id);
    const isSilenced = member?.silencedUntil != null && member.silencedUntil > serverNow(chat);
    return (
      <li key={person.id}>
        <button
          type="button"
          className={state ? "person person-button" : "person person-button person-away"}
          onClick={() => ui.open({ kind: "profile", person })}
        >
          <Avatar person={person} size="small" />
          <span className="person-name" dir="auto">
            <PersonName person={person} />
            {person.id === chat.you.id ? <span className="person-you"> ({more.app.you})</span> : null}
            {state?.status ? (
              <span className="person-status">
                {" "}
                {state.status.emoji} {state.status.text}
              </span>
            ) : null}
          </span>
          {member && member.role !== "member" ? (
            <span className="person-role">{more.people.roles[member.role]}</span>
          ) : null}
          {isSilenced ? <span className="person-role">{more.people.silenced}</span> : null}
          {state ? <PresenceDot state={state} /> : null}
        </button>
      </li>
    );
  };
  const isNobody = search.trim() !== "" && here.length + others.length === 0 && !failed;
  useAnnounced(
    search.trim() === ""
      ? null
      : isNobody
        ? more.newDirect.nobody
        : more.spoken.results(here.length + others.length),
  );
  return (
    <>
      <div className="panel-tools">
        <input
          type="text"
          role="searchbox"
          enterkeyhint="search"
          className="field"
          placeholder={more.people.find}
          aria-label={more.people.find}
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        {chat.may("member.add") ? (
          <button type="button" className="button-secondary" onClick={() => ui.open({ kind: "add_people" })}>
            {more.people.add}
          </button>
        ) : null}
        {chat.mayOnServer("report.resolve_any") ? (
          <button type="button" className="button-secondary" onClick={() => ui.open({ kind: "invite" })}>
            {more.invite.title}
          </button>
        ) : null}
      </div>
      {isNobody ? <p className="panel-note">{more.newDirect.nobody}</p> : null}
      <section hidden={search.trim() !== "" && here.length === 0}>
        <h3>{more.people.here(search.trim() === "" ? present.count : here.length)}</h3>
        {isNamed ? (
          <ul className="people">{here.map((person) => entry(person, person))}</ul>
        ) : (
          <p className="panel-note">{more.people.tooMany}</p>
        )}
      </section>
      {others.length > 0 ? (
        <section>
          <h3>{more.people.others}</h3>
          <ul className="people">{others.map((person) => entry(person, null))}</ul>
        </section>
      ) : null}
      {failed ? (
        <NotLoaded onRetry={() => void load(failed.after)} />
      ) : next !== null ? (
        <button type="button" className="button-subtle" onClick={() => void load(next)}>
          {more.app.loadMore}
        </button>
      ) : null}
    </>
  );
}
