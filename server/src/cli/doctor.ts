// npm run doctor: tries everything that the settings name, and says what to mend.
import { lookup } from "node:dns/promises";
import { existsSync, statfsSync } from "node:fs";
import { connect as connectPlain, type Socket } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { createByteFormat } from "@novax/protocol/language";
import { createDiskBlobs } from "../blobs/disk-blobs.ts";
import { createS3Blobs } from "../blobs/s3-blobs.ts";
import { checkRedis } from "../bus/check-redis.ts";
import { type Config, ConfigError, isLoopbackName, readConfig } from "../config/read-config.ts";
import { isServerThere } from "../control/control-socket.ts";
import type { Database } from "../db/database.ts";
import { listDoneMigrations, unknownMigrations } from "../db/migrate.ts";
import { connectDatabase } from "../db/open-database.ts";
import { readServerSettings } from "../db/server-settings.ts";
import { silentLog } from "../log/log.ts";
import { createSmtpMailer } from "../mail/mailer.ts";
import { readLastGood } from "../operations/queries.ts";
import { exitCodes } from "./exit.ts";

type Finding = { kind: "ok" | "warn" | "fail"; text: string };
type Check = { name: string; run: () => Promise<Finding[]> };

const ok = (text: string): Finding => ({ kind: "ok", text });
const warn = (text: string): Finding => ({ kind: "warn", text });
const fail = (text: string): Finding => ({ kind: "fail", text });

const withinMs = 10_000;
const freeBytesGood = 2_000_000_000;
const clockDifferenceMsMax = 2000;
const latencyMsGood = 20;
const connectionsOfAProcess = 10;
const oldBackupMs = 7 * 24 * 3_600_000;
const bytes = createByteFormat("en");

/** Runs `doctor`. Returns the exit code: 0 if nothing has to be mended. */
export async function doctor(args: readonly string[]): Promise<number> {
  if (args.length > 0) {
    console.error("npm run doctor     try everything that the settings name, and say what to mend");
    return args[0] === "--help" ? 0 : exitCodes.failed;
  }
  let config: Config;
  try {
    config = readConfig(process.cwd(), process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const mistake of error.mistakes) show("settings", fail(mistake));
    return exitCodes.config;
  }
  show("settings", ok("can be read"));
  let isGood = true;
  for (const { name, run } of checksFor(config)) {
    const findings = await run().catch((error: unknown) => [fail((error as Error).message)]);
    for (const finding of findings) {
      show(name, finding);
      if (finding.kind === "fail") isGood = false;
    }
  }
  return isGood ? 0 : exitCodes.failed;
}

function show(name: string, { kind, text }: Finding): void {
  console.log(`${{ ok: "ok  ", warn: "WARN", fail: "FAIL" }[kind]}  ${name}: ${text}`);
}

function checksFor(config: Config): Check[] {
  const { redisUrl, smtpUrl, s3, mailFrom } = config;
  return [
    { name: "data folder", run: async () => checkFolder(config) },
    { name: "database", run: () => checkDatabase(config) },
    ...(redisUrl === null ? [] : [{ name: "redis", run: () => checkBus(redisUrl) }]),
    {
      name: "files",
      run: async () => {
        const folder = join(config.dataDir, "files");
        const problem = await (s3
          ? createS3Blobs(s3, join(folder, "incoming"))
          : createDiskBlobs(folder)
        ).check();
        return [
          problem === null
            ? ok(s3 ? `${s3.endpoint}/${s3.bucket} works` : folder)
            : fail(`S3_URL: ${problem}`),
        ];
      },
    },
    {
      name: "email",
      run: async () => {
        if (smtpUrl === null)
          return [
            warn("SMTP_URL isn't set: emails go to the log, and nobody can reset a password by themselves"),
          ];
        const mailer = await createSmtpMailer(smtpUrl, mailFrom);
        const problem = await mailer.check();
        mailer.close();
        return [problem === null ? ok("the mail server takes us") : fail(`SMTP_URL: ${problem}`)];
      },
    },
    { name: "address", run: () => checkAddress(config) },
  ];
}

function checkFolder({ dataDir }: Config): Finding[] {
  if (!existsSync(dataDir)) return [warn(`${dataDir} isn't there yet; the first start makes it`)];
  const { bavail, bsize } = statfsSync(dataDir);
  const free = bavail * bsize;
  return [
    free < freeBytesGood
      ? warn(`${bytes(free)} are free on the disk of ${dataDir}; make room before it is full`)
      : ok(`${dataDir}, ${bytes(free)} free`),
  ];
}

async function checkDatabase(config: Config): Promise<Finding[]> {
  const { database, dataDir } = config;
  if (database.kind === "embedded") {
    if (await isServerThere(dataDir)) return [ok("embedded; the server runs and has it open")];
    if (!existsSync(join(dataDir, "postgres")))
      return [warn("embedded; there is none yet, the first start makes it")];
  }
  const db = await connectDatabase(database, silentLog);
  try {
    return [
      ...(database.kind === "embedded" ? [ok("embedded; opens")] : await checkServer(db, config)),
      ...(await checkTables(db)),
    ];
  } finally {
    await db.close();
  }
}

async function checkTables(db: Database): Promise<Finding[]> {
  const migrations = await listDoneMigrations(db.sql);
  if (migrations.length === 0) return [ok("it is empty; the first start makes its tables")];
  const unknown = unknownMigrations(migrations);
  if (unknown.length > 0) return [fail(`it is from a newer novaX (it has ${unknown.join(", ")})`)];
  if (!migrations.includes("0025_operations.sql")) return [];
  const last = await readLastGood(db.sql, "backup");
  if (last === null) return [warn("it was never backed up; run npm run backup, or set BACKUP_DIR")];
  return [
    Date.now() - last > oldBackupMs
      ? warn(`the last backup is of ${new Date(last).toISOString()}`)
      : ok(`last backup ${new Date(last).toISOString()}`),
  ];
}

async function checkServer(db: Database, { workers }: Config): Promise<Finding[]> {
  const { version, now, isDurable, connectionsMax, latencyMs } = await readServerSettings(db.sql);
  const differs = Math.abs(now - Date.now());
  const needed = workers * connectionsOfAProcess;
  return [
    latencyMs > latencyMsGood
      ? warn(`it answers in ${latencyMs.toFixed(1)} ms; every message waits for that, so have it nearer`)
      : ok(`PostgreSQL ${version}, answers in ${latencyMs.toFixed(1)} ms`),
    ...(isDurable
      ? []
      : [
          fail(
            "fsync, full_page_writes or synchronous_commit is off, so a power cut loses messages; turn them on",
          ),
        ]),
    ...(connectionsMax < needed + connectionsOfAProcess
      ? [warn(`max_connections is ${connectionsMax}; ${workers} processes take up to ${needed}`)]
      : []),
    ...(differs > clockDifferenceMsMax
      ? [
          warn(
            `its clock and this machine's differ by ${Math.round(differs / 1000)} s; novaX goes by the database's, but logs don't`,
          ),
        ]
      : []),
  ];
}

async function checkBus(url: string): Promise<Finding[]> {
  const problem = await checkRedis(url, "novax:doctor");
  return [problem === null ? ok("works") : fail(`REDIS_URL: the server there ${problem.message}`)];
}

/** Whether people reach the server under its public address, and with a WebSocket. */
async function checkAddress({ publicUrl }: Config): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (!isLoopbackName(publicUrl.hostname)) {
    const addresses = await lookup(publicUrl.hostname, { all: true }).catch(() => []);
    if (addresses.length === 0)
      return [fail(`PUBLIC_URL: the name ${publicUrl.hostname} leads nowhere; add it to your DNS`)];
    findings.push(ok(`${publicUrl.hostname} is ${addresses.map(({ address }) => address).join(", ")}`));
  }
  const health = await fetch(new URL("/healthz", publicUrl), {
    redirect: "manual",
    signal: AbortSignal.timeout(withinMs),
  }).catch((error: Error & { code?: string }) => error);
  if (health instanceof Error)
    return [
      ...findings,
      fail(
        `${publicUrl.origin} doesn't answer (${(health as { code?: string }).code ?? health.name}); is the server running, and its port open?`,
      ),
    ];
  if (health.status !== 200)
    return [
      ...findings,
      fail(`${publicUrl.origin}/healthz answers ${health.status}; does the proxy lead to novaX?`),
    ];
  findings.push(ok(`${publicUrl.origin} answers`));
  const date = Date.parse(health.headers.get("date") ?? "");
  if (Math.abs(date - Date.now()) > 60_000)
    findings.push(
      warn(
        "the clock there and this machine's differ by more than a minute; codes of authenticator apps need the time",
      ),
    );
  const status = await upgradeStatus(publicUrl);
  // Without a session that is what our own refusal says: the request arrived as that of a WebSocket.
  if (status === 401) findings.push(ok("WebSockets get through"));
  else if (status === 400)
    findings.push(
      fail(
        "WebSockets don't get through: the proxy has to pass on Upgrade and Connection, as docs/proxies shows",
      ),
    );
  else
    findings.push(
      fail(`WebSockets don't get through: ${publicUrl.origin}/ws/ answers ${status ?? "nothing"}`),
    );
  return findings;
}

/** Asks for a WebSocket without a session. Returns the status of the answer, or null. */
function upgradeStatus(url: URL): Promise<number | null> {
  return new Promise((resolve) => {
    const isTls = url.protocol === "https:";
    const port = Number(url.port) || (isTls ? 443 : 80);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const ask = (socket: Socket) =>
      socket.write(
        [
          "GET /ws/doctor HTTP/1.1",
          `Host: ${url.host}`,
          `Origin: ${url.origin}`,
          "Connection: Upgrade",
          "Upgrade: websocket",
          "Sec-WebSocket-Version: 13",
          `Sec-WebSocket-Key: ${Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("base64")}`,
          "\r\n",
        ].join("\r\n"),
      );
    const socket: Socket = isTls
      ? connectTls({ host, port, servername: host }, () => ask(socket))
      : connectPlain({ host, port }, () => ask(socket));
    const end = (status: number | null) => {
      socket.destroy();
      resolve(status);
    };
    socket.setTimeout(withinMs, () => end(null));
    socket.once("error", () => end(null));
    socket.once("data", (chunk) => end(Number(/^HTTP\/1\.1 (\d{3})/.exec(String(chunk))?.[1]) || null));
  });
}
