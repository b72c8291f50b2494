import { BackIcon, PeopleIcon } from "./icons.tsx";

export type RoomHeaderProps = {
  name: string;
  topic: string;
  presentCount: number;
  isPeopleOpen: boolean;
  onPeople: () => void;
  onBack: () => void;
};

export function RoomHeader({ name, topic, presentCount, isPeopleOpen, onPeople, onBack }: RoomHeaderProps) {
  return (
    <div className="room-header">
      <button type="button" className="button-icon only-phone" aria-label="All rooms" onClick={onBack}>
        <BackIcon />
      </button>
      <div className="room-title">
        <h1>{name}</h1>
        <p className="room-topic">{topic}</p>
      </div>
      <button
        type="button"
        className="button-count"
        aria-label={`People, ${presentCount} here`}
        aria-expanded={isPeopleOpen}
        onClick={onPeople}
      >
        <PeopleIcon />
        <span className="count">{presentCount}</span>
      </button>
    </div>
  );
}
