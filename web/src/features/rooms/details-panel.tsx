import type { JoinedRoom, NotificationLevel, Person } from "@novax/protocol/entities";
import { generalRoomId } from "@novax/protocol/general-room";
import { iconPattern } from "@novax/protocol/icon";
import type { RoomId } from "@novax/protocol/ids";
import { roomDescriptionCharsMax, roomNameCharsMax, roomTopicCharsMax } from "@novax/protocol/limits";
import { isDirect } from "@novax/protocol/permissions";
import { nameOf } from "@novax/protocol/person";
import { useEffect, useState } from "preact/hooks";
import { more } from "../../texts/more.ts";
import { t } from "../../texts/text.ts";
import { copyText } from "../copy-text.ts";
import { filePart } from "../files/files-context.ts";
import type { PanelProps } from "../props.ts";
import { leaveRoom } from "./membership.ts";
import { RoomIcon } from "./room-icon.tsx";

const PictureField = filePart("PictureField");
const slowModes = [0, 10, 30, 60, 300, 3600] as const;
const keptDays = [0, 1, 7, 30, 90, 365] as const;
const hues = Array.from({ length: 12 }, (_, index) => index * 2);

/** The details of a room, the viewer's settings for it, and what a member with the rights can change. */
export function DetailsPanel(props: PanelProps) {
  const { chat, ui } = props;
  const room = chat.room.value;
  if (!room) return null;
  const mayChange = chat.may("room.change") && !room.isArchived;
  return (
    <>
      <div className="panel-actions only-phone">
        <button type="button" className="button-secondary" onClick={() => props.onPanel("pins")}>
          {t.room.pins}
        </button>
        <button type="button" className="button-secondary" onClick={() => props.onPanel("files")}>
          {t.room.files}
        </button>
      </div>
      <Preferences {...props} room={room} />
      {room.keptDays > 0 ? <p className="panel-note">{more.details.kept(room.keptDays)}</p> : null}
      {isDirect(room.kind) || !mayChange ? null : (
        <PictureField
          chat={chat}
          ui={ui}
          label={more.files.roomPicture}
          purpose="room"
          hasPicture={room.picture !== null}
          onChange={async (picture) =>
            (await chat.command("room.set_picture", { room: room.id, picture })) !== null
          }
        >
          <span className="picture-field-room">
            <RoomIcon room={room} />
          </span>
        </PictureField>
      )}
      {isDirect(room.kind) ? null : mayChange ? (
        <ChangeForm key={room.id} {...props} room={room} />
      ) : (
        <dl className="facts">
          <dt>{more.details.name}</dt>
          <dd dir="auto">{room.name}</dd>
          {room.topic === "" ? null : (
            <>
              <dt>{more.details.topic}</dt>
              <dd dir="auto">{room.topic}</dd>
            </>
          )}
          {room.description === "" ? null : (
            <>
              <dt>{more.details.description}</dt>
              <dd className="facts-long">{room.description}</dd>
            </>
          )}
        </dl>
      )}
      {chat.may("member.ban") ? <Bans {...props} room={room} /> : null}
      <div className="panel-actions">
        {isDirect(room.kind) ? (
          // Nobody else could follow a link to it.
          room.people.map((person) => (
            <button
              key={person.id}
              type="button"
              className="button-secondary"
              onClick={() => ui.open({ kind: "profile", person })}
            >
              {more.message.profileOf(nameOf(person))}
            </button>
          ))
        ) : (
          <button
            type="button"
            className="button-secondary"
            onClick={() => void copyText(chat, `${location.origin}/chat/${room.id}`)}
          >
            {more.details.copyLink}
          </button>
        )}
        {room.id !== generalRoomId && chat.may("room.leave") ? (
          <button
            type="button"
            className="button-secondary"
            onClick={() => leaveRoom(chat, ui, room, props.onClose)}
          >
            {room.kind === "group" ? more.details.leaveGroup : more.details.leave}
          </button>
        ) : null}
        {room.id !== generalRoomId && chat.may("room.archive") ? (
          <button
            type="button"
            className={room.isArchived ? "button-secondary" : "button-danger"}
            onClick={() => {
              if (room.isArchived) void chat.command("room.unarchive", { room: room.id });
              else
                ui.open({
                  kind: "ask",
                  text: more.details.archiveAsk,
                  yes: more.details.archive,
                  onYes: () => void chat.command("room.archive", { room: room.id }),
                });
            }}
          >
            {room.isArchived ? more.details.unarchive : more.details.archive}
          </button>
        ) : null}
      </div>
    </>
  );
}

/** What was written about rooms and not saved. A panel is closed by a key, and what is written stays. */
const unsaved = new Map<RoomId, Record<string, string>>();

function ChangeForm({ chat, room }: PanelProps & { room: JoinedRoom }) {
  const kept = unsaved.get(room.id) ?? {};
  const [colour, setColour] = useState(room.colour);
  const mayDelete = chat.may("room.archive", room);
  const mayAllowPreviews = chat.hasLinkPreviews && chat.may("room.allow_previews");
  return (
    <form
      className="form"
      onSubmit={async (event) => {
        event.preventDefault();
        const fields = new FormData(event.currentTarget);
        const text = (name: string) => String(fields.get(name) ?? "").trim();
        const done = await chat.command("room.change", {
          room: room.id,
          name: text("name"),
          topic: text("topic"),
          description: text("description"),
          icon: text("icon"),
          colour,
          posting: fields.get("posting") === "moderators" ? "moderators" : "everybody",
          slowModeSeconds: Number(fields.get("slow")),
          leavesMark: fields.has("mark"),
          ...(mayDelete ? { keepDays: Number(fields.get("keep")) } : {}),
          ...(mayAllowPreviews ? { hasLinkPreviews: fields.has("previews") } : {}),
        });
        if (!done) return;
        unsaved.delete(room.id);
        chat.toasts.show(more.details.saved);
      }}
      onInput={({ target }) => {
        if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement)) return;
        if (target.type !== "text" && target.type !== "textarea") return;
        unsaved.set(room.id, { ...unsaved.get(room.id), [target.name]: target.value });
      }}
    >
      <label className="form-field">
        <span>{more.details.name}</span>
        <input
          className="field"
          name="name"
          required
          maxLength={roomNameCharsMax}
          defaultValue={kept.name ?? room.name}
        />
      </label>
      <label className="form-field">
        <span>{more.details.topic}</span>
        <input
          className="field"
          name="topic"
          maxLength={roomTopicCharsMax}
          defaultValue={kept.topic ?? room.topic}
        />
      </label>
      <label className="form-field">
        <span>{more.details.description}</span>
        <textarea
          className="field"
          name="description"
          rows={3}
          maxLength={roomDescriptionCharsMax}
          defaultValue={kept.description ?? room.description}
        />
      </label>
      <label className="form-field">
        <span>{more.details.icon}</span>
        <input
          className="field form-narrow"
          name="icon"
          maxLength={16}
          pattern={iconPattern}
          title={more.details.icon}
          defaultValue={kept.icon ?? room.icon}
        />
      </label>
      <fieldset className="colours">
        <legend>{more.details.colour}</legend>
        <label className="colour">
          <input type="radio" name="colour" checked={colour === null} onInput={() => setColour(null)} />
          <span>{more.details.colourOwn}</span>
        </label>
        {hues.map((hue, index) => (
          <label key={hue} className={`colour colour-swatch hue-${hue}`}>
            <input
              type="radio"
              name="colour"
              checked={colour === hue}
              aria-label={more.details.colourNumber(index + 1)}
              onInput={() => setColour(hue)}
            />
          </label>
        ))}
      </fieldset>
      <label className="form-field">
        <span>{more.details.posting}</span>
        <select className="field" name="posting" defaultValue={room.posting}>
          <option value="everybody" selected={room.posting === "everybody"}>
            {more.details.postingEverybody}
          </option>
          <option value="moderators" selected={room.posting === "moderators"}>
            {more.details.postingModerators}
          </option>
        </select>
      </label>
      <label className="form-field">
        <span>{more.details.slowMode}</span>
        <select className="field" name="slow">
          {[...new Set([...slowModes, room.slowModeSeconds])]
            .sort((a, b) => a - b)
            .map((seconds) => (
              <option key={seconds} value={String(seconds)} selected={seconds === room.slowModeSeconds}>
                {seconds === 0
                  ? more.details.slowOff
                  : seconds % 3600 === 0
                    ? more.details.hours(seconds / 3600)
                    : seconds % 60 === 0
                      ? more.details.minutes(seconds / 60)
                      : more.details.seconds(seconds)}
              </option>
            ))}
        </select>
      </label>
      {mayDelete ? (
        <label className="form-field">
          <span>{more.details.keepDays}</span>
          <select className="field" name="keep" aria-describedby="keep-hint">
            {[...new Set([...keptDays, room.keepDays])]
              .sort((a, b) => a - b)
              .map((days) => (
                <option key={days} value={String(days)} selected={days === room.keepDays}>
                  {days === 0 ? more.details.keepAsServer : more.details.days(days)}
                </option>
              ))}
          </select>
        </label>
      ) : null}
      {mayDelete ? (
        <p className="panel-note" id="keep-hint">
          {more.details.keepDaysHint}
        </p>
      ) : null}
      <label className="form-check">
        <input type="checkbox" name="mark" defaultChecked={room.leavesMark} /> {more.details.leavesMark}
      </label>
      {mayAllowPreviews ? (
        <label className="form-check">
          <input type="checkbox" name="previews" defaultChecked={room.hasLinkPreviews} />{" "}
          {more.details.previews}
        </label>
      ) : null}
      <div className="dialog-actions">
        <button type="submit" className="button-primary">
          {t.app.save}
        </button>
      </div>
    </form>
  );
}

function Preferences({ chat, room }: PanelProps & { room: JoinedRoom }) {
  const levels: Record<NotificationLevel, string> = {
    all: more.details.notifyAll,
    mentions: more.details.notifyMentions,
    nothing: more.details.notifyNothing,
  };
  return (
    <section className="settings-section">
      <h3>{more.details.forYou}</h3>
      <label className="form-check">
        <input
          type="checkbox"
          checked={room.isStarred}
          onInput={(event) =>
            void chat.command("room.set_preferences", {
              room: room.id,
              isStarred: event.currentTarget.checked,
            })
          }
        />{" "}
        {more.details.favourite}
      </label>
      <label className="form-check">
        <input
          type="checkbox"
          checked={room.isMuted}
          onInput={(event) =>
            void chat.command("room.set_preferences", { room: room.id, isMuted: event.currentTarget.checked })
          }
        />{" "}
        {more.details.muted}
      </label>
      <label className="form-field">
        <span>{more.details.notify}</span>
        <select
          className="field"
          value={room.notify}
          onInput={(event) =>
            void chat.command("room.set_preferences", {
              room: room.id,
              notify: event.currentTarget.value as NotificationLevel,
            })
          }
        >
          {Object.entries(levels).map(([level, name]) => (
            <option key={level} value={level}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </section>
  );
}

function Bans({ chat, room }: PanelProps & { room: JoinedRoom }) {
  const [bans, setBans] = useState<readonly { person: Person; reason: string; at: number }[]>([]);
  const load = () =>
    chat.api.read("room.bans", { room: room.id }).then(
      (answer) => setBans(answer.bans),
      () => {},
    );
  useEffect(() => void load(), [room.id, chat.me.versions.value.members]);
  if (bans.length === 0) return null;
  return (
    <section className="settings-section">
      <h3>{more.people.banned}</h3>
      <ul className="people">
        {bans.map(({ person, reason }) => (
          <li key={person.id} className="person">
            <span className="person-name" dir="auto">
              {nameOf(person)}
              <span className="person-status"> {reason}</span>
            </span>
            <button
              type="button"
              className="button-subtle"
              onClick={async () => {
                if (await chat.command("member.unban", { room: room.id, person: person.id })) await load();
              }}
            >
              {more.people.unban}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
