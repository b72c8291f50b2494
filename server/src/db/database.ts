import { AsyncLocalStorage } from "node:async_hooks";
import type { SQL } from "bun";
import { forEverybody, hasCallerGone } from "../lib/caller.ts";
import type { Log } from "../log/log.ts";

/**
 * Runs one statement: a tagged template whose `${}` become parameters, never SQL text. int8 values arrive as numbers:
 * everything stored as int8 (seqs, times in milliseconds, counts) stays below 2^53.
 */
export type Sql = {
  <Row>(strings: TemplateStringsArray, ...values: unknown[]): Promise<Row[]>;
  /** A piece of SQL shared by several statements. It runs only as part of the statement it is put into. */
  fragment(strings: TemplateStringsArray, ...values: unknown[]): Fragment;
  /**
   * "limit" with a number of rows. With a parameter PostgreSQL plans the statement anew each time, which takes twice as long as
   * reading a page, because it thinks that it reads more with a limit that it does not know.
   */
  limit(rows: number): Fragment;
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
 * server does not block everybody until TCP gives up. From then on everything fails after {@link failFastMs}, until the
 * server answers a probe.
 */
export type Database = {
  readonly sql: Sql;
  /** One transaction, READ COMMITTED. Inside it only `tx` may be used; the outer `sql` throws. */
  transact<T>(work: (tx: Sql) => Promise<T>, options?: { deadlineMs: number | null }): Promise<T>;
  /**
   * Runs SQL that is text: a script of several statements, or one statement with `values`. For migrations, and for copies of
   * tables whose names come from the catalog; nothing that came from elsewhere may be part of it.
   */
  runText<Row>(tx: Sql, text: string, values?: unknown[]): Promise<Row[]>;
  /**
   * Copies the folder of an embedded database while it is in use, as a folder that opens with all that was committed before
   * the call. Null: this database has no folder, and is read as it is.
   */
  readonly copyFolder: ((target: string) => Promise<void>) | null;
  /** Resolves when the database answers within `timeoutMs`, and rejects otherwise. */
  ping(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
};

/**
 * Wraps Bun's client, which `open` makes. `onClose` closes what was opened along with it.
 *
 * `canRenew`: the connections are replaced by new ones when one of them did not answer or its server has become
 * read-only. Connections whose other end vanished say nothing and are not closed by anybody else, so that without this a
 * server that was cut off for a moment would go on waiting for them.
 */
export function createDatabase(
  open: () => SQL,
  {
    canRenew,
    copyFolder = null,
    onClose = async () => {},
    log,
  }: {
    canRenew: boolean;
    copyFolder?: Database["copyFolder"];
    onClose?: () => Promise<void>;
    log: Log;
  },
): Database {
  const insideTransaction = new AsyncLocalStorage<true>();
  let client = open();
  let renewedAt = Number.NEGATIVE_INFINITY;
  let isClosed = false;
  /** Resolves when the database answers again; null while it does. */
  let recovery: Promise<void> | null = null;
  const renew = () => {
    const now = performance.now();
    if (!canRenew || now - renewedAt < renewEveryMs) return;
    renewedAt = now;
    const old = client;
    client = open();
    old.close({ timeout: answerWithinMs / 1000 }).catch(() => {});
  };
  const recover = async () => {
    const awaySince = performance.now();
    log.warn("database.away", { hint: "it isn't reached or doesn't answer; novaX goes on when it does" });
    try {
      while (!isClosed) {
        const probe = client`select 1`.then(() => true);
        if (await withDeadline(probe, probeWithinMs).catch(() => false)) break;
        renew();
        await Bun.sleep(probeEveryMs);
      }
      if (!isClosed) log.info("database.back", { afterMs: Math.round(performance.now() - awaySince) });
    } finally {
      recovery = null;
    }
  };
  let toldFullAt = Number.NEGATIVE_INFINITY;
  const tellFull = () => {
    const now = performance.now();
    if (now - toldFullAt < tellFullEveryMs) return;
    toldFullAt = now;
    log.error("database.disk_full", {
      hint: "nothing can be written until there is room on the database's disk",
    });
  };
  /** Runs work on the current client. What is under way on an old one may end there. */
  const watch = async <T>(work: () => Promise<T>): Promise<T> => {
    if (recovery) await withDeadline(recovery, failFastMs);
    if (hasCallerGone()) throw new CallerGone("the caller has given up waiting");
    const used = client;
    try {
      return await work();
    } catch (error) {
      const isGone = error instanceof DatabaseSilent || isUnreachable(error);
      if (isClosed) throw error;
      if (isStorageFull(error)) tellFull();
      if (used === client && (error instanceof DatabaseSilent || isReadOnly(error))) renew();
      if (isGone) recovery ??= forEverybody(recover);
      throw error;
    }
  };
  const outer = asSql(
    () => client,
    () => {
      // The embedded database has one backend: a query outside the open transaction would wait for it for ever. With a
      // server, the query would silently not be part of the transaction.
      if (insideTransaction.getStore()) throw new Error("the outer connection was used inside a transaction");
    },
  );
  const sql: Sql = Object.assign(
    <Row>(strings: TemplateStringsArray, ...values: unknown[]) =>
      watch(() => withDeadline(outer<Row>(strings, ...values), answerWithinMs)),
    { fragment: outer.fragment, limit: outer.limit, array: outer.array },
  );
  return {
    sql,
    transact: (work, { deadlineMs } = { deadlineMs: answerWithinMs }) => {
      if (insideTransaction.getStore()) throw new Error("a transaction was opened inside a transaction");
      // The caller was told that there was no answer. Neither another statement nor the COMMIT may follow, so that what
      // was refused does not happen later.
      let isGivenUp = false;
      const until = performance.now() + (deadlineMs ?? Number.POSITIVE_INFINITY);
      const assertAwaited = () => {
        if (isGivenUp || performance.now() >= until || hasCallerGone())
          throw new CallerGone("the caller has given up waiting");
      };
      const begin = () =>
        client.begin((tx) =>
          insideTransaction.run(true, async () => {
            assertAwaited();
            // Nobody waits for it, so nothing in it has to be quick.
            if (deadlineMs === null) await tx`set local statement_timeout = 0`;
            const result = await work(asSql(() => tx, assertAwaited));
            assertAwaited();
            return result;
          }),
        );
      if (deadlineMs === null) return begin();
      return watch(() =>
        withDeadline(begin(), deadlineMs, () => {
          isGivenUp = true;
        }),
      );
    },
    runText: async (tx, text, values) => await (tx as SqlOfClient).client().unsafe(text, values),
    copyFolder,
    ping: async (timeoutMs) => {
      await withDeadline(sql`select 1`, timeoutMs);
    },
    close: async () => {
      isClosed = true;
      await client.close({ timeout: 5 });
      await onClose();
    },
  };
}

export const answerWithinMs = 10_000;
/** How long anything waits for a database that did not answer before. */
export const failFastMs = 1000;
const probeWithinMs = 2000;
const probeEveryMs = 250;
const tellFullEveryMs = 60_000;
/** At most two sets of connections are open at once: an old one is closed before the next can be replaced. */
const renewEveryMs = answerWithinMs + 1000;

/** The database cannot be used; the message tells the operator why. */
export class DatabaseUnusable extends Error {
  override readonly name = "DatabaseUnusable";
}

/** The caller was told that there is no answer, so what was asked did not happen. */
class CallerGone extends Error {
  override readonly name = "CallerGone";
}

/** The database did not answer in time. What was asked may still happen. */
class DatabaseSilent extends Error {
  override readonly name = "DatabaseSilent";
}

function withDeadline<T>(work: Promise<T>, deadlineMs: number, onOverdue = () => {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      onOverdue();
      reject(new DatabaseSilent(`no answer in ${deadlineMs} ms`));
    }, deadlineMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * Whether the database could not be reached, was too slow or cannot be written to, as opposed to refusing the statement.
 * The statement may or may not have run.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof DatabaseSilent || error instanceof CallerGone) return true;
  if (isReadOnly(error) || isUnreachable(error)) return true;
  const { errno } = (error ?? {}) as { errno?: string };
  // 55P03, 57014 and 25P03: a lock, a statement or a transaction took longer than it may.
  return typeof errno === "string" && /^(57014|55P03|25P03)/.test(errno);
}

/** Whether there was no connection to the database, or it was lost. */
function isUnreachable(error: unknown): boolean {
  const { code, errno } = (error ?? {}) as { code?: string; errno?: string };
  return (
    (typeof code === "string" &&
      /^(ERR_POSTGRES_(CONNECTION|IDLE|LIFETIME)|ECONN|ENOENT|FailedToOpenSocket)/.test(code)) ||
    // 57P01-57P03: shutting down, crashed, starting up; 08: connection; 53300: too many connections.
    (typeof errno === "string" && /^(57P0|08|53300)/.test(errno))
  );
}

/** Whether the server takes no writes (SQLSTATE 25006), as one does that another has taken over from. */
function isReadOnly(error: unknown): boolean {
  return (error as { errno?: string } | null)?.errno === "25006";
}

/** Whether the database's disk is full (SQLSTATE 53100). */
export function isStorageFull(error: unknown): boolean {
  return (error as { errno?: string } | null)?.errno === "53100";
}

/** Whether a unique constraint refused a row (SQLSTATE 23505). */
export function isUniqueViolation(error: unknown): boolean {
  return (error as { errno?: string } | null)?.errno === "23505";
}

/** Whether a lock was not free in time (SQLSTATE 55P03). */
export function isLockTimeout(error: unknown): boolean {
  return (error as { errno?: string } | null)?.errno === "55P03";
}

/** Whether the database aborted a transaction to break a deadlock (SQLSTATE 40P01). */
export function isDeadlock(error: unknown): boolean {
  return (error as { errno?: string } | null)?.errno === "40P01";
}

type SqlOfClient = Sql & { client: () => Pick<SQL, "unsafe"> };

function asSql(client: () => SQL, assertAllowed: () => void): SqlOfClient {
  const run = <Row>(strings: TemplateStringsArray, ...values: unknown[]): Promise<Row[]> => {
    assertAllowed();
    return client()(strings, ...values).then(
      (result) => parseInt8(strings, result) as Row[],
      (error: unknown) => {
        throw withStatement(error, strings);
      },
    );
  };
  return Object.assign(run, {
    client,
    // The driver runs a statement when it is awaited. A fragment is never awaited, so it only becomes part of others.
    fragment: (strings: TemplateStringsArray, ...values: unknown[]) =>
      client()(strings, ...values) as unknown as Fragment,
    limit: (rows: number) => {
      const usual = limitTemplates.get(rows);
      return (usual ? client()(usual) : client()`limit ${rows}`) as unknown as Fragment;
    },
    array: (values: readonly unknown[], type: string) => client().array([...values], type),
  });
}

const statementCharsMax = 300;

/**
 * Adds to the database's error which statement it was, for the log: the driver's stack doesn't lead to us. The text of a
 * template has no values in it.
 */
function withStatement(error: unknown, strings: TemplateStringsArray): unknown {
  if (error instanceof Error && !("statement" in error))
    Object.assign(error, {
      statement: strings.join("?").replace(/\s+/g, " ").trim().slice(0, statementCharsMax),
    });
  return error;
}

/** The lengths of lists that our own clients ask for. Others are parameters, so that nobody fills the memory with statements. */
const usualLimits = [1, 2, 10, 20, 21, 50, 51, 100, 101, 200, 201, 500, 501, 1000, 1001];
/** Each as a template without parameters. */
const limitTemplates = new Map(
  usualLimits.map((rows) => {
    const parts = [`limit ${rows}`];
    return [rows, Object.defineProperty(parts, "raw", { value: parts }) as unknown as TemplateStringsArray];
  }),
);

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
