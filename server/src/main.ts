// The composition root: the only file that builds long-lived things.
import { generalRoomId } from "@novax/protocol/ids";
import { createLocalAttemptLimits, createRedisAttemptLimits } from "./auth/attempt-limits.ts";
import { loadKnownPasswords } from "./auth/known-passwords.ts";
import { createPasswordHasher } from "./auth/password-hasher.ts";
import { createLocalBus } from "./bus/local-bus.ts";
import { createRedisBus } from "./bus/redis-bus.ts";
import type { Config } from "./config/read-config.ts";
import { readEpoch } from "./db/installation.ts";
import { openDatabase } from "./db/open-database.ts";
import type { App } from "./http/app.ts";
import { createHttpApp } from "./http/http-app.ts";
import { loadWeb } from "./http/serve-web.ts";
import { isSocketRequest, upgradeSocket } from "./http/upgrade.ts";
import { systemClock as clock } from "./lib/clock.ts";
import { systemRandom as random } from "./lib/random.ts";
import type { Log } from "./log/log.ts";
import { RoomWriters } from "./messages/room-writer.ts";
import type { SocketData } from "./realtime/connection.ts";
import { type Realtime, startRealtime } from "./realtime/realtime.ts";
import { createSocketHandlers } from "./realtime/socket-handlers.ts";
import { joinRoom } from "./rooms/join-room.ts";

const minuteMs = 60_000;

export type RunningServer = { app: App; realtime: Realtime; url: URL; stop(): Promise<void> };

/** Starts one process of novaX. `stop` drains the sockets and closes the database. */
export async function startServer(config: Config, log: Log): Promise<RunningServer> {
  const web = loadWeb();
  const knownPasswords = loadKnownPasswords(config.breachedPasswordsFile);
  const db = await openDatabase(config.database, log);
  const epoch = await readEpoch(db.sql);
  const processId = random.uuid();
  const { redisUrl } = config;
  const redis = redisUrl === null ? null : { url: redisUrl, installation: epoch, processId, log };
  const bus = redis ? await createRedisBus(redis) : createLocalBus(log);
  const app: App = {
    config,
    db,
    bus,
    log,
    clock,
    random,
    epoch,
    roomWriters: new RoomWriters({ db, bus, clock }),
    sessionLimits: { idleMs: config.sessionIdleMs, maxMs: config.sessionMaxMs },
    passwordHasher: await createPasswordHasher(config.bcryptCost),
    passwordRules: { codePointsMin: config.passwordCodePointsMin, knownPasswords },
    attemptLimits: redis ? createRedisAttemptLimits(redis.url, epoch) : createLocalAttemptLimits(clock),
    loginLimits: {
      perAccount: { max: config.loginFailuresPerAccount, windowMs: 15 * minuteMs },
      perAddress: { max: config.loginFailuresPerAddress, windowMs: minuteMs },
    },
    signUpLimit: { max: config.signUpsPerAddress, windowMs: 60 * minuteMs },
    joinFirstRooms: (tx, recordEvent, person) => joinRoom({ clock }, tx, recordEvent, generalRoomId, person),
  };

  const http = createHttpApp(app, web);
  // Each needs the other: the sockets call the rooms, the rooms publish through the server of the sockets.
  let realtime!: Realtime;
  const server = Bun.serve<SocketData>({
    hostname: config.host,
    port: config.port,
    idleTimeout: 30,
    websocket: createSocketHandlers(() => realtime),
    fetch: (request, self) => {
      const url = new URL(request.url);
      if (isSocketRequest(url)) return upgradeSocket(app, request, url, self);
      return http.fetch(request, { address: self.requestIP(request)?.address ?? "" });
    },
  });
  realtime = startRealtime({
    ...app,
    processId,
    messagesPerSecond: config.messagesPerSecond,
    newSendId: () => crypto.randomUUID(),
    publishToSockets: (topic, frame) => server.publish(topic, frame),
  });

  return {
    app,
    realtime,
    url: server.url,
    stop: async () => {
      realtime.hub.closeAll();
      await server.stop();
      realtime.stop();
      await Promise.all([bus.close(), app.attemptLimits.close()]);
      await db.close();
    },
  };
}
