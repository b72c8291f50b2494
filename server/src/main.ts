// The composition root: the only file that builds long-lived things.
import { generalRoomId } from "@novax/protocol/ids";
import { AddressBans } from "./admin/address-bans.ts";
import { readAuditHead } from "./audit/audit-log.ts";
import { createLocalAttemptLimits, createRedisAttemptLimits } from "./auth/attempt-limits.ts";
import { loadKnownPasswords } from "./auth/known-passwords.ts";
import { createPasswordHasher } from "./auth/password-hasher.ts";
import { pruneAccounts } from "./auth/prune-queries.ts";
import { sendResets } from "./auth/reset-password.ts";
import { createSsoClient } from "./auth/sso-client.ts";
import { createLocalBus } from "./bus/local-bus.ts";
import { createRedisBus } from "./bus/redis-bus.ts";
import { readServerSecret } from "./config/data-folder.ts";
import type { Config } from "./config/read-config.ts";
import { assertSameSecret, readEpoch } from "./db/installation.ts";
import { openDatabase } from "./db/open-database.ts";
import type { App } from "./http/app.ts";
import { createHttpApp } from "./http/http-app.ts";
import { problemResponse, toProblem } from "./http/problem.ts";
import { loadWeb } from "./http/serve-web.ts";
import { isSocketRequest, upgradeSocket } from "./http/upgrade.ts";
import { startJobs } from "./jobs/runner.ts";
import { systemClock as clock } from "./lib/clock.ts";
import { systemRandom as random } from "./lib/random.ts";
import { Refusal } from "./lib/refusal.ts";
import { createServerSecret } from "./lib/server-secret.ts";
import type { Log } from "./log/log.ts";
import { createConsoleMailer, createSmtpMailer } from "./mail/mailer.ts";
import { deliverScheduled, sendReminder } from "./messages/collections.ts";
import { eraseAccount } from "./messages/erase-account.ts";
import { closeDuePoll } from "./messages/polls.ts";
import { RoomWriters } from "./messages/room-writer.ts";
import { Budgets } from "./realtime/budgets.ts";
import type { SocketData } from "./realtime/connection.ts";
import { type Realtime, startRealtime } from "./realtime/realtime.ts";
import { createSocketHandlers } from "./realtime/socket-handlers.ts";
import { joinRoom } from "./rooms/join-room.ts";
import { WordLists } from "./rooms/word-lists.ts";

const minuteMs = 60_000;
const drainMs = 3000;
const pruneEveryMs = 60 * minuteMs;
const factorFailuresMax = 10;

export type RunningServer = { app: App; realtime: Realtime; url: URL; stop(): Promise<void> };

/** What was opened beside the app, and is closed in order. */
export type OpenApp = { app: App; processId: string; close(): Promise<void> };

/** Opens everything but the door: the database, the bus, the mail. For the server, and for the operator's commands. */
export async function openApp(config: Config, log: Log): Promise<OpenApp> {
  const knownPasswords = loadKnownPasswords(config.breachedPasswordsFile);
  const secret = createServerSecret(readServerSecret(config));
  const db = await openDatabase(config.database, log);
  await assertSameSecret(db.sql, secret);
  const epoch = await readEpoch(db.sql);
  const processId = random.uuid();
  const { redisUrl, publicUrl } = config;
  const redis = redisUrl === null ? null : { url: redisUrl, installation: epoch, processId, log };
  const bus = redis ? await createRedisBus(redis) : createLocalBus(log);
  const app: App = {
    config,
    db,
    bus,
    log,
    clock,
    random,
    secret,
    publicUrl,
    ownOrigins: config.ownOrigins,
    epoch,
    roomWriters: new RoomWriters({ db, bus, clock }),
    wordLists: new WordLists({ db, log }),
    addressBans: new AddressBans({ db, log }),
    budgets: new Budgets(clock, config.messagesPerSecond),
    here: { list: async () => [], stateOf: () => null },
    mailer:
      config.smtpUrl === null
        ? createConsoleMailer(console.log)
        : await createSmtpMailer(config.smtpUrl, config.mailFrom),
    sso: config.oidc && createSsoClient({ clock, secret, log, publicUrl }, config.oidc),
    sessionLimits: { idleMs: config.sessionIdleMs, maxMs: config.sessionMaxMs },
    passwordHasher: await createPasswordHasher(config.bcryptCost),
    passwordRules: { codePointsMin: config.passwordCodePointsMin, knownPasswords },
    attemptLimits: redis ? createRedisAttemptLimits(redis.url, epoch) : createLocalAttemptLimits(clock),
    signInLimits: {
      perAccount: { max: config.signInFailuresPerAccount, windowMs: 15 * minuteMs },
      perAddress: { max: config.signInFailuresPerAddress, windowMs: minuteMs },
      overall: { max: config.signInFailuresOverall, windowMs: minuteMs },
    },
    factorLimit: { max: factorFailuresMax, windowMs: 15 * minuteMs },
    signUpLimit: { max: config.signUpsPerAddress, windowMs: 60 * minuteMs },
    configuredRegistration: config.registration,
    joinFirstRooms: async (tx, recordEvent, person) => {
      await joinRoom({ clock }, tx, recordEvent, generalRoomId, person);
    },
  };
  return {
    app,
    processId,
    close: async () => {
      app.mailer.close();
      await Promise.all([bus.close(), app.attemptLimits.close()]);
      await db.close();
    },
  };
}

/** Starts one process of novaX. `stop` drains the sockets and closes the database. */
export async function startServer(config: Config, log: Log): Promise<RunningServer> {
  const web = loadWeb();
  const { app, processId, close } = await openApp(config, log);
  await app.wordLists.start(app.bus);
  await app.addressBans.start(app.bus);
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
      error: (error) => problemResponse(toProblem(error, log, "en").problem, undefined),
      websocket: createSocketHandlers(() => realtime),
      fetch: (request, self) => {
        const url = URL.parse(request.url);
        if (!url) throw new Refusal("malformed", "The request has no valid address.");
        if (isSocketRequest(url)) {
          if (isStopping) throw new Refusal("unavailable", (t) => t.restarts, { retryInMs: 1000 });
          return upgradeSocket(app, request, url, self);
        }
        return http.fetch(request, { address: self.requestIP(request)?.address ?? "" });
      },
    });
  // A taken port is the last thing that can go wrong; what is open by then is closed in order.
  const server = await Promise.try(listen).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  realtime = startRealtime({
    ...app,
    processId,
    newSendId: () => crypto.randomUUID(),
    publishToSockets: (topic, frame) => server.publish(topic, frame),
  });
  const jobs = startJobs(app, {
    "mail.send": (mail) => app.mailer.send(mail),
    "reset.request": (request) => sendResets(app, request),
    "account.erase": (request) => eraseAccount(app, request),
    "poll.close": (poll) => closeDuePoll(app, poll),
    "message.deliver": (message) => deliverScheduled(app, message),
    "reminder.send": (reminder) => sendReminder(app, reminder),
  });

  // The log of the process stands elsewhere: an audit log that was cut off no longer reaches what was said here.
  const logAuditHead = () =>
    readAuditHead(app.db.sql).then(
      (head) => log.info("audit.head", head),
      (error: unknown) => log.fault("audit.head_failed", error),
    );
  void logAuditHead();
  const prune = () =>
    pruneAccounts(app.db.sql, clock.now()).catch((error: unknown) =>
      log.fault("accounts.prune_failed", error),
    );
  const pruning = setInterval(() => {
    void prune();
    void logAuditHead();
  }, pruneEveryMs);

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
      clearInterval(pruning);
      app.wordLists.stop();
      app.addressBans.stop();
      await jobs.stop();
      await close();
    },
  };
}
