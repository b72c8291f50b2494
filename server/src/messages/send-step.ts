import type { EventOf } from "@novax/protocol/events";
import type { RoomId } from "@novax/protocol/ids";
import type { Transaction } from "../transaction/transact.ts";
import type { MessageDraft } from "./draft.ts";

/** A message that was just written, and the event that will say so. A step may add to the event. */
export type WrittenMessage = MessageDraft & { readonly seq: number; readonly event: EventOf<"message.sent"> };

/** The messages of one room that are written in one transaction, in the order of their `seq`. */
export type SendCommit = Pick<Transaction, "sql" | "publishAfterCommit" | "queue"> & {
  readonly room: RoomId;
  readonly now: number;
  readonly messages: readonly WrittenMessage[];
};

/**
 * What else happens when messages are sent, in the transaction that writes them: all of it, or nothing. A step holds the
 * room's lock, so it costs a message without it nothing, and one with it a fixed number of statements for the whole batch.
 */
export type SendStep = {
  readonly name: string;
  /** The statements that it runs at most for a batch; 0 for each batch that it does not concern. */
  readonly statementsMax: number;
  run(commit: SendCommit): Promise<void>;
};
