// A real novaX in its own process, as `npm start` runs it.
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { SQL } from "bun";
import { builtFolder } from "../../server/src/lib/paths.ts";
import { freePort } from "./services.ts";

const root = resolve(import.meta.dir, "../..");

export type DatabaseKind = "embedded" | "postgres";

/** The databases this run can test: PostgreSQL only if it is available. */
export const databaseKinds: readonly DatabaseKind[] = ["embedded", "postgres"];
const postgresUrl = () => process.env.NOVAX_TEST_POSTGRES_URL;
export const redisUrl = process.env.NOVAX_TEST_REDIS_URL;
export const chromiumPath = process.env.NOVAX_TEST_CHROMIUM;

export function isAvailable(kind: DatabaseKind): boolean {
  return kind === "embedded" || postgresUrl() !== undefined;
}

/** A new, empty database on the test server, or a copy of another one. */
export async function createPostgresDatabase(
  template?: string,
): Promise<{ url: string; drop(): Promise<void> }> {
  // Never reuse one that a failed test left behind.
  const name = `novax_test_${crypto.randomUUID().replaceAll("-", "")}`;
  const admin = new SQL(postgresUrl()!, { max: 1 });
  await admin.unsafe(`create database ${name}${template ? ` template ${template}` : ""}`);
  const url = new URL(postgresUrl()!);
  url.pathname = `/${name}`;
  if (template) await becomeAnother(url);
  return {
    url: url.href,
    drop: async () => {
      await admin.unsafe(`drop database if exists ${name} with (force)`);
      await admin.close();
    },
  };
}

/** Makes a copy another installation, which shares no counters and no messages in Redis with the other copies. */
async function becomeAnother(url: URL): Promise<void> {
  const sql = new SQL(url, { max: 1 });
  await sql`update installation set epoch = gen_random_uuid()`;
  await sql.close();
}

/** Data that outlives a server: a database on the test server, or a folder. */
export type TestData = {
  kind: DatabaseKind;
  env: Record<string, string>;
  url: string | null;
  remove(): Promise<void>;
};

/** Data for a new server: its database is migrated already if the run has templates, or left to be made by the server. */
export async function createTestData(
  kind: DatabaseKind,
  options: { isUnmade?: boolean } = {},
): Promise<TestData> {
  const folder = mkdtempSync(join(tmpdir(), "novax-data-"));
  const { NOVAX_TEST_DATA_TEMPLATE, NOVAX_TEST_POSTGRES_TEMPLATE } = options.isUnmade ? {} : process.env;
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  if (kind === "embedded") {
    if (NOVAX_TEST_DATA_TEMPLATE) cpSync(NOVAX_TEST_DATA_TEMPLATE, folder, { recursive: true });
    return { kind, url: null, env: { DATA_DIR: folder }, remove: async () => removeFolder() };
  }
  const database = await createPostgresDatabase(NOVAX_TEST_POSTGRES_TEMPLATE);
  return {
    kind,
    url: database.url,
    env: { DATA_DIR: folder, DATABASE_URL: database.url },
    remove: async () => {
      await database.drop();
      removeFolder();
    },
  };
}

export type TestServer = {
  url: string;
  origin: string;
  port: number;
  pid: number;
  /** What it has printed so far. */
  output(): string;
  /** Stops it as an operator does; resolves with the exit code. */
  stop(): Promise<number>;
  /** Kills it, like a power cut. */
  kill(): Promise<void>;
};

const testSettings = {
  BCRYPT_COST: "10",
  LOG_FORMAT: "json",
  // In a test everybody has the same address.
  LOGIN_FAILURES_PER_ADDRESS: "10000",
  SIGN_UPS_PER_ADDRESS: "10000",
  VISITOR_REQUESTS_PER_SECOND: "100000",
};

/** Starts a server on the data. Rejects with its output if it does not start. */
export async function startServer(
  data: TestData,
  options: { env?: Record<string, string>; port?: number; launch?: Launch } = {},
): Promise<TestServer> {
  const port = options.port ?? (await freePort());
  const env = { ...data.env, ...testSettings, PORT: String(port), ...options.env };
  const { child, output } = spawnServer(env, { launch: options.launch });
  const started = await waitUntil(
    () => output().includes("server.started") || child.exitCode !== null,
    30_000,
  );
  if (!started || child.exitCode !== null) {
    child.kill("SIGKILL");
    throw new Error(`the server did not start (exit ${child.exitCode}):\n${output()}`);
  }
  const origin = `http://localhost:${port}`;
  return {
    url: origin,
    origin,
    port,
    pid: child.pid,
    output,
    stop: async () => {
      child.kill("SIGTERM");
      return child.exited;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** How a server is started: with what loaded before it; or another build of it. */
export type Launch = { preload?: string; cli?: string };

/** Runs the server, or a command of it (`args`), with exactly these settings, and returns the outcome. */
export function spawnServer(
  env: Record<string, string>,
  {
    cwd = tmpdir(),
    args = [],
    launch = {},
  }: { cwd?: string; args?: string[]; launch?: Launch | undefined } = {},
) {
  const { preload, cli = join(builtFolder, "cli.js") } = launch;
  const options = ["--no-env-file", ...(preload ? ["--preload", preload] : [])];
  // What is loaded before it changes modules of its sources.
  const script = preload === undefined ? cli : join(root, "server/src/cli.ts");
  const command = [process.execPath, ...options, script, ...args];
  const child = Bun.spawn(command, {
    cwd,
    env: { PATH: process.env.PATH ?? "", HOME: process.env.HOME ?? "", ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  let text = "";
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true });
  };
  const collected = Promise.all([collect(child.stdout), collect(child.stderr)]);
  return { child, output: () => text, finished: collected.then(() => child.exited) };
}

/** Polls until the condition holds; returns false if it did not in time. */
export async function waitUntil(holds: () => boolean | Promise<boolean>, timeoutMs = 5000): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    if (await holds()) return true;
    await Bun.sleep(10);
  }
  return holds();
}
