import type { SendNeeds } from "../messages/send-message.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";

/** What the commands need, by whichever way they come. */
export type CommandNeeds = SendNeeds & TransactionNeeds;
