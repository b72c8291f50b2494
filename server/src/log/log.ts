// The operator's log: one line per event, as JSON or as text for a terminal. It records who did what and with which
// result, and never a message, token, code, password or e-mail address.

import { type LogLevel, logLevels } from "../lib/log-level.ts";

export type LogFacts = Record<string, string | number | boolean | null | undefined>;

export type Log = {
  info(event: string, facts?: LogFacts): void;
  warn(event: string, facts?: LogFacts): void;
  error(event: string, facts?: LogFacts): void;
  /** Logs an unexpected error. Returns its id in the log, which is all that may be sent to a client. */
  fault(event: string, error: unknown, facts?: LogFacts): string;
};

export function createLog(options: {
  format: "json" | "words";
  /** What is less important is not logged. */
  level?: LogLevel;
  write: (line: string) => void;
  now: () => number;
  /** Whether an error only means that the database is away, which has a line of its own: it is told without a stack. */
  isDatabaseAway?: (error: unknown) => boolean;
}): Log {
  const least = logLevels.indexOf(options.level ?? "info");
  const emit = (level: LogLevel, event: string, facts: LogFacts) => {
    if (logLevels.indexOf(level) < least) return;
    const at = new Date(options.now()).toISOString();
    if (options.format === "json") {
      options.write(JSON.stringify({ at, level, event, ...facts }));
      return;
    }
    // JSON.stringify escapes newlines, so a name cannot forge a second log line.
    const words = Object.entries(facts)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${typeof value === "string" ? JSON.stringify(value) : value}`);
    options.write([at, level === "info" ? " " : level.toUpperCase(), event, ...words].join(" "));
  };
  return {
    info: (event, facts = {}) => emit("info", event, facts),
    warn: (event, facts = {}) => emit("warn", event, facts),
    error: (event, facts = {}) => emit("error", event, facts),
    fault: (event, error, facts = {}) => {
      const faultId = crypto.randomUUID();
      if (options.isDatabaseAway?.(error)) {
        emit("warn", event, { ...facts, faultId, cause: "database.away" });
        return faultId;
      }
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      // The database's message may quote stored values; its code, what it is about and our statement are enough.
      const isFromDatabase = name === "PostgresError";
      const { errno, table, column, constraint, routine, statement } = error as DatabaseFacts;
      emit("error", event, {
        ...facts,
        faultId,
        error: name,
        code: errno,
        ...(isFromDatabase ? { table, column, constraint, routine, statement } : { message }),
        stack: stack?.split("\n").slice(1).join(" | ").slice(0, 2000),
      });
      return faultId;
    },
  };
}

/** What an error of the database says without a value in it. */
type DatabaseFacts = Partial<
  Record<"errno" | "table" | "column" | "constraint" | "routine" | "statement", string>
>;

/** For tests and tools that need no log. */
export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {}, fault: () => "silent" };
