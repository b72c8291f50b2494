import type { RegisterNeeds } from "../auth/register.ts";
import type { SessionLimits } from "../auth/sessions.ts";
import type { Config } from "../config/read-config.ts";
import type { RoomWriters } from "../messages/room-writer.ts";

/** Everything long-lived that a request may need. Functions name the parts they use; only `http` takes it whole. */
export type App = RegisterNeeds & {
  config: Config;
  epoch: string;
  roomWriters: RoomWriters;
  sessionLimits: SessionLimits;
};
