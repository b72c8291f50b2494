import type { RoomAction, ServerAction } from "./permissions.ts";

/** A right in the room that a command or read names. */
type RoomNeed = { in: "room"; right: RoomAction };
/** A right on the server. */
type ServerNeed = { in: "server"; right: ServerAction };

/** What a read needs: a session, or a right besides. */
export type ReadNeeds = { in: "session" } | RoomNeed | ServerNeed;
/** What a command needs: always a right. */
export type CommandNeeds = RoomNeed | ServerNeed;

export const ofSession: ReadNeeds = { in: "session" };
export const inRoom = (right: RoomAction): RoomNeed => ({ in: "room", right });
export const onServer = (right: ServerAction): ServerNeed => ({ in: "server", right });
