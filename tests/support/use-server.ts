// A server for the tests of one `describe`, on fresh data, with people in it.
import { afterAll, beforeAll, describe } from "bun:test";
import { SQL } from "bun";
import { MailServer } from "./mail.ts";
import { Person, registerOrFail } from "./person.ts";
import {
  createTestData,
  type DatabaseKind,
  databaseKinds,
  isAvailable,
  type Launch,
  startServer,
  type TestData,
  type TestServer,
} from "./server.ts";
import { freePort } from "./services.ts";

type Settings = Record<string, string>;

type ServerOptions<Name extends string> = {
  /** Settings, or what makes them just before the start, when the server's address is known. */
  env?: Settings | ((at: { origin: string }) => Settings | Promise<Settings>);
  /** Who registers, in this order; the first is the owner. alice, bob and carol if nothing else is said. */
  people?: readonly Name[];
  /** How the process is started. */
  launch?: Launch;
  /** Sends mail to an SMTP server, which is `smtp`. */
  hasMail?: boolean;
};

type UsedData = TestData & { kind: DatabaseKind; cleanUps: CleanUp[] };

type CleanUp = () => unknown;

/** Can be taken apart at once, but only hooks and tests can use what is in it. */
export type UsedServer<Name extends string> = Record<Name, Person> & {
  server: TestServer;
  data: UsedData;
  /** A connection of its own to PostgreSQL. */
  sql: SQL;
  smtp: MailServer;
  /** Starts the server again at the same address, after it was stopped. */
  restart(): Promise<void>;
};

/**
 * Starts a server before the tests of this `describe`, and stops it after them. Given the `data` of another server, it is
 * one more process on that data.
 */
export function useServer<const Name extends string = "alice" | "bob" | "carol">(
  on: DatabaseKind | UsedData,
  options: ServerOptions<Name> = {},
): UsedServer<Name> {
  const data = typeof on === "string" ? useData(on) : on;
  let started: TestServer | undefined;
  let mail: MailServer | undefined;
  let connection: SQL | undefined;
  let env: Settings = {};
  const server = later("server", () => started);
  const launch = options.launch ? { launch: options.launch } : {};
  const names: readonly string[] = options.people ?? ["alice", "bob", "carol"];
  const people = names.map((name) => new Person(server, name));

  beforeAll(async () => {
    if (options.hasMail) {
      mail = await MailServer.start();
      data.cleanUps.push(() => mail?.stop());
    }
    const port = await freePort();
    const given =
      typeof options.env === "function"
        ? await options.env({ origin: `http://localhost:${port}` })
        : options.env;
    env = { ...(mail && { SMTP_URL: mail.url }), ...given };
    started = await startServer(data, { port, env, ...launch });
    data.cleanUps.push(() => started?.stop());
    for (const person of people) await registerOrFail(person);
  }, 60_000);

  return {
    ...(Object.fromEntries(people.map((person) => [person.username, person])) as Record<Name, Person>),
    server,
    data,
    sql: later("sql", () => {
      if (!connection && data.url) {
        const opened = new SQL(data.url, { max: 2 });
        data.cleanUps.push(() => opened.close());
        connection = opened;
      }
      return connection;
    }),
    smtp: later("smtp", () => mail),
    restart: async () => {
      started = await startServer(data, { port: server.port, env, ...launch });
    },
  };
}

/** Describes the server on every database, with the database's name after its own, or on `only` one. */
export function describeServer<const Name extends string = "alice" | "bob" | "carol">(
  name: string,
  options: ServerOptions<Name> & { only?: DatabaseKind },
  define: (used: UsedServer<Name>) => void,
): void {
  const { only } = options;
  for (const kind of only ? [only] : databaseKinds)
    describe.skipIf(!isAvailable(kind))(only ? name : `${name} (${kind})`, () => {
      define(useServer(kind, options));
    });
}

function useData(kind: DatabaseKind): UsedData {
  let created: TestData | undefined;
  const cleanUps: CleanUp[] = [];
  beforeAll(async () => {
    const data = await createTestData(kind);
    created = data;
    cleanUps.push(() => data.remove());
  });
  // Bun runs afterAll in the order of definition, but a process must stop before its data is removed.
  afterAll(async () => {
    for (const cleanUp of cleanUps.reverse()) await cleanUp();
  }, 60_000);
  const data = later("data", () => created);
  return {
    kind,
    cleanUps,
    get env() {
      return data.env;
    },
    get url() {
      return data.url;
    },
    remove: () => data.remove(),
  };
}

/** Stands for a value that exists only once the tests run. */
function later<T extends object>(name: string, find: () => T | undefined): T {
  const value = (): T => {
    const found = find();
    if (!found) throw new Error(`there is no ${name} here, or not yet`);
    return found;
  };
  // The target is a function because `sql` is called.
  return new Proxy((() => {}) as unknown as T, {
    apply: (_target, _self, args) =>
      Reflect.apply(value() as unknown as (...args: unknown[]) => unknown, undefined, args),
    get: (_target, key) => {
      const member: unknown = Reflect.get(value(), key);
      return typeof member === "function" ? (member as CallableFunction).bind(value()) : member;
    },
    set: (_target, key, next) => Reflect.set(value(), key, next),
  });
}
