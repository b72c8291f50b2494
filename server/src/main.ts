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
import { problemResponse, toProblem } from "./http/problem.ts";
import { loadWeb } from "./http/serve-web.ts";
import { isSocketRequest, upgradeSocket } from "./http/upgrade.ts";
import { systemClock as clock } from "./lib/clock.ts";
import { systemRandom as random } from "./lib/random.ts";
import { Refusal } from "./lib/refusal.ts";
import type { Log } from "./log/log.ts";
import { RoomWriters } from "./messages/room-writer.ts";
import type { SocketData } from "./realtime/connection.ts";
import { type Realtime, startRealtime } from "./realtime/realtime.ts";
import { createSocketHandlers } from "./realtime/socket-handlers.ts";
import { joinRoom } from "./rooms/join-room.ts";

const minuteMs = 60_000;
const drainMs = 3000;

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
  let isStopping = false;
  const listen = () =>
    Bun.serve<SocketData>({
      hostname: config.host,
      port: config.port,
      idleTimeout: 30,
      // Bun's own error page shows source lines and paths, and is on by default.
      development: false,
      // Said in words: with `development` off Bun shares the port with whoever listens already.
      reusePort: false,
      error: (error) => problemResponse(toProblem(error, log).problem, undefined),
      websocket: createSocketHandlers(() => realtime),
      fetch: (request, self) => {
        const url = URL.parse(request.url);
        if (!url) throw new Refusal("malformed", "The request has no valid address.");
        if (isSocketRequest(url)) {
          if (isStopping) throw new Refusal("unavailable", "The server restarts.", { retryInMs: 1000 });
          return upgradeSocket(app, request, url, self);
        }
        return http.fetch(request, { address: self.requestIP(request)?.address ?? "" });
      },
    });
  const close = async () => {
    await Promise.all([bus.close(), app.attemptLimits.close()]);
    await db.close();
  };
  // A taken port is the last thing that can go wrong; what is open by then is closed in order.
  const server = await Promise.try(listen).catch(async (error: unknown) => {
    await close();
    throw error;
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
      isStopping = true;
      realtime.hub.closeAll();
      // Whoever is in the middle of a request gets an answer; whoever dawdles does not hold the others up.
      await Promise.race([server.stop(), Bun.sleep(drainMs)]);
      realtime.hub.closeAll();
      await server.stop(true);
      realtime.stop();
      await close();
    },
  };
}
