// Apart from the schemas, so that the client can use it without their weight.
import type { RoomId } from "./ids.ts";

/** The room that every installation has and everybody is in. */
export const generalRoomId = "general" as RoomId;
