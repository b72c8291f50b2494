import type { Person } from "@novax/protocol/entities";
import type { RoomEvent } from "@novax/protocol/events";
import type { AccountId, RoomId, SessionId } from "@novax/protocol/ids";
import type { PersonalSignal, PresentPerson, TypingSignal } from "@novax/protocol/signals";

/** Messages between the processes of one installation. */
export type BusMessage =
  /** Consecutive events of one room, already committed. */
  | { kind: "events"; room: RoomId; events: RoomEvent[] }
  | { kind: "typing"; room: RoomId; signal: TypingSignal }
  /**
   * Who is connected to a process. With `full` the list is complete; otherwise `people` arrived or changed, and `left`
   * went offline. `connections`: how many each of these people has, in the same order.
   */
  | {
      kind: "presence";
      process: string;
      full: boolean;
      people: PresentPerson[];
      connections: number[];
      left: AccountId[];
    }
  /** What was spent of budgets on a process since its last message, by the budget's name. */
  | { kind: "spent"; process: string; spent: Record<string, [key: string, cost: number][]> }
  /** For one person, on all of their open connections. */
  | { kind: "account_signal"; account: AccountId; signal: PersonalSignal }
  /** An account has become a member; its connections receive the room from now on. */
  | { kind: "room_joined"; account: AccountId; room: RoomId }
  /** A person's presence settings, status or blocks have changed: reload them. */
  | { kind: "profile_changed"; account: AccountId }
  /** Keywords have changed: reload them. */
  | { kind: "keywords_changed" }
  /** Somebody wants notifications who did not before: read again whether anybody does. */
  | { kind: "push_subscribers_changed" }
  /** Somebody blocked this account or no longer does. */
  | { kind: "blocks_changed"; blocked: AccountId }
  /** The server's own emoji have changed: reload them. */
  | { kind: "emoji_changed" }
  /** The blocked words have changed: reload them. */
  | { kind: "filter_words_changed" }
  /** Stored messages were changed without an event, so copies in memory are out of date. */
  | { kind: "history_rewritten" }
  /** The server's name or icon has changed: reload them. */
  | { kind: "server_identity_changed" }
  /** The banned addresses have changed: reload them. */
  | { kind: "address_bans_changed" }
  /** A person's name has changed; their open sockets continue under the new one. */
  | { kind: "person_changed"; person: Person }
  | { kind: "sessions_ended"; sessions: SessionId[] };

export type BusListener<K extends BusMessage["kind"]> = (message: Extract<BusMessage, { kind: K }>) => void;

/**
 * Tells the other processes that there is something new to read.
 *
 * Guarantees: a published message reaches this process's listeners exactly once, before `publish` returns, and other
 * processes' listeners at most once: there it may be lost, late or out of order. `publish` never throws and never
 * waits. A listener that must not miss anything also reads the database when `onDoubt` fires, and every few seconds.
 */
export type Bus = {
  publish(message: BusMessage): void;
  /** Subscribes to every message of this kind. Returns a function that unsubscribes. */
  on<K extends BusMessage["kind"]>(kind: K, listener: BusListener<K>): () => void;
  /**
   * Subscribes to the times at which messages from other processes may have been lost. Returns a function that
   * unsubscribes.
   */
  onDoubt(listener: () => void): () => void;
  /** Whether there can be other processes. */
  readonly isShared: boolean;
  /** Whether messages from other processes are arriving at present. */
  isConnected(): boolean;
  close(): Promise<void>;
};
