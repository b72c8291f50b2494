// Each kind of id has its own type, so that a room id cannot be passed as an account id.
import { z } from "zod";

// RFC 9562 lets a client write a UUID in either case. Ids are compared as text, so there must be one form of each.
export const accountIdSchema = z.uuid().toLowerCase().brand<"AccountId">();
export type AccountId = z.infer<typeof accountIdSchema>;

/** A room's id: `general` for the room every installation has, a UUID for all others. */
export const roomIdSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "use 1 to 64 characters of a-z, 0-9 and -")
  .brand<"RoomId">();
export type RoomId = z.infer<typeof roomIdSchema>;

/** Made by the sending client, one per message. The same `sendId` from the same sender is the same message.
 * It comes back in lower case. */
export const sendIdSchema = z.uuid().toLowerCase().brand<"SendId">();
export type SendId = z.infer<typeof sendIdSchema>;

/** Made by the client, one for each thing it creates. The same `createId` from the same person creates nothing twice. */
export const createIdSchema = z.uuid().toLowerCase();

export type SessionId = string & z.$brand<"SessionId">;

/** Changes only when the data is restored from a backup. A `seq` from another epoch is meaningless. */
export type Epoch = string;
