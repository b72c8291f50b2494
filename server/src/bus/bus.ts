import type { Person } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId, SessionId } from "@novax/protocol/ids";
import type { PersonalSignal, PresentPerson, TypingSignal } from "@novax/protocol/signals";

/** What travels between the processes of one installation. */
export type BusMessage =
  /** Contiguous events of one room, already committed. */
  | { kind: "events"; room: RoomId; events: RoomEvent[] }
  | { kind: "typing"; room: RoomId; signal: TypingSignal }
  /** Who is connected to a process. `full`: nobody but these; else they came, changed or, where `left`, went. */
  | { kind: "presence"; process: string; full: boolean; people: PresentPerson[]; left: AccountId[] }
  /** To one person, on every connection that they have open. */
  | { kind: "account_signal"; account: AccountId; signal: PersonalSignal }
  /** Somebody has become a member; their connections receive the room from now on. */
  | { kind: "room_joined"; account: AccountId; room: RoomId }
  /** What somebody wants to be seen of them, or heard by them, has changed: read it again. */
  | { kind: "profile_changed"; account: AccountId }
  /** Somebody's keywords have changed: read them again. */
  | { kind: "keywords_changed" }
  /** The blocked words have changed: read them again. */
  | { kind: "filter_words_changed" }
  /** Texts were changed where they stand, without an event: what was kept of them in memory is not true any more. */
  | { kind: "history_rewritten" }
  /** Addresses were banned, or no longer are: read them again. */
  | { kind: "address_bans_changed" }
  /** What somebody is called has changed; their open sockets go on under the new name. */
  | { kind: "person_changed"; person: Person }
  | { kind: "sessions_ended"; sessions: SessionId[] };

export type BusListener<K extends BusMessage["kind"]> = (message: Extract<BusMessage, { kind: K }>) => void;

/**
 * A doorbell between processes.
 *
 * Guarantees: a message published here reaches this process's listeners before `publish` returns, exactly once, and
 * those of other processes at most once: it may be lost, late or out of order there. `publish` never throws and never
 * waits. Whoever must not miss a thing reads the database when `onDoubt` calls, and every few seconds.
 */
export type Bus = {
  publish(message: BusMessage): void;
  /** Calls the listener with every message of this kind. Returns what ends that. */
  on<K extends BusMessage["kind"]>(kind: K, listener: BusListener<K>): () => void;
  /** Called after messages from other processes may have been lost. */
  onDoubt(listener: () => void): () => void;
  /** Whether messages of other processes arrive at the moment. */
  isConnected(): boolean;
  close(): Promise<void>;
};
