import { BackupUnusable } from "../backup/archive.ts";
import { ConfigError, readLogFormat } from "../config/read-config.ts";
import { DatabaseUnusable } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { createLog } from "../log/log.ts";

// 78 is EX_CONFIG of sysexits.h. It lets a supervisor tell a configuration mistake from a crash.
export const exitCodes = { failed: 1, config: 78 };

/**
 * Ends the process with an error message, which in a log of JSON is a line of it too. Only unexpected errors include a stack
 * trace.
 */
export function exitWithError(error: unknown): never {
  const say = (text: string) => {
    if (readLogFormat(process.cwd(), process.env) === "json")
      createLog({ format: "json", write: console.error, now: Date.now }).error("process.ended", {
        message: text,
      });
    else console.error(text);
  };
  if (error instanceof ConfigError) {
    for (const mistake of error.mistakes) say(`novaX can't start: ${mistake}`);
    process.exit(exitCodes.config);
  }
  const { code, message, stack } = error as Error & { code?: string };
  if (error instanceof BackupUnusable) say(`Nothing was done: ${message}.`);
  else if (error instanceof DatabaseUnusable) say(`novaX can't start. ${message}`);
  else if (error instanceof Refusal) say(`Nothing was changed: ${message}`);
  else if (code === "ENOSPC") say("novaX can't start: the disk is full. Make room on the disk of DATA_DIR.");
  else if (code === "EADDRINUSE") {
    const where = /port (\d+)/i.exec(message)?.[0] ?? "the port";
    say(`novaX can't start: ${where} is taken by another program. Set PORT to a different one.`);
  } else if (
    ["EADDRNOTAVAIL", "ENOTSUP", "ENOTFOUND", "EAI_AGAIN"].includes(code ?? "") ||
    // What Bun says of a name without an address, by machine.
    (code === "ENOENT" && message.endsWith("listen"))
  ) {
    say("novaX can't start: HOST isn't an address of this machine.");
    process.exit(exitCodes.config);
  } else if (code === "EACCES") {
    const where = /port (\d+)/i.exec(message)?.[0] ?? "this port";
    say(
      `novaX can't start: you don't have permission to use ${where}. Set PORT above 1023, or allow it as docs/operate.md shows.`,
    );
  } else say(`novaX can't start: ${stack ?? message}`);
  process.exit(exitCodes.failed);
}
