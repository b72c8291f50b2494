import type { AddressBans } from "../admin/address-bans.ts";
import type { SendNeeds } from "../messages/send-message.ts";
import type { RoomNeeds } from "../rooms/in-room.ts";

/** What the orders of people need, by whichever way they come. */
export type CommandNeeds = SendNeeds & RoomNeeds & { addressBans: AddressBans };
