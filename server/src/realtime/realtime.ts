import type { AccountId } from "@novax/protocol/ids";
import type { SessionLimits } from "../auth/sessions.ts";
import type { Log } from "../log/log.ts";
import { listMembersOf } from "../rooms/memberships.ts";
import { listProfiles } from "../rooms/people-queries.ts";
import { attachJoinedRoom, attachMissedRooms } from "./attach-rooms.ts";
import type { Budgets } from "./budgets.ts";
import type { CommandNeeds } from "./command-needs.ts";
import { Hub } from "./hub.ts";
import { Presence } from "./presence.ts";
import { RoomFeeds } from "./room-feed.ts";

export type RealtimeNeeds = CommandNeeds & {
  log: Log;
  epoch: string;
  processId: string;
  budgets: Budgets;
  /** An id for a message whose client makes none. */
  newSendId: () => string;
  sessionLimits: SessionLimits;
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
  const { sql } = app.db;
  const presence = new Presence({
    ...app,
    signal: (room, signal) => feeds.find(room)?.signal(signal),
    listMembers: (rooms, accounts) => listMembersOf(sql, rooms, accounts),
  });
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
        if (message.process !== app.processId) presence.hear(message);
        return;
      case "account_signal":
        hub.sendToAccount(message.account, message.signal);
        return;
      case "room_joined":
        attachJoinedRoom(realtime, message.account, message.room).catch(
          logAway(app.log, "room.enter_failed"),
        );
        return;
      case "profile_changed":
        void rereadProfile(message.account);
        return;
      case "history_rewritten":
        for (const feed of feeds.all()) feed.forgetRecent();
        return;
      case "words_changed":
      case "bans_changed":
        return;
      case "person_changed":
        hub.renamePerson(message.person);
        void rereadProfile(message.person.id);
        return;
      case "sessions_ended":
        hub.endSessions(message.sessions);
        return;
    }
  });
  const rereadProfile = async (account: AccountId) => {
    if (!presence.knows(account)) return;
    try {
      const [profile] = await listProfiles(sql, [account]);
      if (profile) presence.changeProfile(profile);
    } catch (error) {
      app.log.fault("profile.reread_failed", error);
    }
  };
  const checkPositions = () => feeds.checkPositions().catch(logAway(app.log, "feed.check_failed"));
  const checkSessions = () => hub.checkSessions().catch(logAway(app.log, "sessions.check_failed"));
  const stopDoubting = app.bus.onDoubt(() => {
    void checkPositions();
    void checkSessions();
    attachMissedRooms(realtime).catch(logAway(app.log, "room.enter_failed"));
  });
  const timers = [
    setInterval(checkPositions, checkPositionsEveryMs),
    setInterval(() => presence.tick().catch(logAway(app.log, "presence.failed")), presenceEveryMs),
    setInterval(checkSessions, checkSessionsEveryMs),
  ];
  app.here.list = (room) => presence.listIn(room);
  app.here.stateOf = (account) => presence.stateOf(account);
  const realtime: Realtime = {
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
  return realtime;
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
