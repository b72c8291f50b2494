import type { AccountId } from "@novax/protocol/ids";
import { every } from "../lib/every.ts";
import { listProfiles } from "../people/queries.ts";
import { attachJoinedRoom, attachMissedRooms, attachRecentJoins } from "./attach-rooms.ts";
import type { NovaxConnection } from "./connection.ts";
import { createGreetings } from "./greetings.ts";
import { Hub } from "./hub.ts";
import type { Realtime, RealtimeNeeds } from "./realtime.ts";
import { RoomFeeds } from "./room-feed.ts";
import { refreshBlockers, sendToViewers } from "./view-signals.ts";

export const checkPositionsEveryMs = 2000;
export const presenceEveryMs = 1000;
export const checkSessionsEveryMs = 30_000;
const checkLivenessEveryMs = 5000;
const checkJoinsEveryMs = 2000;

export function startRealtime(app: RealtimeNeeds): Realtime {
  const { bus, db, log, presence } = app;
  const hub = new Hub(app, {
    connectionsElsewhere: (account) => presence.connectionsElsewhere(account),
  });
  const feeds = new RoomFeeds(app);
  presence.onChange((_room, signal) => sendToViewers({ ...app, hub }, signal));

  const rereadProfile = async (account: AccountId) => {
    if (!presence.knows(account)) return;
    try {
      const [profile] = await listProfiles(db.sql, [account]);
      if (profile) presence.changeProfile(profile);
    } catch (error) {
      log.fault("profile.reread_failed", error);
    }
  };
  const attachRoom = (account: AccountId, room: Parameters<typeof attachJoinedRoom>[2]) =>
    attachJoinedRoom(realtime, account, room).catch((error: unknown) =>
      log.fault("room.attach_failed", error),
    );
  const rereadBlockers = (connections: readonly NovaxConnection[]) =>
    refreshBlockers({ ...app, hub }, connections).catch((error: unknown) =>
      log.fault("blocks.reread_failed", error),
    );
  const timers = {
    positions: every(log, "feed.check_failed", checkPositionsEveryMs, () => feeds.checkPositions()),
    presence: every(log, "presence.failed", presenceEveryMs, () => presence.tick()),
    joins: every(log, "joins.check_failed", checkJoinsEveryMs, () => attachRecentJoins(realtime)),
    liveness: every(log, "sockets.check_failed", checkLivenessEveryMs, async () => {
      hub.checkLiveness();
      hub.checkCounts();
    }),
    sessions: every(log, "sessions.check_failed", checkSessionsEveryMs, () => hub.checkSessions()),
  };
  const stopListening = [
    bus.on("events", ({ room, events }) => feeds.find(room)?.offer(events)),
    bus.on("typing", ({ signal }) => sendToViewers({ ...app, hub }, signal)),
    bus.on("blocks_changed", ({ blocked }) => void rereadBlockers(hub.listNovax(blocked))),
    bus.on("presence", (message) => {
      if (message.process !== app.processId) presence.receive(message);
    }),
    bus.on("account_signal", ({ account, signal }) => hub.sendToAccount(account, signal)),
    bus.on("room_joined", ({ account, room }) => void attachRoom(account, room)),
    bus.on("profile_changed", ({ account }) => void rereadProfile(account)),
    bus.on("person_changed", ({ person }) => {
      hub.renamePerson(person);
      void rereadProfile(person.id);
    }),
    bus.on("history_rewritten", () => {
      for (const feed of feeds.all()) feed.forgetRecent();
    }),
    bus.on("sessions_ended", ({ sessions }) => hub.endSessions(sessions)),
    bus.onDoubt(() => {
      // Erased texts may be among what is kept to be sent again.
      for (const feed of feeds.all()) feed.forgetRecent();
      void timers.positions.run();
      void timers.sessions.run();
      void rereadBlockers(hub.listNovax());
      attachMissedRooms(realtime).catch((error: unknown) => log.fault("room.attach_failed", error));
    }),
  ];
  const realtime: Realtime = {
    ...app,
    hub,
    feeds,
    greetings: createGreetings(app),
    stop: () => {
      for (const stop of stopListening) stop();
      presence.leave();
      for (const timer of Object.values(timers)) void timer.stop();
    },
  };
  return realtime;
}
