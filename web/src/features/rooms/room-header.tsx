import type { JoinedRoom } from "@novax/protocol/entities";
import { isDirect } from "@novax/protocol/permissions";
import type { PresentPerson } from "@novax/protocol/signals";
import { BackIcon, ClipIcon, InfoIcon, PeopleIcon, PinIcon, SearchIcon } from "../../components/icons.tsx";
import type { Panel } from "../../stores/ui-store.ts";
import { t } from "../../texts/text.ts";
import { PresenceDot } from "../people/presence-dot.tsx";
import { RoomIcon } from "./room-icon.tsx";

export type RoomHeaderProps = {
  room: JoinedRoom;
  name: string;
  other: PresentPerson | null;
  /** How many of the members are online, once the server has said so. */
  onlineCount: number;
  panel: Panel | null;
  onPanel: (panel: Panel) => void;
  /** The button that a phone has in place of the other panes. */
  backLabel: string;
  onBack: () => void;
};

export function RoomHeader({
  room,
  name,
  other,
  panel,
  onPanel,
  backLabel,
  onBack,
  onlineCount,
}: RoomHeaderProps) {
  return (
    <div className="room-header" data-online={onlineCount}>
      <button
        type="button"
        className="button-icon only-phone"
        aria-label={backLabel}
        title={backLabel}
        onClick={onBack}
      >
        <BackIcon />
      </button>
      <div className="room-title">
        <span className="room-item-icon">
          <RoomIcon room={room} />
          {other ? <PresenceDot state={other} /> : null}
        </span>
        <h1 dir="auto" title={name}>
          {name}
        </h1>
        <p className="room-topic not-phone" dir="auto" title={room.topic}>
          {other?.status ? `${other.status.emoji} ${other.status.text}` : room.topic}
        </p>
      </div>
      <button
        type="button"
        className="button-icon"
        aria-label={t.room.search}
        title={t.room.search}
        aria-expanded={panel === "search"}
        onClick={() => onPanel("search")}
      >
        <SearchIcon />
      </button>
      <button
        type="button"
        className="button-icon not-phone"
        aria-label={t.room.pins}
        title={t.room.pins}
        aria-expanded={panel === "pins"}
        onClick={() => onPanel("pins")}
      >
        <PinIcon />
      </button>
      <button
        type="button"
        className="button-icon not-phone"
        aria-label={t.room.files}
        title={t.room.files}
        aria-expanded={panel === "files"}
        onClick={() => onPanel("files")}
      >
        <ClipIcon />
      </button>
      {isDirect(room.kind) && room.memberCount <= 2 ? null : (
        <button
          type="button"
          className="button-count"
          aria-label={t.room.people(room.memberCount)}
          title={t.room.people(room.memberCount)}
          aria-expanded={panel === "people"}
          onClick={() => onPanel("people")}
        >
          <PeopleIcon />
          <span className="count">{room.memberCount}</span>
        </button>
      )}
      <button
        type="button"
        className="button-icon"
        aria-label={t.room.details}
        title={t.room.details}
        aria-expanded={panel === "details"}
        onClick={() => onPanel("details")}
      >
        <InfoIcon />
      </button>
    </div>
  );
}
