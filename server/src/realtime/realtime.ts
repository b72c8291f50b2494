import type { SessionLimits } from "../auth/sessions.ts";
import type { Bus } from "../bus/bus.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../log/log.ts";
import type { RoomWriters } from "../messages/room-writer.ts";
import { Hub } from "./hub.ts";
import { Presence } from "./presence.ts";
import { RoomFeeds } from "./room-feed.ts";

export type RealtimeNeeds = {
  db: Database;
  bus: Bus;
  log: Log;
  clock: Clock;
  epoch: string;
  processId: string;
  roomWriters: RoomWriters;
  /** An id for a message whose client makes none. */
  newSendId: () => string;
  sessionLimits: SessionLimits;
  messagesPerSecond: number;
  publishToSockets: (topic: string, frame: string) => void;
};

const checkPositionsEveryMs = 2000;
const presenceEveryMs = 1000;
const checkSessionsEveryMs = 30_000;

/** Everything between the rooms and the sockets of this process. */
export type Realtime = RealtimeNeeds & {
  hub: Hub;
  feeds: RoomFeeds;
  presence: Presence;
  stop(): void;
};

export function startRealtime(app: RealtimeNeeds): Realtime {
  const hub = new Hub(app);
  const presence = new Presence({ ...app, signal: (room, signal) => feeds.find(room)?.signal(signal) });
  const feeds: RoomFeeds = new RoomFeeds({ ...app, presence });

  const stopListening = app.bus.subscribe((message) => {
    switch (message.kind) {
      case "events":
        feeds.find(message.room)?.offer(message.events);
        return;
      case "typing":
        feeds.find(message.room)?.signal(message.signal);
        return;
      case "presence":
        if (message.process !== app.processId) presence.hear(message.room, message.process, message.signal);
        return;
      case "read":
      case "notice":
        hub.sendToAccount(message.account, message.signal);
        return;
      case "person_changed":
        hub.renamePerson(message.person);
        return;
      case "sessions_ended":
        hub.endSessions(message.sessions);
        return;
    }
  });
  const checkPositions = () => feeds.checkPositions().catch(logAway(app.log, "feed.check_failed"));
  const checkSessions = () => hub.checkSessions().catch(logAway(app.log, "sessions.check_failed"));
  const stopDoubting = app.bus.onDoubt(() => {
    void checkPositions();
    void checkSessions();
  });
  const timers = [
    setInterval(checkPositions, checkPositionsEveryMs),
    setInterval(() => presence.tick(), presenceEveryMs),
    setInterval(checkSessions, checkSessionsEveryMs),
  ];
  return {
    ...app,
    hub,
    feeds,
    presence,
    stop: () => {
      stopListening();
      stopDoubting();
      for (const timer of timers) clearInterval(timer);
    },
  };
}

/** While the database is away the same check fails every two seconds; the first failure says it all. */
function logAway(log: Log, event: string): (error: unknown) => void {
  let lastAt = 0;
  return (error) => {
    const now = Date.now();
    if (now - lastAt > 60_000) log.fault(event, error);
    lastAt = now;
  };
}
