import type { JoinedRoom } from "@novax/protocol/entities";
import { hueOf } from "@novax/protocol/hue";
import { Avatar } from "../../components/avatar.tsx";
import { HashIcon, LockIcon, PencilIcon } from "../../components/icons.tsx";

type Shown = Pick<JoinedRoom, "id" | "kind" | "icon" | "colour" | "picture"> & {
  people?: JoinedRoom["people"];
};

/** Whether a room has an icon or a colour of its own. */
export function hasOwnIcon({
  icon,
  colour,
  picture,
}: Pick<JoinedRoom, "icon" | "colour" | "picture">): boolean {
  return icon !== "" || colour !== null || picture !== null;
}

/** The icon of a room in lists: its own icon, the person of a direct room, or the sign of its kind. */
export function RoomIcon({ room }: { room: Shown }) {
  const [first] = room.people ?? [];
  if (room.kind === "direct" && first) return <Avatar person={first} size="tiny" />;
  if (room.picture)
    return (
      <span className="avatar avatar-tiny" aria-hidden="true">
        <img
          src={`/api/rooms/${room.id}/picture?v=${room.picture}`}
          alt=""
          decoding="async"
          draggable={false}
        />
      </span>
    );
  // An emoji is a picture already.
  if (room.icon !== "" && !/^[\p{L}\p{N}]$/u.test(room.icon))
    return (
      <span className="room-emoji" aria-hidden="true">
        {room.icon}
      </span>
    );
  if (hasOwnIcon(room) || room.kind === "group" || room.kind === "direct") {
    const sign = room.icon || (room.kind === "group" ? String((room.people?.length ?? 0) + 1) : "");
    return (
      <span className={`avatar avatar-tiny hue-${room.colour ?? hueOf(room.id)}`} aria-hidden="true">
        {sign === "" ? room.kind === "direct" ? <PencilIcon /> : <HashIcon /> : sign}
      </span>
    );
  }
  return room.kind === "private" ? <LockIcon /> : <HashIcon />;
}
