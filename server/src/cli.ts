// The entry point of `npm start`: reads the configuration, starts the server, prints plain error messages, and stops
// cleanly on SIGTERM and Ctrl-C.
import { issueSetupCode } from "./accounts/setup-code.ts";
import { readConfig } from "./config/read-config.ts";
import { helpText } from "./config/settings.ts";
import { exitCodes, exitWithError } from "./exit.ts";
import { systemClock } from "./lib/clock.ts";
import { createLog } from "./log/log.ts";
import { type RunningServer, startServer } from "./main.ts";

const stopWithinMs = 10_000;

if (process.argv.includes("--help")) {
  console.log(helpText());
  process.exit(0);
}
try {
  await run();
} catch (error) {
  exitWithError(error);
}

async function run(): Promise<void> {
  const config = readConfig(process.cwd(), process.env);
  const log = createLog({
    format: config.logFormat,
    write: (line) => console.log(line),
    now: systemClock.now,
  });
  // Errors of a request are handled where they occur. Anything that still gets here is logged and must not end the
  // process for everyone.
  process.on("uncaughtException", (error) => log.fault("process.uncaught", error));
  process.on("unhandledRejection", (error) => log.fault("process.unhandled", error));
  if (config.isSecure && !config.hasTrustedProxies) {
    log.warn("config.no_trusted_proxy", {
      hint: "set TRUSTED_PROXIES, or all visitors share one IP address and its limits",
    });
  }
  const server = await startServer(config, log);
  stopOn(["SIGTERM", "SIGINT"], server);
  console.log(`\n  novaX is running: ${config.publicUrl.origin}\n`);
  const setupCode = await issueSetupCode(server.app);
  if (setupCode !== null) {
    console.log("  Welcome. Open the address above and create the first account; you'll be the owner.");
    console.log(`  From another machine, you'll need this setup code: ${setupCode}\n`);
  }
  console.log("  Press Ctrl-C to stop.\n");
  log.info("server.started", { database: config.database.kind, redis: config.redisUrl !== null });
}

function stopOn(signals: NodeJS.Signals[], server: RunningServer): void {
  let isStopping = false;
  const stop = async () => {
    if (isStopping) return;
    isStopping = true;
    server.app.log.info("server.stopping");
    setTimeout(() => process.exit(exitCodes.failed), stopWithinMs).unref();
    await server.stop();
    process.exit(0);
  };
  for (const signal of signals) process.on(signal, () => void stop());
}
