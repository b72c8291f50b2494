// Different ids are different types, so that a room id can never be passed where an account id is meant.
import { z } from "zod";

export const accountIdSchema = z.uuid().brand<"AccountId">();
export type AccountId = z.infer<typeof accountIdSchema>;

/** A room's id: a short word for the room every installation has (`general`), a random one for the others. */
export const roomIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "use 1 to 64 characters of a-z, 0-9 and -")
  .brand<"RoomId">();
export type RoomId = z.infer<typeof roomIdSchema>;

/** Made by the sending client, one per message: the same `sendId` from the same sender is the same message. */
export const sendIdSchema = z.uuid().brand<"SendId">();
export type SendId = z.infer<typeof sendIdSchema>;

export type SessionId = string & z.$brand<"SessionId">;

/** Changes only when the data is restored from a backup; positions from another epoch mean nothing. */
export type Epoch = string;
