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
 * Work that is done for sent messages in the transaction that inserts them, all or nothing. A step runs while the room
 * is locked, so it costs nothing for messages it does not concern and a bounded number of statements per batch
 * otherwise.
 */
export type SendStep = {
  readonly name: string;
  /** The most statements it runs for a batch. It runs none for a batch it does not concern. */
  readonly statementsMax: number;
  run(commit: SendCommit): Promise<void>;
};
