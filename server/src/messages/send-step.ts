import type { EventOf } from "@novax/protocol/events";
import type { RoomId } from "@novax/protocol/ids";
import type { Transaction } from "../transaction/transact.ts";
import type { MessageDraft } from "./draft.ts";

/** A message that was just inserted, and the event that announces it. Steps can add fields to the event. */
export type WrittenMessage = MessageDraft & { readonly seq: number; readonly event: EventOf<"message.sent"> };

/** The messages of one room that are inserted in one transaction, in the order of their `seq`. */
export type SendCommit = Pick<Transaction, "sql" | "publishAfterCommit" | "queue"> & {
  readonly room: RoomId;
  readonly now: number;
  readonly messages: readonly WrittenMessage[];
};

/**
 * Work that is done for some sent messages in the transaction that inserts them, all or nothing. The messages it concerns are
 * written in a transaction of their room alone. It runs while the room is locked, so it runs a bounded number of statements
 * for each transaction.
 */
export type SendStep = {
  readonly name: string;
  /** The most statements it runs for a transaction. It runs none if it concerns no message of it. */
  readonly statementsMax: number;
  concerns(draft: MessageDraft): boolean;
  run(commit: SendCommit): Promise<void>;
};

/** The messages of several rooms that are inserted in one transaction. */
export type SharedCommit = Pick<Transaction, "sql" | "queue"> & {
  readonly now: number;
  /** In the order of the rooms' ids, in which what belongs to them has to be locked. */
  readonly rooms: readonly Pick<SendCommit, "room" | "messages">[];
};

/** Work that is done for all sent messages, of all rooms of a transaction at once. */
export type SharedStep = {
  readonly name: string;
  /** The most statements it runs for a transaction: so many, and so many more for each of its rooms. */
  readonly statementsMax: { fixed: number; perRoom: number };
  /** Whether it has anything to do at present. */
  isNeeded(): boolean;
  run(commit: SharedCommit): Promise<void>;
};
