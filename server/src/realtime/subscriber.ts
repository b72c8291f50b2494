import type { RoomEvent } from "@novax/protocol/events";
import type { RoomId } from "@novax/protocol/ids";
import type { Viewer } from "../rooms/require-membership.ts";

/** What receives the events of rooms. A room's feed knows nothing else of a connection. */
export interface Subscriber {
  readonly actor: Viewer;
  readonly isOpen: boolean;
  /** The same object for all subscribers of one protocol. */
  readonly delivery: Delivery;
  /** Called when live events begin to arrive, after the {@link Opening}. */
  attached(room: RoomId): void;
  /** Called when no more events arrive; `isRemoved` if the account is no longer a member. */
  detached(room: RoomId, isRemoved: boolean): void;
}

/**
 * How events reach the subscribers of one protocol. A feed calls it once for all of its subscribers with this delivery,
 * and for no others, so that an event is encoded once.
 */
export interface Delivery<S extends Subscriber = Subscriber> {
  // A method, so that a delivery may ask for its own kind of subscriber: the feed groups them by their delivery.
  deliver(batch: EventBatch, subscribers: ReadonlySet<S>): void;
  /** Tells them that the log is another one and ends at `headSeq`. A protocol that only shows new messages leaves it out. */
  restart?(
    log: { room: RoomId; epoch: string; headSeq: number },
    publishToSockets: EventBatch["publishToSockets"],
  ): void;
}

export type EventBatch = {
  readonly room: RoomId;
  /** Contiguous, in the order of `seq`. */
  readonly events: readonly RoomEvent[];
  /** Sends one text to every socket that is subscribed to the topic. */
  readonly publishToSockets: (topic: string, text: string) => void;
};

/**
 * What a subscriber is sent before live events. It reads what happened up to `last`, for as long as that takes, and returns what
 * sends it: with the events that were delivered meanwhile, and at once, so that nothing falls between it and the live ones.
 */
export type Opening = (position: FeedPosition) => Promise<SendOpening>;

/** Sends an opening. `missed` are the events after `last`. False if what was read is not true any more, and is read again. */
export type SendOpening = (missed: readonly RoomEvent[]) => boolean;

export type FeedPosition = {
  readonly room: RoomId;
  readonly epoch: string;
  /** The last event that was delivered. */
  readonly last: number;
  /** The events after `afterSeq` up to `last`, which may be at most `resumeEventsMax`. */
  read(afterSeq: number): Promise<RoomEvent[]>;
};
