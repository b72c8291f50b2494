import { AsyncLocalStorage } from "node:async_hooks";
import type { SQL } from "bun";

/**
 * Runs one statement: a tagged template whose `${}` become parameters, never SQL text. int8 values arrive as numbers:
 * everything stored as int8 (seqs, times in milliseconds, counts) stays below 2^53.
 */
export type Sql = {
  <Row>(strings: TemplateStringsArray, ...values: unknown[]): Promise<Row[]>;
  /** A piece of SQL shared by several statements. It runs only as part of the statement it is put into. */
  fragment(strings: TemplateStringsArray, ...values: unknown[]): Fragment;
  /** An array parameter, sent as one value. */
  array(values: readonly unknown[], type: "text" | "uuid" | "bigint" | "jsonb"): unknown;
};

/** Made by `sql.fragment`; may only be put into a statement of the same `sql`. */
export type Fragment = { readonly fragment: unique symbol };

/**
 * A PostgreSQL database, external or embedded; callers cannot tell which.
 *
 * Guarantees: `transact` commits all or nothing, and what it resolved with survives a crash of the process and of the
 * machine. If a COMMIT fails because the connection was lost, its outcome is *unknown*, and callers must check.
 * Anything without an answer after {@link answerWithinMs} fails as {@link isDatabaseAway}, so that an unresponsive
 * server does not block everybody until TCP gives up.
 */
export type Database = {
  readonly sql: Sql;
  /** One transaction, READ COMMITTED. Inside it only `tx` may be used; the outer `sql` throws. */
  transact<T>(work: (tx: Sql) => Promise<T>, options?: { deadlineMs: number | null }): Promise<T>;
  /** Runs a script of several statements. For migrations only. */
  runScript(tx: Sql, script: string): Promise<void>;
  /** Resolves when the database answers within `timeoutMs`, and rejects otherwise. */
  ping(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
};

/** Wraps Bun's client. `onClose` closes what was opened along with it. */
export function createDatabase(client: SQL, onClose: () => Promise<void> = async () => {}): Database {
  const insideTransaction = new AsyncLocalStorage<true>();
  const sql = asSql(
    client,
    () => {
      // The embedded database has one backend: a query outside the open transaction would wait for it for ever. With a
      // server, the query would silently not be part of the transaction.
      if (insideTransaction.getStore()) throw new Error("the outer connection was used inside a transaction");
    },
    answerWithinMs,
  );
  return {
    sql,
    transact: (work, { deadlineMs } = { deadlineMs: answerWithinMs }) => {
      if (insideTransaction.getStore()) throw new Error("a transaction was opened inside a transaction");
      const done = client.begin((tx) =>
        insideTransaction.run(true, async () => {
          // Nobody waits for it, so nothing in it has to be quick.
          if (deadlineMs === null) await tx`set local statement_timeout = 0`;
          return work(asSql(tx, () => {}));
        }),
      );
      return deadlineMs === null ? done : withDeadline(done, deadlineMs);
    },
    runScript: async (tx, script) => {
      await (tx as SqlOfClient).client.unsafe(script);
    },
    ping: async (timeoutMs) => {
      await withDeadline(sql`select 1`, timeoutMs);
    },
    close: async () => {
      await client.close({ timeout: 5 });
      await onClose();
    },
  };
}

export const answerWithinMs = 10_000;

/** The database did not answer in time. What was asked may still happen. */
class DatabaseSilent extends Error {
  override readonly name = "DatabaseSilent";
}

function withDeadline<T>(work: Promise<T>, deadlineMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DatabaseSilent(`no answer in ${deadlineMs} ms`)), deadlineMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Whether the database could not be reached or was too slow, as opposed to refusing the statement. The statement may or
 * may not have run.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof DatabaseSilent) return true;
  const { code, errno } = (error ?? {}) as { code?: string; errno?: string };
  return (
    (typeof code === "string" &&
      /^(ERR_POSTGRES_(CONNECTION|IDLE|LIFETIME)|ECONN|ENOENT|FailedToOpenSocket)/.test(code)) ||
    // 57P01-57P03: shutting down, crashed, starting up; 08: connection; 53300: too many connections; 55P03, 57014 and
    // 25P03: a lock, a statement or a transaction took longer than it may.
    (typeof errno === "string" && /^(57P0|57014|55P03|25P03|08|53300)/.test(errno))
  );
}

/** Whether the database's disk is full (SQLSTATE 53100). */
export function isStorageFull(error: unknown): boolean {
  return (error as { errno?: string } | null)?.errno === "53100";
}

/** Whether a unique constraint refused a row (SQLSTATE 23505). */
export function isUniqueViolation(error: unknown): boolean {
  return (error as { errno?: string } | null)?.errno === "23505";
}

/** Whether the database aborted a transaction to break a deadlock (SQLSTATE 40P01). */
export function isDeadlock(error: unknown): boolean {
  return (error as { errno?: string } | null)?.errno === "40P01";
}

type SqlOfClient = Sql & { client: Pick<SQL, "unsafe"> };

function asSql(client: SQL, assertAllowed: () => void, deadlineMs: number | null = null): SqlOfClient {
  const run = <Row>(strings: TemplateStringsArray, ...values: unknown[]): Promise<Row[]> => {
    assertAllowed();
    const rows = client(strings, ...values).then((result) => parseInt8(strings, result) as Row[]);
    return deadlineMs === null ? rows : withDeadline(rows, deadlineMs);
  };
  return Object.assign(run, {
    client,
    // The driver runs a statement when it is awaited. A fragment is never awaited, so it only becomes part of others.
    fragment: (strings: TemplateStringsArray, ...values: unknown[]) =>
      client(strings, ...values) as unknown as Fragment,
    array: (values: readonly unknown[], type: string) => client.array([...values], type),
  });
}

const int8Oid = 20;
/**
 * Which columns of a statement are int8. A template's `strings` array is one object per place in the source, so it can
 * be the key.
 */
const int8Columns = new WeakMap<TemplateStringsArray, readonly string[]>();

type ClientRows = Record<string, unknown>[] & { columns: { name: string; type: number }[] };

/** The driver returns int8 as text, because not every int8 fits a number. Ours all do. */
function parseInt8(strings: TemplateStringsArray, rows: ClientRows): ClientRows {
  if (rows.length === 0) return rows;
  let names = int8Columns.get(strings);
  if (!names) {
    names = rows.columns.filter(({ type }) => type === int8Oid).map(({ name }) => name);
    int8Columns.set(strings, names);
  }
  for (const name of names)
    for (const row of rows) {
      const value = row[name];
      if (value !== null) row[name] = Number(value);
    }
  return rows;
}
