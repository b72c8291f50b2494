import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Transaction } from "../transaction/transact.ts";

/** A reaction to somebody else's message, which was just added. */
export type AddedReaction = { room: RoomId; seq: number; emoji: string; by: AccountId; to: AccountId };

/** Work that is done for a reaction in the transaction that adds it, all or nothing. It may cost two statements. */
export type ReactionStep = (
  transaction: Pick<Transaction, "sql" | "queue">,
  reaction: AddedReaction,
) => Promise<void>;
