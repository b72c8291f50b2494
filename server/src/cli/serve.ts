// npm start: reads the configuration, starts the server, and stops cleanly on SIGTERM and Ctrl-C.
import { issueSetupCode } from "../accounts/setup-code.ts";
import { type Config, isLoopbackName, readConfig } from "../config/read-config.ts";
import { isDatabaseAway } from "../db/database.ts";
import { systemClock } from "../lib/clock.ts";
import { createLog, type Log, silentLog } from "../log/log.ts";
import { assertFreePort, openApp, type RunningServer, startServer } from "../main.ts";
import { checkServices } from "./check-services.ts";
import { exitCodes } from "./exit.ts";
import { reportReady, WorkerPool, workerIndex } from "./workers.ts";

const stopWithinMs = 10_000;

/** Starts the server, and returns when it takes connections. Throws what keeps it from starting. */
export async function serve(): Promise<void> {
  const config = readConfig(process.cwd(), process.env);
  const log = createLog({
    format: config.logFormat,
    level: config.logLevel,
    write: (line) => console.log(line),
    now: systemClock.now,
    isDatabaseAway,
  });
  // Errors of a request are handled where they occur. Anything that still gets here is logged and must not end the
  // process for everyone.
  process.on("uncaughtException", (error) => log.fault("process.uncaught", error));
  process.on("unhandledRejection", (error) => log.fault("process.unhandled", error));
  if (config.isSecure && config.https === null && !config.hasTrustedProxies) {
    log.warn("config.no_trusted_proxy", {
      hint: "set TRUSTED_PROXIES, or all visitors share one IP address and its limits",
    });
  }
  const worker = workerIndex();
  if (config.workers > 1 && worker === null) {
    await runWorkers(config, log);
    return;
  }
  if (config.publicUrl.protocol === "http:" && !isLoopbackName(config.publicUrl.hostname))
    log.warn("config.http", {
      hint: "everyone on this network can read along; browsers allow no passkeys, notifications, microphone or use without a connection",
    });
  if (worker === null)
    process.on("SIGUSR2", () => log.warn("workers.not_replaced", { hint: "set WORKERS to more than 1" }));
  const { metrics } = config;
  // Each worker has its own numbers.
  const ownConfig =
    metrics && worker ? { ...config, metrics: { ...metrics, port: metrics.port + worker } } : config;
  const server = await startServer(ownConfig, log, { isFirst: !worker });
  const stop = stopOnce(log, () => server.stop());
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, stop);
  // What started us was killed and could pass on no signal: nobody else would stop us.
  if (worker === null && process.env.NOVAX_STARTED_BY === String(process.ppid)) {
    const { ppid } = process;
    setInterval(() => {
      if (process.ppid !== ppid) stop();
    }, 1000).unref();
  }
  if (worker === null) await welcome(config, log, server);
  log.info("server.started", {
    host: config.host,
    port: config.port,
    database: config.database.kind,
    redis: config.redisUrl === null ? "none" : "configured",
    worker: worker ?? undefined,
  });
  if (worker !== null) reportReady(stop);
  // Once for all processes.
  if (!worker) await checkServices(server.app);
}

/** Runs workers until they are told to stop, and welcomes people in place of each of them. */
async function runWorkers(config: Config, log: Log): Promise<void> {
  // A port that another program has would be shared with it.
  assertFreePort(config.host, config.port);
  const pool = new WorkerPool(config.workers, log);
  const stop = stopOnce(log, () => pool.stop());
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, stop);
  let isStarted = false;
  process.on("SIGUSR2", () => {
    if (isStarted) void pool.roll();
    else log.warn("workers.not_replaced", { hint: "they are still starting" });
  });
  const failed = await pool.start();
  if (failed !== null) process.exit(failed);
  isStarted = true;
  const { app, close } = await openApp(config, silentLog);
  await welcome(config, log, { app });
  await close();
  log.info("workers.started", { workers: config.workers });
}

async function welcome(config: Config, log: Log, server: Pick<RunningServer, "app">): Promise<void> {
  const setupCode = await issueSetupCode(server.app);
  if (config.logFormat === "json") {
    log.info("server.ready", { url: config.publicUrl.origin, setupCode: setupCode ?? undefined });
    return;
  }
  console.log(`\n  novaX is running: ${config.publicUrl.origin}\n`);
  if (setupCode !== null) {
    console.log("  Welcome. Open the address above and create the first account; you'll be the owner.");
    console.log(`  From another machine, you'll need this setup code: ${setupCode}\n`);
  }
  console.log("  Press Ctrl-C to stop.\n");
}

/** Returns what stops the process, once, however often it is asked to. */
function stopOnce(log: Log, stopAll: () => Promise<void>): () => void {
  let isStopping = false;
  return () => {
    if (isStopping) return;
    isStopping = true;
    log.info("server.stopping");
    setTimeout(() => process.exit(exitCodes.failed), stopWithinMs).unref();
    void stopAll().then(() => process.exit(0));
  };
}
