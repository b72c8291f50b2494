// Separate from the schemas, so that the client can import it without bundling zod.
import type { RoomId } from "./ids.ts";

/** The room that every installation has and everyone is in. */
export const generalRoomId = "general" as RoomId;
