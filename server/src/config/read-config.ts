import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { type RegistrationMode, registrationModes } from "@novax/protocol/entities";
import { type PushContent, pushContents } from "@novax/protocol/push";
import { z } from "zod";
import { isLoopbackAddress, parseAddressRanges } from "../lib/ip-address.ts";
import { type LogLevel, logLevels } from "../lib/log-level.ts";
import { mistakesBetween } from "../lib/mistakes-between.ts";
import { serverSecretBytes } from "../lib/server-secret.ts";
import { type SettingName, settings } from "./settings.ts";

export type DatabaseConfig = { kind: "embedded"; dataDir: string } | { kind: "postgres"; url: string };

/** An OpenID Connect provider, and our client registration there. */
export type OidcConfig = { issuer: URL; clientId: string; clientSecret: string | null; name: string };

/** An S3-compatible service, as S3_URL names it. */
export type S3Config = {
  endpoint: string;
  bucket: string;
  /** In front of every key; empty, or ends with a slash. */
  prefix: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
};

/** Where certificates are ordered. */
export type AcmeConfig = { directoryUrl: string; email: string | null };

/** Where the certificate comes from, and the port of http beside it. */
export type HttpsConfig = { httpPort: number } & (
  | ({ kind: "acme" } & AcmeConfig)
  | { kind: "files"; certFile: string; keyFile: string }
);

/** Where Prometheus reads. */
export type MetricsConfig = { host: string; port: number; token: string | null };

/** Where links get previews: nowhere; in rooms that allow it; in direct messages as well. */
export const previewModes = ["off", "rooms", "all"] as const;
export type PreviewMode = (typeof previewModes)[number];

export type Config = {
  host: string;
  port: number;
  publicUrl: URL;
  /** Whether cookies are `Secure` and HSTS is sent, because the public address is https. */
  isSecure: boolean;
  /** Null: this server speaks http, to a proxy or to this machine. */
  https: HttpsConfig | null;
  dataDir: string;
  database: DatabaseConfig;
  redisUrl: string | null;
  /** How many processes share the port. */
  workers: number;
  /** Null: files are kept in the data folder. */
  s3: S3Config | null;
  fileBytesMax: number;
  storagePerPersonBytes: number;
  /** Null: as much as the disk takes. */
  storageBytesMax: number | null;
  smtpUrl: string | null;
  mailFrom: string;
  /** Null: use the one in the data folder. */
  secretKey: Uint8Array | null;
  /** Where the server makes backups by itself; null: it makes none. */
  backupDir: string | null;
  backupEveryMs: number;
  backupsKept: number;
  /** Under what the server's secret is part of backups; null: it is not. */
  backupPassphrase: string | null;
  /** Whether the database is backed up before it is changed by a new version. */
  hasUpgradeBackup: boolean;
  /** Who may register, unless an owner has changed it. */
  registration: RegistrationMode;
  oidc: OidcConfig | null;
  /** The origins that the server's own pages are served from. */
  ownOrigins: ReadonlySet<string>;
  /** The origins whose pages may use the API and the socket, including our own. */
  allowedOrigins: ReadonlySet<string>;
  isTrustedProxy: (address: string) => boolean;
  hasTrustedProxies: boolean;
  passwordCodePointsMin: number;
  breachedPasswordsFile: string | null;
  /** Null: what the machine can bear. */
  bcryptCost: number | null;
  sessionIdleMs: number;
  sessionMaxMs: number;
  signInFailuresPerAccount: number;
  signInFailuresPerAddress: number;
  signInFailuresOverall: number;
  signUpsPerAddress: number;
  messagesPerSecond: number;
  visitorRequestsPerSecond: number;
  logFormat: "words" | "json";
  logLevel: LogLevel;
  logsRequests: boolean;
  /** Null: nothing can be read. */
  metrics: MetricsConfig | null;
  /** Where security problems can be reported; null: nowhere is named. */
  securityContact: string | null;
  hasSearch: boolean;
  /** Origins of push services that the operator added. */
  pushOrigins: ReadonlySet<string>;
  /** The most that notifications say. */
  pushContentMax: PushContent;
  previewMode: PreviewMode;
  /** Addresses that are not public, but whose pages may be previewed. */
  isPreviewNetwork: (address: string) => boolean;
};

/** Shorter names in the environment are likely to be somebody else's. */
const nameCharsMin = 8;
/** In a longer name more letters may be wrong, such as one proxy for several. */
const longNameChars = 12;

/** All mistakes in the configuration, one per line. The process prints them and exits with code 78 (EX_CONFIG). */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(mistakes.join("\n"));
    this.mistakes = mistakes;
  }
}

/** Reads `.env` and `config.json` in `folder`; `environment` takes precedence. Throws {@link ConfigError}. */
export function readConfig(folder: string, environment: Record<string, string | undefined>): Config {
  const dotEnv = readOptional(resolve(folder, ".env"));
  // Each letter of UTF-16 comes with a zero byte, and no name would be found.
  if (dotEnv?.includes("\u0000")) throw new ConfigError([".env: isn't UTF-8; save it in that encoding"]);
  const fromFile = dotEnv === null ? {} : parseEnv(dotEnv);
  const ignored = linesWithoutName(dotEnv ?? "");
  const cut = linesCut(dotEnv ?? "");
  if (cut.length > 0)
    throw new ConfigError(
      cut.map((line) => `.env: line ${line} has # in its value; write the value in quotes`),
    );
  if (ignored.length > 0) throw new ConfigError(ignored.map((line) => `.env: line ${line} isn't NAME=value`));
  const misspelt = misspeltNames(Object.keys(fromFile), Object.keys(environment));
  if (misspelt.length > 0) throw new ConfigError(misspelt);
  return parseConfig(
    { ...fromFile, ...withoutEmpty(environment) },
    { folder, configJson: readOptional(resolve(folder, "config.json")) },
  );
}

/** The numbers of the lines whose value would end at a #, which is not at the beginning of a comment. */
function linesCut(text: string): number[] {
  return text
    .split(/\r?\n/)
    .flatMap((line, index) =>
      /^\s*(?:export\s+)?[\w.-]+\s*=\s*[^\s"'`#][^\s#]*#/.test(line) ? [index + 1] : [],
    );
}

/** The numbers of the lines of an environment file that would be read as nothing. A value in quotes may go on over lines. */
function linesWithoutName(text: string): number[] {
  const lines: number[] = [];
  let quote = "";
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (quote !== "") {
      if (line.includes(quote)) quote = "";
      continue;
    }
    if (/^\s*(?:#|$)/.test(line)) continue;
    const value = /^\s*(?:export\s+)?[\w.-]+\s*=\s*(.*)$/.exec(line)?.[1];
    if (value === undefined) lines.push(index + 1);
    else if (/^["'`]/.test(value) && !value.slice(1).includes(value[0]!)) quote = value[0]!;
  }
  return lines;
}

/** The format of the log, also while other settings are wrong. */
export function readLogFormat(
  folder: string,
  environment: Record<string, string | undefined>,
): "words" | "json" {
  let fromFile: NodeJS.Dict<string> = {};
  try {
    fromFile = parseEnv(readOptional(resolve(folder, ".env")) ?? "");
  } catch {
    // It says itself that it can't be read.
  }
  return (environment.LOG_FORMAT || fromFile.LOG_FORMAT)?.trim() === "json" ? "json" : "words";
}

/**
 * Names that look like settings and are none: a setting that nobody reads can leave a server open. The file is novaX's own, so each
 * name in it has to be known; the environment has many others, so only those count that are a setting but for one letter or case.
 */
function misspeltNames(inFile: readonly string[], inEnvironment: readonly string[]): string[] {
  const names = settings.map(({ name }) => name as string);
  const nearest = (name: string, max: number) => {
    const near = names.map((known) => ({
      known,
      mistakes: mistakesBetween(name.toUpperCase(), known.toUpperCase(), max),
    }));
    return near.sort((a, b) => a.mistakes - b.mistakes).find(({ mistakes }) => mistakes <= max)?.known;
  };
  const ofFile = inFile
    .filter((name) => !names.includes(name))
    .map((name) => {
      const known = nearest(name, name.length < longNameChars ? 2 : 3);
      return `.env: there is no setting ${name}${known ? `; did you mean ${known}?` : ". npm start -- --help lists them"}`;
    });
  const ofEnvironment = inEnvironment.flatMap((name) => {
    if (names.includes(name) || name.length < nameCharsMin) return [];
    const known = nearest(name, 1);
    return known ? [`${name} isn't a setting; did you mean ${known}?`] : [];
  });
  return [...ofFile, ...ofEnvironment];
}

/** Parses setting values into a {@link Config}. Throws {@link ConfigError} with every mistake found. */
export function parseConfig(
  values: Record<string, string | undefined>,
  files: { folder: string; configJson: string | null },
): Config {
  const mistakes: string[] = [];
  const defaults = new Map<string, string>(settings.map((setting) => [setting.name, setting.default]));
  const text = (name: SettingName): string => {
    const value = values[name]?.trim();
    return value === undefined || value === "" ? (defaults.get(name) ?? "") : value;
  };
  const check = <T>(name: SettingName, parse: (value: string) => T, fallback: T): T => {
    try {
      return parse(text(name));
    } catch (error) {
      mistakes.push(`${name}: ${(error as Error).message}`);
      return fallback;
    }
  };
  const whole = (name: SettingName, min: number, max: number): number =>
    check(name, (value) => parseWhole(value, min, max), min);

  const httpsKind = check("HTTPS", (value) => parseChoice(value, httpsKinds), "off");
  if (httpsKind !== "off") for (const [name, value] of httpsDefaults) defaults.set(name, value);
  const host = check("HOST", parseHost, "127.0.0.1");
  const port = whole("PORT", 1, 65535);
  const isLoopbackHost = isLoopbackName(host);
  const allowsHttp = check("ALLOW_HTTP", (value) => parseChoice(value, ["0", "1"]), "0") === "1";
  const publicUrl = check(
    "PUBLIC_URL",
    () => parsePublicUrl(values.PUBLIC_URL?.trim() ?? "", { port, isLoopbackHost, allowsHttp }),
    new URL("http://localhost"),
  );
  const ownOrigins = sameOrigins(publicUrl);
  const allowedOrigins = check("ALLOWED_ORIGINS", (value) => splitList(value).map(parseOrigin), []);
  // Only a shell knows what it means.
  if (/^~(?:\/|$)/.test(text("DATA_DIR")))
    mistakes.push("DATA_DIR: ~ isn't known here; write the whole path");
  const dataDir = resolve(files.folder, text("DATA_DIR"));
  const config: Config = {
    host,
    port,
    publicUrl,
    isSecure: publicUrl.protocol === "https:",
    https: null,
    dataDir,
    database: { kind: "embedded", dataDir },
    redisUrl: check("REDIS_URL", parseRedisUrl, null),
    workers: whole("WORKERS", 1, 64),
    s3: check("S3_URL", parseS3Url, null),
    pushContentMax: check("PUSH_CONTENT", (value) => parseChoice(value, pushContents), "full"),
    pushOrigins: check("PUSH_SERVICES", (value) => new Set(splitList(value).map(parseOrigin)), new Set()),
    previewMode: check("LINK_PREVIEWS", (value) => parseChoice(value, previewModes), "off"),
    isPreviewNetwork: check(
      "PREVIEW_NETWORKS",
      (value) => parseAddressRanges(splitList(value)),
      () => false,
    ),
    hasSearch: check("SEARCH", (value) => parseChoice(value, ["on", "off"]), "on") === "on",
    fileBytesMax: check("FILE_SIZE_MAX", parseBytes, 0),
    storagePerPersonBytes: check("STORAGE_PER_PERSON", parseBytes, 0),
    storageBytesMax: check(
      "STORAGE_MAX",
      (value) => (value === "" || value === "none" ? null : parseBytes(value)),
      null,
    ),
    smtpUrl: check("SMTP_URL", (value) => parseServiceUrl(value, ["smtp:", "smtps:"]), null),
    mailFrom: check("MAIL_FROM", () => parseMailFrom(values.MAIL_FROM?.trim() ?? "", publicUrl), ""),
    secretKey: check("SECRET_KEY", parseSecretKey, null),
    backupDir: text("BACKUP_DIR") === "" ? null : resolve(files.folder, text("BACKUP_DIR")),
    backupEveryMs: check("BACKUP_EVERY", parseDuration, 0),
    backupsKept: whole("BACKUP_KEEP", 1, 1000),
    backupPassphrase: check("BACKUP_PASSPHRASE", parsePassphrase, null),
    hasUpgradeBackup: check("UPGRADE_BACKUP", (value) => parseChoice(value, ["on", "off"]), "on") === "on",
    registration: check("REGISTRATION", (value) => parseChoice(value, registrationModes), "open"),
    oidc: check("OIDC_ISSUER", (value) => parseOidc(value, text), null),
    ownOrigins,
    allowedOrigins: new Set([...ownOrigins, ...allowedOrigins]),
    isTrustedProxy: check(
      "TRUSTED_PROXIES",
      (value) => parseAddressRanges(splitList(value)),
      () => false,
    ),
    hasTrustedProxies: text("TRUSTED_PROXIES") !== "",
    passwordCodePointsMin: whole("PASSWORD_MIN", 8, 64),
    breachedPasswordsFile:
      text("BREACHED_PASSWORDS") === "" ? null : resolve(files.folder, text("BREACHED_PASSWORDS")),
    bcryptCost: text("BCRYPT_COST") === "" ? null : whole("BCRYPT_COST", 10, 16),
    sessionIdleMs: check("SESSION_IDLE", parseDuration, 0),
    sessionMaxMs: check("SESSION_MAX", parseDuration, 0),
    signInFailuresPerAccount: whole("LOGIN_FAILURES_PER_ACCOUNT", 1, 100),
    signInFailuresPerAddress: whole("LOGIN_FAILURES_PER_ADDRESS", 1, 100_000),
    signInFailuresOverall: whole("LOGIN_FAILURES_OVERALL", 1, 1_000_000),
    signUpsPerAddress: whole("SIGN_UPS_PER_ADDRESS", 1, 100_000),
    messagesPerSecond: whole("MESSAGES_PER_SECOND", 1, 1_000_000),
    visitorRequestsPerSecond: whole("VISITOR_REQUESTS_PER_SECOND", 1, 1_000_000),
    securityContact: check("SECURITY_CONTACT", parseContact, null),
    logFormat: check("LOG_FORMAT", (value) => parseChoice(value, ["words", "json"]), "words"),
    logLevel: check("LOG_LEVEL", (value) => parseChoice(value, logLevels), "info"),
    logsRequests: check("LOG_REQUESTS", (value) => parseChoice(value, ["on", "off"]), "off") === "on",
    metrics:
      text("METRICS_PORT") === ""
        ? null
        : {
            host: check("METRICS_HOST", parseHost, "127.0.0.1"),
            port: whole("METRICS_PORT", 1, 65535),
            token: text("METRICS_TOKEN") || null,
          },
  };
  if (httpsKind !== "off")
    config.https = parseHttps(httpsKind, {
      ...{ publicUrl, port, text, mistakes },
      httpPort: whole("HTTP_PORT", 1, 65535),
      acmeUrl: check("ACME_URL", parseAcmeUrl, ""),
      pathOf: (name) => resolve(files.folder, text(name)),
    });
  else
    for (const name of ["HTTPS_CERT", "HTTPS_KEY", "ACME_EMAIL"] as const)
      if (text(name) !== "") mistakes.push(`${name}: set HTTPS as well`);
  const databaseUrl = check("DATABASE_URL", parseDatabaseUrl, null);
  if (databaseUrl !== null) {
    config.database = { kind: "postgres", url: databaseUrl };
  } else if (files.configJson !== null) {
    try {
      config.database = {
        kind: "postgres",
        url: parseConfigJson(files.configJson, values.db_password ?? ""),
      };
    } catch (error) {
      mistakes.push(`config.json: ${(error as Error).message}`);
    }
  }
  if (config.redisUrl !== null && config.database.kind === "embedded") {
    mistakes.push("REDIS_URL: several processes need to share a PostgreSQL server; set DATABASE_URL as well");
  }
  if (config.workers > 1 && config.redisUrl === null)
    mistakes.push(
      "WORKERS: several processes need PostgreSQL and Redis; set DATABASE_URL and REDIS_URL as well",
    );
  if (config.metrics && config.metrics.token === null && !isLoopbackName(config.metrics.host))
    mistakes.push("METRICS_TOKEN: must be set, because METRICS_HOST isn't loopback");
  if (config.oidc === null)
    for (const name of ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"] as const)
      if (text(name) !== "" && text("OIDC_ISSUER") === "") mistakes.push(`${name}: set OIDC_ISSUER as well`);
  // A shorter end of all sessions also ends those that are idle.
  if (text("SESSION_IDLE") === defaults.get("SESSION_IDLE"))
    config.sessionIdleMs = Math.min(config.sessionIdleMs, config.sessionMaxMs);
  if (config.sessionIdleMs > config.sessionMaxMs)
    mistakes.push("SESSION_IDLE: can't be longer than SESSION_MAX, which ends a session in any case");
  if (config.fileBytesMax > config.storagePerPersonBytes)
    mistakes.push("FILE_SIZE_MAX: can't be more than STORAGE_PER_PERSON, which a file counts towards");
  if (config.registration === "sso" && config.oidc === null)
    mistakes.push("REGISTRATION: single sign-on isn't set up; set OIDC_ISSUER as well");
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return config;
}

const httpsKinds = ["off", "auto", "files"] as const;
/** What differs where this server is the one that people reach. */
const httpsDefaults: readonly [SettingName, string][] = [
  ["HOST", "::"],
  ["PORT", "443"],
];

/** What {@link parseHttps} needs to know of the other settings. Mistakes are added to `mistakes`. */
type HttpsSettings = {
  publicUrl: URL;
  port: number;
  httpPort: number;
  acmeUrl: string;
  text: (name: SettingName) => string;
  pathOf: (name: SettingName) => string;
  mistakes: string[];
};

function parseHttps(
  kind: "auto" | "files",
  { publicUrl, port, httpPort, acmeUrl, text, pathOf, mistakes }: HttpsSettings,
): HttpsConfig {
  const isHttps = publicUrl.protocol === "https:";
  if (!isHttps) mistakes.push("PUBLIC_URL: must be set, with https://, because HTTPS is");
  if (httpPort === port) mistakes.push("HTTP_PORT: must differ from PORT");
  if (text("TRUSTED_PROXIES") !== "")
    mistakes.push("HTTPS: a proxy does it where TRUSTED_PROXIES is set; leave one of them out");
  const ownFiles = ["HTTPS_CERT", "HTTPS_KEY"] as const;
  if (kind === "files") {
    for (const name of ownFiles) if (text(name) === "") mistakes.push(`${name}: must be set for HTTPS=files`);
    return { kind: "files", httpPort, certFile: pathOf("HTTPS_CERT"), keyFile: pathOf("HTTPS_KEY") };
  }
  for (const name of ownFiles) if (text(name) !== "") mistakes.push(`${name}: is for HTTPS=files`);
  const { hostname } = publicUrl;
  if (isHttps && (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0 || !hostname.includes(".")))
    mistakes.push(
      `PUBLIC_URL: no authority gives a certificate for ${hostname}; use a name such as chat.example.org`,
    );
  return { kind: "acme", httpPort, directoryUrl: acmeUrl, email: text("ACME_EMAIL") || null };
}

function parseAcmeUrl(value: string): string {
  const url = URL.parse(value);
  if (url?.protocol !== "https:")
    throw new Error(
      `${JSON.stringify(value)} isn't an https address such as https://ca.example.org/directory`,
    );
  return url.href;
}

/** Parses an email address or a page, as security.txt takes them (RFC 9116, 2.5.3). */
function parseContact(value: string): string | null {
  if (value === "") return null;
  const url = URL.parse(value.includes(":") ? value : `mailto:${value}`);
  if (
    !url ||
    !["mailto:", "https:", "tel:"].includes(url.protocol) ||
    (url.protocol === "mailto:" && !/^[^@]+@[^@]+$/.test(url.pathname))
  )
    throw new Error(
      `${JSON.stringify(value)} isn't an email address or a page such as https://example.org/security`,
    );
  return url.href;
}

function parsePublicUrl(
  value: string,
  { port, isLoopbackHost, allowsHttp }: { port: number; isLoopbackHost: boolean; allowsHttp: boolean },
): URL {
  if (value === "") {
    if (!isLoopbackHost) throw new Error("must be set, with https://, when HOST isn't loopback");
    return new URL(`http://localhost:${port}`);
  }
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new Error(`${JSON.stringify(value)} isn't a URL such as https://chat.example.org`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error("must start with https://");
  if (url.hostname.includes("*") || url.hostname.includes(".."))
    throw new Error(`${JSON.stringify(value)} isn't the name of one server`);
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "" || url.username !== "") {
    throw new Error("must be an origin only, without a path, query or user");
  }
  // Over plain http a session could be intercepted on the network (ASVS 3.3.1); loopback never leaves the machine.
  if (url.protocol === "http:" && !isLoopbackName(url.hostname) && !allowsHttp) {
    throw new Error(
      "must use https, unless it's localhost; set HTTPS=auto, put a TLS proxy in front, or set ALLOW_HTTP=1 in a home network",
    );
  }
  return url;
}

function parseHost(value: string): string {
  if (isIP(value.replace(/^\[|\]$/g, "")) === 0 && !/^[a-z\d](?:[a-z\d.-]*[a-z\d])?$/i.test(value))
    throw new Error(
      `${JSON.stringify(value)} isn't an IP address to listen on, such as 127.0.0.1 or 0.0.0.0`,
    );
  return value;
}

/** Whether a host of an address is this machine itself. */
export function isLoopbackName(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, "");
  return name === "localhost" || isLoopbackAddress(name);
}

/** On loopback, `localhost`, `127.0.0.1` and `[::1]` all reach this server. */
function sameOrigins(publicUrl: URL): Set<string> {
  const origins = new Set([publicUrl.origin]);
  if (isLoopbackName(publicUrl.hostname)) {
    for (const name of ["localhost", "127.0.0.1", "[::1]"]) {
      const twin = new URL(publicUrl);
      twin.hostname = name;
      origins.add(twin.origin);
    }
  }
  return origins;
}

function parseOrigin(value: string): string {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new Error(`${JSON.stringify(value)} isn't an origin such as https://app.example.org`);
  }
  if (url.origin === "null" || url.origin !== value.replace(/\/$/, "") || url.hostname.includes("*")) {
    throw new Error(`${JSON.stringify(value)} must be an origin only: scheme, host and port`);
  }
  if (url.protocol !== "https:" && url.protocol !== "http:")
    throw new Error(`${JSON.stringify(value)} must start with https://`);
  return url.origin;
}

function parseServiceUrl(value: string, protocols: string[]): string | null {
  if (value === "") return null;
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    // The value may contain a password, so the message does not repeat it.
    throw new Error(`isn't a URL that starts with ${protocols[0]}//; ${signsHint}`);
  }
  if (!protocols.includes(url.protocol)) throw new Error(`must start with ${protocols[0]}//`);
  // A database may be on a socket, which its parameters name.
  if (url.hostname === "" && !protocols.includes("postgres:"))
    throw new Error(`needs a host, as in ${protocols[0]}//host:port`);
  // A sign of the password that ended it, so that what follows was taken for something else.
  const rest = `${url.pathname}${url.search}${url.hash}`;
  if (
    rest.includes("@") ||
    url.hash !== "" ||
    ![url.username, url.password, url.pathname].every(canBeDecoded)
  )
    throw new Error(`isn't written as a URL has to be; ${signsHint}`);
  return value;
}

const signsHint = "in a name or password write % as %25, @ as %40, / as %2F, # as %23 and ? as %3F";

function canBeDecoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function parseRedisUrl(value: string): string | null {
  const given = parseServiceUrl(value, ["redis:", "rediss:", "valkey:"]);
  if (given !== null && !/^\/?\d*$/.test(new URL(given).pathname))
    throw new Error("ends with the number of a database, as in redis://localhost/1, or with nothing");
  return given;
}

const sslModes = ["disable", "prefer", "require", "verify-ca", "verify-full"];

function parseDatabaseUrl(value: string): string | null {
  const given = parseServiceUrl(value, ["postgres:", "postgresql:"]);
  const mode = given === null ? null : new URL(given).searchParams.get("sslmode");
  if (mode !== null && !sslModes.includes(mode))
    throw new Error(`sslmode ${JSON.stringify(mode)} isn't one of ${sslModes.join(", ")}`);
  return given;
}

/** No message repeats the value, because it contains a secret. */
function parseS3Url(value: string): S3Config | null {
  if (value === "") return null;
  const url = URL.parse(value);
  if (!url)
    throw new Error(
      "isn't a URL such as https://KEY:SECRET@s3.example.org/bucket; write / in the secret as %2F",
    );
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackName(url.hostname)))
    throw new Error("must use https, unless the store is on this machine");
  const [bucket = "", ...folders] = url.pathname.split("/").filter((part) => part !== "");
  if (bucket === "") throw new Error("needs a bucket: https://KEY:SECRET@host/bucket");
  if (url.username === "" || url.password === "")
    throw new Error("needs a key and its secret: https://KEY:SECRET@host/bucket");
  const unknown = [...url.searchParams.keys()].find((name) => name !== "region");
  if (unknown !== undefined) throw new Error(`doesn't know ${unknown}; only region can follow the bucket`);
  try {
    decodeURIComponent(url.pathname + url.username + url.password);
  } catch {
    throw new Error("has a % that isn't followed by two hexadecimal digits; write % as %25 and / as %2F");
  }
  return {
    endpoint: url.origin,
    bucket: decodeURIComponent(bucket),
    prefix: folders.map((folder) => `${decodeURIComponent(folder)}/`).join(""),
    region: url.searchParams.get("region") ?? "us-east-1",
    accessKeyId: decodeURIComponent(url.username),
    secretAccessKey: decodeURIComponent(url.password),
  };
}

function parseMailFrom(value: string, publicUrl: URL): string {
  if (value === "") return `novaX <novax@${publicUrl.hostname}>`;
  // A line break would let the setting add headers to the mail.
  if (!/^(?:[^\r\n<>]{0,100}<[^\s@<>,]+@[^\s@<>,]+>|[^\s@<>,]+@[^\s@<>,]+)$/.test(value)) {
    throw new Error(`${JSON.stringify(value)} isn't a sender such as novaX <chat@example.org>`);
  }
  return value;
}

const passphraseCharsMin = 12;

/** A stolen backup lets its thief try as many as they like. */
function parsePassphrase(value: string): string | null {
  if (value === "") return null;
  if (value.length < passphraseCharsMin)
    throw new Error(`is too short: it needs ${passphraseCharsMin} characters, such as four random words`);
  return value;
}

/** No message repeats the value, because it is a secret. */
function parseSecretKey(value: string): Uint8Array | null {
  if (value === "") return null;
  if (!/^[A-Za-z0-9+/_-]+=*$/.test(value))
    throw new Error("isn't base64; create one with: openssl rand -base64 32");
  const bytes = Buffer.from(value, "base64");
  if (bytes.byteLength < serverSecretBytes) {
    throw new Error(
      `is too short: it needs ${serverSecretBytes} random bytes; create one with: openssl rand -base64 32`,
    );
  }
  return bytes;
}

function parseOidc(issuer: string, text: (name: SettingName) => string): OidcConfig | null {
  if (issuer === "") return null;
  const url = URL.parse(issuer);
  if (!url) throw new Error(`${JSON.stringify(issuer)} isn't a URL such as https://login.example.org`);
  // We believe what the provider says about people, so nobody must be able to impersonate it on the network.
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopbackName(url.hostname))) {
    throw new Error("must use https");
  }
  const clientId = text("OIDC_CLIENT_ID");
  if (clientId === "") throw new Error("set OIDC_CLIENT_ID as well");
  return { issuer: url, clientId, clientSecret: text("OIDC_CLIENT_SECRET") || null, name: text("OIDC_NAME") };
}

const configJsonSchema = z.strictObject({
  dbname: z.string().min(1),
  user: z.string().min(1),
  host: z.string().min(1),
  port: z.coerce.number().int().min(1).max(65535),
});

function parseConfigJson(json: string, password: string): string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Error("isn't JSON");
  }
  const parsed = configJsonSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new Error(
      `${issue.path.join(".") || "the file"}: ${issue.message}; it should contain {dbname, user, host, port}`,
    );
  }
  const { dbname, user, host, port } = parsed.data;
  const url = new URL("postgres://host");
  url.hostname = host;
  // What is no host is not taken, without a word.
  if (url.hostname === "host" && host !== "host")
    throw new Error(`host: ${JSON.stringify(host)} isn't a name or an address of a host`);
  url.port = String(port);
  url.username = encodeURIComponent(user);
  url.password = encodeURIComponent(password);
  url.pathname = `/${encodeURIComponent(dbname)}`;
  return url.href;
}

function parseWhole(value: string, min: number, max: number): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number < min || number > max) {
    throw new Error(`${JSON.stringify(value)} isn't a whole number from ${min} to ${max}`);
  }
  return number;
}

const byteUnits = { KB: 1000, MB: 1000 ** 2, GB: 1000 ** 3, TB: 1000 ** 4 } as const;

function parseBytes(value: string): number {
  const match = /^(\d{1,6}) ?(KB|MB|GB|TB)$/i.exec(value);
  if (!match || Number(match[1]) === 0)
    throw new Error(`${JSON.stringify(value)} isn't a size such as 200MB or 2GB`);
  return Number(match[1]) * byteUnits[match[2]!.toUpperCase() as keyof typeof byteUnits];
}

const durationUnitsMs = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function parseDuration(value: string): number {
  const match = /^(\d{1,6})(s|m|h|d)$/.exec(value);
  if (!match || Number(match[1]) === 0)
    throw new Error(`${JSON.stringify(value)} isn't a duration such as 30m, 24h or 14d`);
  return Number(match[1]) * durationUnitsMs[match[2] as keyof typeof durationUnitsMs];
}

function parseChoice<T extends string>(value: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new Error(`${JSON.stringify(value)} isn't one of ${choices.join(", ")}`);
  return choice;
}

function splitList(value: string): string[] {
  return value
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

function readOptional(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new ConfigError([`${path}: can't be read (${(error as NodeJS.ErrnoException).code})`]);
  }
}

/** An empty value counts as not set, also where a file has one. */
function withoutEmpty(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && entry[1].trim() !== "",
    ),
  );
}
