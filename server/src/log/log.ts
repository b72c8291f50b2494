// The log is for the operator: one line of JSON per fact, or of words on a terminal. It says who, what and with which
// result; never a text, a token, a code, a password or an e-mail address.

export type LogLevel = "info" | "warn" | "error";
export type LogFacts = Record<string, string | number | boolean | null | undefined>;

export type Log = {
  info(event: string, facts?: LogFacts): void;
  warn(event: string, facts?: LogFacts): void;
  /** A fault of ours. Returns the id under which the log has it; that id alone may leave the server. */
  fault(event: string, error: unknown, facts?: LogFacts): string;
};

export function createLog(options: {
  format: "json" | "words";
  write: (line: string) => void;
  now: () => number;
}): Log {
  const emit = (level: LogLevel, event: string, facts: LogFacts) => {
    const at = new Date(options.now()).toISOString();
    if (options.format === "json") {
      options.write(JSON.stringify({ at, level, event, ...facts }));
      return;
    }
    // JSON.stringify keeps a newline in a name from forging a second line.
    const words = Object.entries(facts)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${typeof value === "string" ? JSON.stringify(value) : value}`);
    options.write(
      [at.slice(11, 19), level === "info" ? " " : level.toUpperCase(), event, ...words].join(" "),
    );
  };
  return {
    info: (event, facts = {}) => emit("info", event, facts),
    warn: (event, facts = {}) => emit("warn", event, facts),
    fault: (event, error, facts = {}) => {
      const faultId = crypto.randomUUID();
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      // The database's message may quote values; its code and our own stack say enough.
      const isFromDatabase = name === "PostgresError";
      emit("error", event, {
        ...facts,
        faultId,
        error: name,
        code: (error as { errno?: string } | null)?.errno,
        message: isFromDatabase ? undefined : message,
        stack: stack?.split("\n").slice(1).join(" | ").slice(0, 2000),
      });
      return faultId;
    },
  };
}

/** For tests and tools that have nothing to say. */
export const silentLog: Log = { info: () => {}, warn: () => {}, fault: () => "silent" };
