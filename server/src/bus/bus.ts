import type { Person } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId, SessionId } from "@novax/protocol/ids";
import type { NoticeSignal, PresenceSignal, ReadSignal, TypingSignal } from "@novax/protocol/signals";

/** What travels between the processes of one installation. */
export type BusMessage =
  /** Contiguous events of one room, already committed. */
  | { kind: "events"; room: RoomId; events: RoomEvent[] }
  | { kind: "typing"; room: RoomId; signal: TypingSignal }
  | { kind: "presence"; room: RoomId; process: string; signal: PresenceSignal }
  | { kind: "read"; account: AccountId; signal: ReadSignal }
  | { kind: "notice"; account: AccountId; signal: NoticeSignal }
  /** What somebody is called has changed; their open sockets go on under the new name. */
  | { kind: "person_changed"; person: Person }
  | { kind: "sessions_ended"; sessions: SessionId[] };

/**
 * A doorbell between processes.
 *
 * Guarantees: a message published here reaches this process's listeners before `publish` returns, exactly once, and
 * those of other processes at most once: it may be lost, late or out of order there. `publish` never throws and never
 * waits. Whoever must not miss a thing reads the database when `onDoubt` calls, and every few seconds.
 */
export type Bus = {
  publish(message: BusMessage): void;
  subscribe(listener: (message: BusMessage) => void): () => void;
  /** Called after messages from other processes may have been lost. */
  onDoubt(listener: () => void): () => void;
  /** Whether messages of other processes arrive at the moment. */
  isConnected(): boolean;
  close(): Promise<void>;
};
