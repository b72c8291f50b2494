import type { Person } from "@novax/protocol/entities";
import { isDirect, mayActOnMember, type RoomRole, roomRoles } from "@novax/protocol/permissions";
import { nameOf } from "@novax/protocol/person";
import type { Member, Profile } from "@novax/protocol/reads";
import { useEffect, useState } from "preact/hooks";
import { Avatar } from "../../components/avatar.tsx";
import { ChoiceField } from "../../components/choice-field.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { hourMs } from "../../lib/duration.ts";
import { formatDate } from "../../lib/time.ts";
import { more } from "../../texts/more.ts";
import type { DialogProps } from "../props.ts";
import { serverNow } from "../server-now.ts";

/** A person's profile, with a way to write to them and the actions of a moderator. */
export function ProfileDialog({
  chat,
  ui,
  person,
  onOpenRoom,
  onClose,
}: DialogProps & { person: Person; onClose: () => void }) {
  const [profile, setProfile] = useState<Profile | null>(null);
  const [member, setMember] = useState<Member | null>(null);
  const room = chat.room.value;
  const isSelf = person.id === chat.you.id;
  const isBlocked = chat.me.lists.value.blocked.some((other) => other.id === person.id);
  useEffect(() => {
    chat.api.read("person.profile", { person: person.id }).then(setProfile, () => {});
    if (room && !isDirect(room.kind)) {
      chat.api.read("room.members", { room: room.id, q: person.username, limit: 5 }).then(
        ({ members }) => setMember(members.find((candidate) => candidate.id === person.id) ?? null),
        () => {},
      );
    }
  }, [chat, person, room?.id]);
  const write = async () => {
    const reply = await chat.command("direct.open", { people: isSelf ? [] : [person.id] });
    if (!reply?.room) return;
    chat.rooms.put(reply.room);
    onClose();
    onOpenRoom(reply.room.id);
  };
  const mayAct = room !== null && member !== null && !isSelf && mayActOnMember(room.role, member.role);
  const isSilenced = member?.silencedUntil != null && member.silencedUntil > serverNow(chat);
  const act = async (done: Promise<unknown>) => {
    if (!(await done)) return;
    chat.me.changed("members");
    onClose();
  };
  const states = { online: more.people.online, away: more.people.away, dnd: more.people.dnd };
  return (
    <Dialog title={nameOf(person)} onClose={onClose}>
      <div className="profile">
        <Avatar person={person} size="large" />
        <div>
          <p className="profile-name">@{person.username}</p>
          {profile ? (
            <>
              <p className="profile-fact">
                {profile.state ? states[profile.state] : more.people.offline}
                {profile.status.emoji || profile.status.text
                  ? ` · ${profile.status.emoji} ${profile.status.text}`
                  : ""}
              </p>
              <p className="profile-fact">
                {more.people.serverRoles[profile.serverRole]} ·{" "}
                {more.people.since(formatDate(profile.createdAt))}
              </p>
            </>
          ) : null}
        </div>
      </div>
      {isBlocked ? <p className="panel-note">{more.people.blocked}</p> : null}
      <div className="profile-actions">
        <button type="button" className="button-primary" data-autofocus onClick={() => void write()}>
          {isSelf ? more.people.writeToSelf : more.people.write}
        </button>
        {isSelf ? null : (
          <button
            type="button"
            className="button-secondary"
            onClick={() => {
              if (isBlocked) void act(chat.command("person.unblock", { person: person.id }));
              else
                ui.open({
                  kind: "ask",
                  text: more.people.blockAsk(nameOf(person)),
                  yes: more.people.block,
                  onYes: () => void chat.command("person.block", { person: person.id }),
                });
            }}
          >
            {isBlocked ? more.people.unblock : more.people.block}
          </button>
        )}
      </div>
      {mayAct && room ? (
        <section className="profile-room" aria-label={more.people.role}>
          {chat.may("member.set_role") ? (
            <ChoiceField
              label={more.people.role}
              value={member.role}
              options={roomRoles.map((role) => [role, more.people.roles[role]])}
              onChoose={(role) =>
                void act(
                  chat.command("member.set_role", {
                    room: room.id,
                    person: person.id,
                    role: role as RoomRole,
                  }),
                )
              }
            />
          ) : (
            <p className="profile-fact">{more.people.roles[member.role]}</p>
          )}
          <div className="profile-actions">
            <button
              type="button"
              className="button-secondary"
              onClick={() => {
                const until = isSilenced ? null : serverNow(chat) + hourMs;
                void act(chat.command("member.silence", { room: room.id, person: person.id, until }));
              }}
            >
              {isSilenced ? more.people.unsilence : more.people.silence}
            </button>
            <button
              type="button"
              className="button-secondary"
              onClick={() =>
                ui.open({
                  kind: "ask",
                  text: more.people.kickAsk(nameOf(person)),
                  yes: more.people.kick,
                  onYes: () => void chat.command("member.remove", { room: room.id, person: person.id }),
                })
              }
            >
              {more.people.kick}
            </button>
            <button type="button" className="button-danger" onClick={() => ui.open({ kind: "ban", person })}>
              {more.people.ban}
            </button>
          </div>
        </section>
      ) : null}
    </Dialog>
  );
}
