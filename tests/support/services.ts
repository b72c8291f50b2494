// Real PostgreSQL, Redis and Chromium for tests and benchmarks: found on this machine, or named by URL in
// NOVAX_TEST_POSTGRES_URL and NOVAX_TEST_REDIS_URL. What is started here is private and ends with this process.
import { spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";

export type Service = { url: string; stop(): Promise<void> };

/** A server that can be stopped and restarted, with its data. */
export type DatabaseServer = Service & {
  readonly pid: number;
  halt(): Promise<void>;
  resume(): Promise<void>;
};

const isRoot = process.getuid?.() === 0;

/** The Debian packages of each part. */
const packages = {
  postgres: "postgresql",
  redis: "redis-server",
  chromium: "chromium",
  webkit: "webkit2gtk-driver xvfb",
  firefox: "firefox-esr",
  proxies: "nginx-light caddy apache2-bin",
  // A certificate authority, and what makes certificates without one.
  pebble: "pebble openssl",
  // Chromium without its window: it takes a fifth less time, and has no notifications. Not every distribution has it.
  headless: "chromium-headless-shell",
} as const;
export type Part = keyof typeof packages;

export function installHint(part: Part): string {
  return `apt-get install ${packages[part]}`;
}

/** Installs missing parts where we can: on Debian or Ubuntu, as root. */
export function installMissing(): void {
  const missing = (Object.keys(packages) as Part[]).filter((part) => !isPresent(part));
  if (missing.length === 0 || !isRoot || Bun.which("apt-get") === null) return;
  console.log(`Installing ${missing.map((part) => packages[part]).join(", ")} for the tests (apt-get) ...`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore", env });
  const needed = missing.filter((part) => part !== "headless");
  // By itself, because apt-get installs nothing if it does not know one of the names.
  for (const parts of [needed, missing.filter((part) => part === "headless")]) {
    const names = parts.flatMap((part) => packages[part].split(" "));
    if (names.length === 0) continue;
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names], {
      stdio: "ignore",
      env,
    });
  }
}

/** Whether a part is on this machine now. */
export function isPresent(part: Part): boolean {
  if (part === "postgres") return Boolean(process.env.NOVAX_TEST_POSTGRES_URL) || postgresBin() !== null;
  if (part === "webkit") return Bun.which("WebKitWebDriver") !== null && Bun.which("Xvfb") !== null;
  if (part === "firefox") return Bun.which("firefox-esr") !== null || Bun.which("firefox") !== null;
  if (part === "proxies") return ["nginx", "caddy", "apache2"].every((name) => Bun.which(name) !== null);
  if (part === "pebble")
    return ["pebble", "pebble-challtestsrv", "openssl"].every((name) => Bun.which(name) !== null);
  if (part === "headless") return findHeadlessChromium() !== null;
  if (part === "redis") return Boolean(process.env.NOVAX_TEST_REDIS_URL) || redisBinary() !== null;
  return findChromium() !== null;
}

export function findChromium(): string | null {
  const named = process.env.NOVAX_TEST_CHROMIUM;
  return named ?? Bun.which("chromium") ?? Bun.which("chromium-browser") ?? Bun.which("google-chrome");
}

export function findHeadlessChromium(): string | null {
  return Bun.which("chromium-headless-shell");
}

/** A new cluster on a free port. `isDurable` false turns fsync off, for tests of novaX and not of the disk. */
export async function startPostgres(options: { isDurable: boolean }): Promise<DatabaseServer | null> {
  const bin = postgresBin();
  if (bin === null) return null;
  const folder = mkdtempSync(join(tmpdir(), "novax-pg-"));
  // PostgreSQL refuses to run as root; Debian's package creates a user for it.
  const owner = isRoot ? "postgres" : null;
  if (owner) {
    const [uid, gid] = ["-u", "-g"].map((flag) => Number(spawnSync("id", [flag, owner]).stdout.toString()));
    chownSync(folder, uid!, gid!);
  }
  const data = join(folder, "data");
  const as = (command: string[]) =>
    owner ? ["setpriv", "--reuid", owner, "--regid", owner, "--clear-groups", ...command] : command;
  const initdb = Bun.spawnSync(
    as([
      join(bin, "initdb"),
      "-D",
      data,
      "-U",
      "novax",
      "-A",
      "trust",
      "-E",
      "UTF8",
      "--locale=C.UTF-8",
      "--no-sync",
    ]),
    { cwd: folder, stdout: "pipe", stderr: "pipe" },
  );
  if (initdb.exitCode !== 0) throw new Error(`initdb: ${initdb.stderr.toString()}`);
  const port = await freePort();
  const durability = options.isDurable ? [] : ["-c", "fsync=off", "-c", "full_page_writes=off"];
  const spawn = () =>
    Bun.spawn(
      as([
        join(bin, "postgres"),
        ...["-D", data, "-p", String(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"],
        ...["-c", "max_connections=200", "-c", "shared_buffers=256MB", ...durability],
      ]),
      { cwd: folder, stdout: "ignore", stderr: "ignore" },
    );
  const url = `postgres://novax@127.0.0.1:${port}/postgres`;
  let server = spawn();
  const ready = async () => {
    await waitForPort(port);
    await waitForQueries(url);
  };
  await ready();
  return {
    url,
    get pid() {
      return server.pid;
    },
    // SIGQUIT is the "immediate" shutdown: every connection breaks at once, as in a crash.
    halt: async () => {
      server.kill("SIGQUIT");
      await server.exited;
    },
    resume: async () => {
      server = spawn();
      await ready();
    },
    stop: async () => {
      server.kill("SIGINT");
      await server.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A new Redis on a free or given port, without persistence. */
export async function startRedis(
  givenPort?: number,
): Promise<(Service & { port: number; silence(): void }) | null> {
  const binary = redisBinary();
  if (binary === null) return null;
  const port = givenPort ?? (await freePort());
  const server = Bun.spawn(
    [binary, "--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    { cwd: tmpdir(), stdout: "ignore", stderr: "ignore" },
  );
  await waitForPort(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    // Its connections stay open, and nothing comes back on them.
    silence: () => server.kill("SIGSTOP"),
    stop: async () => {
      server.kill("SIGKILL");
      await server.exited;
    },
  };
}

/** A program of PostgreSQL. */
export function postgresProgram(name: string): string {
  return join(postgresBin() ?? "", name);
}

function postgresBin(): string | null {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian)
    ? readdirSync(debian)
        .map(Number)
        .filter((version) => version >= 15)
    : [];
  for (const version of versions.sort((a, b) => b - a)) {
    const bin = join(debian, String(version), "bin");
    if (existsSync(join(bin, "initdb"))) return bin;
  }
  const onPath = Bun.which("initdb");
  return onPath && statSync(onPath).isFile() && Bun.which("postgres")
    ? onPath.replace(/\/initdb$/, "")
    : null;
}

function redisBinary(): string | null {
  return Bun.which("redis-server") ?? Bun.which("valkey-server");
}

export async function freePort(): Promise<number> {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function waitForPort(port: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    if (await accepts(port)) return;
    await Bun.sleep(30);
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** PostgreSQL listens before it accepts queries. */
async function waitForQueries(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const sql = new SQL(url, { max: 1 });
    const isReady = await sql`select 1`.then(
      () => true,
      () => false,
    );
    await sql.close();
    if (isReady) return;
    await Bun.sleep(30);
  }
  throw new Error("PostgreSQL does not take queries");
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
