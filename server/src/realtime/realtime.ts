import type { AccountId } from "@novax/protocol/ids";
import type { SessionLimits } from "../auth/sessions.ts";
import type { CommandNeeds } from "../commands/command-needs.ts";
import type { Batcher } from "../lib/batcher.ts";
import type { Budgets } from "../lib/budgets.ts";
import type { StallWatch } from "../lib/stall-watch.ts";
import type { Presence } from "../presence/presence.ts";
import type { NovaxConnection } from "./connection.ts";
import type { Greeting } from "./greetings.ts";
import type { Hub } from "./hub.ts";
import type { RoomFeeds } from "./room-feed.ts";

export type RealtimeNeeds = CommandNeeds & {
  epoch: string;
  processId: string;
  budgets: Budgets<AccountId>;
  stalls: StallWatch;
  presence: Presence;
  /** The id of a message from a basic client, which makes none. */
  newSendId: () => string;
  sessionLimits: SessionLimits;
  publishToSockets: (topic: string, frame: string) => void;
};

/** What connects the rooms to the sockets of this process. */
export type Realtime = RealtimeNeeds & {
  hub: Hub;
  feeds: RoomFeeds;
  greetings: Batcher<NovaxConnection, Greeting>;
  stop(): void;
};
