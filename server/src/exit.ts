import { ConfigError } from "./config/read-config.ts";
import { DatabaseUnusable } from "./db/open-database.ts";
import { Refusal } from "./lib/refusal.ts";

// 78 is EX_CONFIG of sysexits.h. It lets a supervisor tell a configuration mistake from a crash.
export const exitCodes = { failed: 1, config: 78 };

/** Ends the process with an error message. Only unexpected errors include a stack trace. */
export function exitWithError(error: unknown): never {
  if (error instanceof ConfigError) {
    for (const mistake of error.mistakes) console.error(`novaX can't start: ${mistake}`);
    process.exit(exitCodes.config);
  }
  const { code, message, stack } = error as Error & { code?: string };
  if (error instanceof DatabaseUnusable) console.error(`novaX can't start. ${message}`);
  else if (error instanceof Refusal) console.error(`Nothing was changed: ${message}`);
  else if (code === "EADDRINUSE")
    console.error("novaX can't start: the port is taken. Set PORT to a different one.");
  else if (code === "EADDRNOTAVAIL" || code === "ENOTSUP" || code === "ENOTFOUND") {
    console.error("novaX can't start: HOST isn't an address of this machine.");
    process.exit(exitCodes.config);
  } else if (code === "EACCES")
    console.error("novaX can't start: you don't have permission to use this port. Set PORT above 1023.");
  else console.error(`novaX can't start: ${stack ?? message}`);
  process.exit(exitCodes.failed);
}
