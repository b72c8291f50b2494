// The composition root: the only file that creates long-lived objects.

import { join } from "node:path";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId, SessionId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import type { Server } from "bun";
import { z } from "zod";
import { eraseAccountJob } from "./account-data/erase-account.ts";
import { ServerIdentity } from "./accounts/server-identity.ts";
import { runOperatorCommand } from "./admin/operator-commands.ts";
import { keepAuditHead } from "./audit/kept-head.ts";
import { readAuditHead } from "./audit/queries.ts";
import { createLocalAttemptLimits, createRedisAttemptLimits } from "./auth/attempt-limits.ts";
import { fittingCost } from "./auth/hash-cost.ts";
import { agreeOnCost } from "./auth/hash-cost-queries.ts";
import { loadKnownPasswords } from "./auth/known-passwords.ts";
import { createPasswordHasher } from "./auth/password-hasher.ts";
import { pruneAccounts } from "./auth/prune-queries.ts";
import { sendResetsJob } from "./auth/reset-password.ts";
import { findActors } from "./auth/session-queries.ts";
import { createSsoClient } from "./auth/sso-client.ts";
import { copyFolderName, removeLeftCopy } from "./backup/run-backup.ts";
import { ScheduledBackups } from "./backup/scheduled-backups.ts";
import { backUpBeforeUpgrade } from "./backup/upgrade-backup.ts";
import { openBlobs } from "./blobs/open-blobs.ts";
import { checkRedis } from "./bus/check-redis.ts";
import { createLocalBus } from "./bus/local-bus.ts";
import { createRedisBus, redisAwayHint } from "./bus/redis-bus.ts";
import { assertRestored, readServerSecret } from "./config/data-folder.ts";
import { type Config, ConfigError, type HttpsConfig } from "./config/read-config.ts";
import { serveControl } from "./control/control-socket.ts";
import type { Database } from "./db/database.ts";
import { DatabaseClock } from "./db/database-clock.ts";
import { assertSameSecret, hasSecret, readEpoch } from "./db/installation.ts";
import { openDatabase } from "./db/open-database.ts";
import { CustomEmoji } from "./emoji/custom-emoji.ts";
import { cleanUpFiles } from "./files/clean-up.ts";
import type { FileNeeds } from "./files/file-store.ts";
import { PictureWorker } from "./files/picture-worker.ts";
import { Uploads } from "./files/uploads.ts";
import type { App } from "./http/app.ts";
import { createHttpApp } from "./http/http-app.ts";
import { problemResponse, toProblem } from "./http/problem.ts";
import { loadWeb } from "./http/serve-web.ts";
import { isSocketRequest, upgradeSocket } from "./http/upgrade.ts";
import type { Certificate } from "./https/certificate.ts";
import { Certificates } from "./https/certificates.ts";
import { listenOnHttp } from "./https/http-listener.ts";
import { startJobs } from "./jobs/runner.ts";
import { sendMailJob } from "./jobs/send-mail.ts";
import { Batcher } from "./lib/batcher.ts";
import { Budgets } from "./lib/budgets.ts";
import { every } from "./lib/every.ts";
import { hasIpv6 } from "./lib/ip-address.ts";
import { systemRandom as random } from "./lib/random.ts";
import { Refusal } from "./lib/refusal.ts";
import { createServerSecret, type ServerSecret } from "./lib/server-secret.ts";
import { StallWatch } from "./lib/stall-watch.ts";
import { Turns } from "./lib/turns.ts";
import type { Log } from "./log/log.ts";
import { createConsoleMailer, createSmtpMailer, inWords } from "./mail/mailer.ts";
import { claimStep } from "./messages/claim-step.ts";
import { mentionStep } from "./messages/mention-step.ts";
import { MessageWriter } from "./messages/message-writer.ts";
import { makePreviewsJob } from "./messages/preview-job.ts";
import { previewStep } from "./messages/preview-step.ts";
import { quoteStep } from "./messages/quote-step.ts";
import { framesDelivered } from "./metrics/metrics.ts";
import { serveMetrics } from "./metrics/serve-metrics.ts";
import { AddressBans } from "./moderation/address-bans.ts";
import { WordFilter } from "./moderation/word-filter.ts";
import { noteSchema, notesIn } from "./operations/report-operation.ts";
import { Outgoing } from "./outgoing/outgoing.ts";
import { createResolver } from "./outgoing/resolve-host.ts";
import { Keywords } from "./people/keywords.ts";
import { closePollJob, pollClosingStep } from "./polls/close-poll.ts";
import { Presence } from "./presence/presence.ts";
import { LinkPreviews } from "./previews/link-previews.ts";
import { collectPushJob, reactionPushJob, retryPushJob, sendPushJob } from "./push/push-jobs.ts";
import { openPushKeys, type PushKeys } from "./push/push-keys.ts";
import { PushService } from "./push/push-service.ts";
import { pushStep, reactionPushStep } from "./push/push-step.ts";
import { PushSubscribers } from "./push/subscriptions.ts";
import type { SocketData } from "./realtime/connection.ts";
import type { Realtime } from "./realtime/realtime.ts";
import { shareBudgets } from "./realtime/share-budgets.ts";
import { createSocketHandlers } from "./realtime/socket-handlers.ts";
import { startRealtime } from "./realtime/start-realtime.ts";
import { deleteOldMessages } from "./retention/delete-old-messages.ts";
import { addMember } from "./rooms/add-member.ts";
import { updateRoom } from "./rooms/queries.ts";
import { sendReminderJob } from "./scheduled/reminders.ts";
import { deliverScheduledJob } from "./scheduled/schedule-message.ts";
import { SearchIndex } from "./search/search-index.ts";
import { registerGauges } from "./status/gauges.ts";
import { FigureRecorder } from "./status/record-figures.ts";
import { textsIn } from "./texts/texts.ts";
import { replyStep } from "./threads/reply-step.ts";
import type { TransactionNeeds } from "./transaction/transact.ts";
import { sendUnreadMail } from "./unread-mail/send-unread-mail.ts";
import { unreadMailStep } from "./unread-mail/unread-mail-step.ts";

const minuteMs = 60_000;
const drainMs = 3000;
const hourMs = 60 * minuteMs;
const keepAuditHeadEveryMs = minuteMs;
const cleanUpFilesEveryMs = 10_000;
/** No request without a file is longer than 16 kB, which what reads it counts. */
const requestOverheadBytes = 1_000_000;
const factorFailuresMax = 10;
const backupDueEveryMs = minuteMs;
const retentionEveryMs = 10 * minuteMs;

/** What runs in the transaction of the messages that it concerns, in this order. */
const sendSteps = [claimStep, quoteStep, replyStep, mentionStep, pollClosingStep];
const unreadMailEveryMs = 30_000;
const resolveWithinMs = 3000;
const userAgent = "novaX";

/** All kinds of background jobs. */
const jobs = [
  sendMailJob,
  sendResetsJob,
  eraseAccountJob,
  closePollJob,
  deliverScheduledJob,
  sendReminderJob,
  collectPushJob,
  sendPushJob,
  retryPushJob,
  reactionPushJob,
  makePreviewsJob,
];

export type RunningServer = { app: App; realtime: Realtime; url: URL; stop(): Promise<void> };

/** The app and the function that closes its database, bus and mail connections. */
export type OpenApp = { app: App; clock: DatabaseClock; processId: string; close(): Promise<void> };

/**
 * Opens everything except the port: the database, the bus and the mailer. Used by the server and by the operator's
 * commands.
 */
export async function openApp(config: Config, log: Log): Promise<OpenApp> {
  const knownPasswords = loadKnownPasswords(config.breachedPasswordsFile);
  const blobs = openBlobs(config);
  assertRestored(config.dataDir);
  const db = await openDatabase(config.database, log, (found) => backUpBeforeUpgrade(config, found, log));
  const secret = await openSecret(config, db).catch(async (error: unknown) => {
    await db.close();
    throw error;
  });
  const epoch = await readEpoch(db.sql);
  const clock = new DatabaseClock(db.sql, log);
  await clock.set({ isFirst: true });
  const processId = random.uuid();
  const { redisUrl, publicUrl, pushOrigins, pushContentMax } = config;
  const redis = redisUrl === null ? null : { url: redisUrl, installation: epoch, processId, log };
  if (redis) await assertRedisUsable(redis, log);
  const bus = redis ? await createRedisBus(redis) : createLocalBus(log);
  const identity = new ServerIdentity({ db, bus, log });
  // Also for an operator's command, whose mails bear the name too.
  await identity.list.reread();
  const core: TransactionNeeds = { db, bus, log, clock, random, secret, publicUrl, identity };
  const pushSubscribers = new PushSubscribers(core);
  const outgoing = new Outgoing({
    resolve: createResolver(resolveWithinMs),
    userAgent,
    isAllowed: config.isPreviewNetwork,
  });
  const linkPreviews = new LinkPreviews({ clock, ownOrigins: config.ownOrigins }, config.previewMode);
  let pushKeys: Promise<PushKeys> | undefined;
  const push = new PushService({ outgoing, clock, pushOrigins, pushContentMax }, () => {
    pushKeys ??= openPushKeys(core, publicUrl).catch((error: unknown) => {
      pushKeys = undefined;
      throw error;
    });
    return pushKeys;
  });
  const mailer =
    config.smtpUrl === null
      ? createConsoleMailer(
          config.logFormat === "json"
            ? ({ to, subject, text }) => log.info("mail.printed", { to, subject, text })
            : (mail) => console.log(inWords(mail)),
        )
      : await createSmtpMailer(config.smtpUrl, config.mailFrom);
  const pictures = new PictureWorker(log);
  const files: FileNeeds = {
    ...{ db, clock, random, log, blobs, pictures },
    fileLimits: {
      fileBytesMax: config.fileBytesMax,
      perPersonBytes: config.storagePerPersonBytes,
      totalBytesMax: config.storageBytesMax,
    },
  };
  const sessionLimits = { idleMs: config.sessionIdleMs, maxMs: config.sessionMaxMs };
  const app: App = {
    ...core,
    ...files,
    uploads: new Uploads(files),
    identity,
    config,
    ownOrigins: config.ownOrigins,
    epoch,
    messageWriter: new MessageWriter({
      ...core,
      sendSteps: [...sendSteps, previewStep(linkPreviews)],
      // Without a mail server nobody gets mail about messages, and nothing is noted for it.
      sharedSteps: [pushStep(pushSubscribers), ...(mailer.isReal ? [unreadMailStep] : [])],
    }),
    reactionSteps: [reactionPushStep(pushSubscribers, clock)],
    keywords: new Keywords(core),
    textFilter: new WordFilter(core),
    customEmoji: new CustomEmoji(core),
    addressBans: new AddressBans(core),
    presence: new Presence({ ...core, processId }),
    outgoing,
    linkPreviews,
    push,
    pushSubscribers,
    searchIndex: new SearchIndex({
      ...core,
      epoch,
      indexFolder: join(config.dataDir, "search"),
      processes: config.workers,
      isOn: config.hasSearch,
    }),
    budgets: new Budgets<AccountId>(clock, config.messagesPerSecond),
    sessionBudgets: new Budgets<SessionId>(clock, config.messagesPerSecond),
    turns: new Turns<AccountId>(),
    visitorBudgets: new Budgets<string>(clock, config.visitorRequestsPerSecond),
    mailer,
    sso: config.oidc && createSsoClient({ clock, secret, log, publicUrl }, config.oidc),
    sessionLimits,
    socketActors: new Batcher(
      async (tokens) => {
        const actors = await findActors({ ...core, sessionLimits }, tokens);
        return (token) => actors.get(token) ?? null;
      },
      { batchMax: 200, parallelMax: 3 },
    ),
    passwordHasher: createPasswordHasher({
      workers: config.workers,
      cost: async () => config.bcryptCost ?? agreeOnCost(db.sql, () => fittingCost(log)),
    }),
    passwordRules: { codePointsMin: config.passwordCodePointsMin, knownPasswords },
    attemptLimits: redis ? createRedisAttemptLimits(redis.url, epoch, log) : createLocalAttemptLimits(clock),
    signInLimits: {
      perAccount: { max: config.signInFailuresPerAccount, windowMs: 15 * minuteMs },
      perAddress: { max: config.signInFailuresPerAddress, windowMs: minuteMs },
      overall: { max: config.signInFailuresOverall, windowMs: minuteMs },
    },
    factorLimit: { max: factorFailuresMax, windowMs: 15 * minuteMs },
    signUpLimit: { max: config.signUpsPerAddress, windowMs: 60 * minuteMs },
    configuredRegistration: config.registration,
    joinFirstRooms: async (transaction, member, language?: Language) => {
      // Rooms have one name for all, and the first person's language is most likely the team's.
      if (language)
        await updateRoom(transaction.sql, generalRoomId, textsIn(language).firstRoom, { now: clock.now() });
      await addMember({ clock }, transaction, { room: generalRoomId, member });
    },
  };
  return {
    app,
    clock,
    processId,
    close: async () => {
      pictures.stop();
      app.mailer.close();
      await Promise.all([bus.close(), app.attemptLimits.close()]);
      await db.close();
    },
  };
}

/** After the database, because one that was set up already needs the secret that it was set up with. */
async function openSecret(config: Config, { sql }: Database): Promise<ServerSecret> {
  const secret = createServerSecret(readServerSecret(config, { isInUse: await hasSecret(sql) }));
  await assertSameSecret(sql, secret);
  return secret;
}

/** Throws {@link ConfigError} for what will be the same tomorrow. A Redis that is away is waited for. */
async function assertRedisUsable(redis: { url: string; installation: string }, log: Log): Promise<void> {
  const problem = await checkRedis(redis.url, `novax:${redis.installation}:check`);
  if (problem?.isSetting) throw new ConfigError([`REDIS_URL: the server there ${problem.message}`]);
  if (problem)
    log.warn("redis.away", {
      server: problem.message,
      hint: redisAwayHint,
    });
}

type Https = { certificates: Certificates; stop(): Promise<void> };

/** Gets the certificate, and listens on http for the authority and for people who typed no https. */
function openHttps(
  config: Config,
  https: HttpsConfig,
  { log, clock, hostname, isFirst }: { log: Log; clock: DatabaseClock; hostname: string; isFirst: boolean },
): Https {
  const certificates = new Certificates(config, https, { log, clock, orders: isFirst });
  // The others find its answers in the data folder. While workers are replaced, two listen for a moment.
  const http = isFirst
    ? listenOnHttp(certificates, {
        ...{ hostname, port: https.httpPort, publicUrl: config.publicUrl },
        isShared: config.workers > 1,
      })
    : null;
  return {
    certificates,
    stop: async () => {
      await Promise.all([certificates.stop(), http?.stop()]);
    },
  };
}

/** Throws if another program has the port, which a shared one would not say. */
export function assertFreePort(hostname: string, port: number): void {
  Bun.listen({ hostname, port, socket: { data: () => {} } }).stop(true);
}

/** Makes a copy of the embedded database, which `npm run backup` reads. */
async function copyDatabase({ db, log }: Pick<App, "db" | "log">, { dataDir }: Config): Promise<void> {
  const startedAt = performance.now();
  await db.copyFolder!(join(dataDir, copyFolderName, "postgres"));
  log.info("database.copied", { inMs: Math.round(performance.now() - startedAt) });
}

const operatorCommandSchema = z.object({ name: z.string(), subject: z.string() });

async function noteOperation({ db, clock }: Pick<App, "db" | "clock">, input: unknown): Promise<void> {
  const note = noteSchema.parse(input);
  const notes = notesIn(db.sql, clock);
  if ("begin" in note) await notes.begin(note.begin);
  else if ("update" in note) await notes.update(note.update);
  else await notes.end(note.end);
}

/**
 * Starts one novaX process. `isFirst`: it does what is done once for all workers. `stop` closes the sockets, lets open requests finish for up to `drainMs`, and closes the
 * database.
 */
export async function startServer(config: Config, log: Log, { isFirst = true } = {}): Promise<RunningServer> {
  const web = loadWeb();
  const { app, clock, processId, close } = await openApp(config, log);
  const lists = [
    app.identity.list,
    app.keywords.list,
    app.textFilter.list,
    app.addressBans.list,
    app.customEmoji.list,
    app.pushSubscribers.list,
  ];
  for (const list of lists) await list.start();
  const http = createHttpApp(app, web);
  const stalls = new StallWatch((ms) => {
    log.warn("process.stalled", { forMs: Math.round(ms) });
    realtime.hub.closeAll();
  });
  // Circular: socket handlers use `realtime`, and `realtime` publishes through the server that the handlers belong to.
  let realtime!: Realtime;
  let isStopping = false;
  /** One, and with each new certificate one more, until the connections of the old one have ended. */
  const listeners: Server<SocketData>[] = [];
  const hostname = config.host === "::" && !hasIpv6() ? "0.0.0.0" : config.host;
  const listen = (tls: Certificate | null) => {
    const listener = Bun.serve<SocketData>({
      hostname,
      port: config.port,
      ...(tls && { tls }),
      idleTimeout: 30,
      maxRequestBodySize: config.fileBytesMax + requestOverheadBytes,
      // Bun's default error page shows source lines and paths.
      development: false,
      // Makes a taken port an error. With `development` off, Bun would share the port with the process that has it. Workers
      // do share it, and so do an old certificate and a new one; it was looked at before whether the port is free.
      reusePort: config.workers > 1 || tls !== null,
      error: (error) => problemResponse(toProblem(error, log, { language: "en" }).problem, undefined),
      websocket: createSocketHandlers(() => realtime),
      fetch: (request, self) => {
        const url = URL.parse(request.url);
        if (!url) throw new Refusal("malformed", "The request doesn't have a valid address.");
        if (stalls.look() && (request.method !== "GET" || isSocketRequest(url)))
          throw new Refusal("unavailable", (t) => t.restarts, { retryInMs: 3000 });
        if (isSocketRequest(url)) {
          if (isStopping) throw new Refusal("unavailable", (t) => t.restarts, { retryInMs: 1000 });
          return upgradeSocket(app, request, url, self);
        }
        return http.fetch(request, { address: self.requestIP(request)?.address ?? "" });
      },
    });
    listeners.push(listener);
    return listener;
  };
  const openPorts = async () => {
    if (!config.https) return { server: listen(null), https: null };
    if (isFirst && config.workers === 1) assertFreePort(hostname, config.port);
    const https = openHttps(config, config.https, { log, clock, hostname, isFirst });
    try {
      return { server: listen(await https.certificates.open()), https };
    } catch (error) {
      await https.stop();
      throw error;
    }
  };
  // A database that only this process can open. Commands reach it also while it waits for a certificate.
  if (app.db.copyFolder !== null) removeLeftCopy(config.dataDir);
  const control =
    app.db.copyFolder === null
      ? null
      : serveControl(
          config.dataDir,
          {
            ping: async () => null,
            "copy-database": () => copyDatabase(app, config),
            operation: (note) => noteOperation(app, note),
            admin: (command) => runOperatorCommand(app, operatorCommandSchema.parse(command)),
          },
          log,
        );
  // A taken port is the last thing that can fail at start. What is open by then has to be closed.
  const { server, https } = await openPorts().catch(async (error: unknown) => {
    await control?.stop();
    await close();
    throw error;
  });
  // Bun takes no new certificate for a port that it listens on. What is connected stays where it is.
  https?.certificates.watch((certificate) => {
    const old = listeners.at(-1)!;
    listen(certificate);
    void old.stop().then(() => listeners.splice(listeners.indexOf(old), 1));
  });
  realtime = startRealtime({
    ...app,
    processId,
    stalls,
    newSendId: () => crypto.randomUUID(),
    publishToSockets: (topic, frame) => {
      for (const listener of listeners) {
        framesDelivered.inc(listener.subscriberCount(topic));
        listener.publish(topic, frame);
      }
    },
  });
  app.addressBans.onReread(() => realtime.hub.closeBanned((address) => app.addressBans.has(address)));
  const jobRunner = startJobs(app, jobs);
  app.searchIndex.start();
  const timers = [
    clock.keep(),
    every(log, "files.clean_up_failed", cleanUpFilesEveryMs, () => cleanUpFiles(app)),
    every(log, "accounts.prune_failed", hourMs, () => pruneAccounts(app.db.sql, clock.now())),
    // The process log is usually stored elsewhere, so entries cut off the end of the audit log show up as a head that
    // no longer matches.
    every(log, "audit.head_failed", hourMs, async () =>
      log.info("audit.head", await readAuditHead(app.db.sql)),
    ),
  ];
  const keepHead = every(log, "audit.head_not_kept", keepAuditHeadEveryMs, () =>
    keepAuditHead(app, config.dataDir),
  );
  timers.push(keepHead);
  const sharedBudgets = {
    person: app.budgets,
    session: app.sessionBudgets,
    visitor: app.visitorBudgets,
    ...app.linkPreviews.budgets,
  };
  const sharing = shareBudgets({ ...app, processId }, sharedBudgets);
  if (app.mailer.isReal)
    timers.push(every(log, "unread_mail.failed", unreadMailEveryMs, () => sendUnreadMail(app)));
  const { backupDir } = config;
  if (isFirst)
    timers.push(
      every(log, "retention.failed", retentionEveryMs, () =>
        deleteOldMessages(app, { isStopping: () => isStopping }),
      ),
    );
  const countPeople = () => app.presence.online;
  const figures = new FigureRecorder(app, { countPeople, isFirst });
  timers.push(every(log, "figures.not_recorded", minuteMs, () => figures.record()));
  const gauges = registerGauges(app, { countPeople, countConnections: () => realtime.hub.size });
  const metrics = config.metrics && serveMetrics(config.metrics);
  const backups = backupDir === null ? null : new ScheduledBackups(app, { ...config, backupDir });
  if (backups && isFirst)
    timers.push(every(log, "backup.not_scheduled", backupDueEveryMs, () => backups.makeIfDue()));
  for (const timer of timers) void timer.run();

  return {
    app,
    realtime,
    url: server.url,
    stop: async () => {
      isStopping = true;
      realtime.hub.closeAll();
      // Requests in progress may finish, but a slow one does not delay the stop beyond `drainMs`.
      await Promise.race([Promise.all(listeners.map((one) => one.stop())), Bun.sleep(drainMs)]);
      realtime.hub.closeAll();
      await Promise.all(listeners.map((one) => one.stop(true)));
      // An order that is under way may take minutes, and is made again by the next start.
      await Promise.race([https?.stop(), Bun.sleep(drainMs)]);
      realtime.stop();
      stalls.stop();
      for (const list of lists) list.stop();
      await control?.stop();
      await Promise.all([keepHead.run(), app.searchIndex.stop(), sharing.stop()]);
      app.outgoing.stop();
      backups?.stop();
      figures.stop();
      gauges.stop();
      await metrics?.stop();
      await Promise.all([jobRunner.stop(), ...timers.map((timer) => timer.stop())]);
      await close();
    },
  };
}
