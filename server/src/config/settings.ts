// Every setting with its name, default and meaning, as printed by `npm start -- --help`.

export type Setting = { name: string; default: string; help: string };

export const settings = [
  { name: "HOST", default: "127.0.0.1", help: "IP address to listen on" },
  { name: "PORT", default: "8000", help: "port to listen on" },
  {
    name: "PUBLIC_URL",
    default: "http://localhost:PORT",
    help: "address people open in their browser; must be set, with https, unless HOST is loopback",
  },
  {
    name: "HTTPS",
    default: "off",
    help: "off (a proxy does it), auto (a certificate from Let's Encrypt, renewed by itself) or files (HTTPS_CERT and HTTPS_KEY). With auto and files, HOST is :: and PORT 443 unless set",
  },
  {
    name: "HTTP_PORT",
    default: "80",
    help: "with HTTPS, the port that leads people to https, and where the certificate authority asks",
  },
  { name: "HTTPS_CERT", default: "", help: "with HTTPS=files, a PEM file of the certificate with its chain" },
  { name: "HTTPS_KEY", default: "", help: "with HTTPS=files, a PEM file of its key" },
  {
    name: "ACME_URL",
    default: "https://acme-v02.api.letsencrypt.org/directory",
    help: "with HTTPS=auto, the directory of the certificate authority (RFC 8555)",
  },
  { name: "ACME_EMAIL", default: "", help: "with HTTPS=auto, an address that the authority can write to" },
  {
    name: "ALLOW_HTTP",
    default: "0",
    help: "1: PUBLIC_URL can be http in a home network, where everyone on it can read along, and browsers allow no passkeys, notifications, microphone or use without a connection",
  },
  { name: "DATA_DIR", default: "./data", help: "folder for the embedded database, files and secret.key" },
  {
    name: "DATABASE_URL",
    default: "",
    help: "postgres://user:password@host:port/name of a PostgreSQL 15+ server, used instead of the embedded database",
  },
  { name: "db_password", default: "", help: "password for the PostgreSQL server in config.json" },
  {
    name: "REDIS_URL",
    default: "",
    help: "redis://host:port (Redis or Valkey), so that several processes can serve the same rooms",
  },
  {
    name: "WORKERS",
    default: "1",
    help: "processes of this machine that share PORT; more than 1 needs DATABASE_URL and REDIS_URL. One for each core but one is a good number",
  },
  {
    name: "S3_URL",
    default: "",
    help: "https://KEY:SECRET@host/bucket of an S3-compatible store for files (with ?region=NAME if it needs one); if not set, files are in DATA_DIR",
  },
  { name: "FILE_SIZE_MAX", default: "1GB", help: "largest file that can be uploaded, such as 200MB or 2GB" },
  {
    name: "SEARCH",
    default: "on",
    help: "on or off: whether messages can be searched; the index is kept in DATA_DIR and takes about 300 MB per million messages",
  },
  { name: "STORAGE_PER_PERSON", default: "10GB", help: "how much a person's files can take up" },
  {
    name: "STORAGE_MAX",
    default: "",
    help: "how much all files can take up; if not set, uploads end when the disk has less than 1 GB left",
  },
  {
    name: "ALLOWED_ORIGINS",
    default: "",
    help: "other origins whose pages can use the API and the WebSocket, separated by commas",
  },
  {
    name: "SMTP_URL",
    default: "",
    help: "smtp://user:password@host:port (smtps:// for TLS from the start; with a password on another machine TLS is required); if not set, emails go to the log",
  },
  { name: "MAIL_FROM", default: "novax@HOST of PUBLIC_URL", help: "sender of emails" },
  {
    name: "PUSH_CONTENT",
    default: "full",
    help: "the most that notifications may say, whatever people choose: full (sender, room and text), sender (sender and room) or nothing",
  },
  {
    name: "PUSH_SERVICES",
    default: "",
    help: "addresses of push services besides those of Chrome, Firefox, Safari and Edge, separated by commas",
  },
  {
    name: "LINK_PREVIEWS",
    default: "off",
    help: "previews of the pages that messages link to, which this server fetches: off, rooms (in public rooms, and in private ones whose owners turn them on) or all (in direct messages as well)",
  },
  {
    name: "PREVIEW_NETWORKS",
    default: "",
    help: "addresses inside your network that this server may ask for previews, on any port, for everyone who writes a link, such as 10.1.0.0/16, separated by commas",
  },
  {
    name: "SECRET_KEY",
    default: "",
    help: "at least 32 random bytes in base64 (openssl rand -base64 32), the same for all processes; if not set, secret.key in DATA_DIR, created on first start",
  },
  {
    name: "BACKUP_DIR",
    default: "",
    help: "folder for backups that the server makes by itself, best on another disk; if not set, make them with npm run backup",
  },
  { name: "BACKUP_EVERY", default: "24h", help: "how often it makes one" },
  { name: "BACKUP_KEEP", default: "7", help: "how many of them it keeps" },
  {
    name: "BACKUP_PASSPHRASE",
    default: "",
    help: "with it, backups have the server's secret, encrypted with this passphrase",
  },
  {
    name: "UPGRADE_BACKUP",
    default: "on",
    help: "on or off: whether a new version backs the database up into DATA_DIR before it changes it",
  },
  {
    name: "REGISTRATION",
    default: "open",
    help: "who can create an account: open (everyone), invite (anyone with a link), sso (anyone with single sign-on) or closed (no one); owners can change it in the server settings",
  },
  {
    name: "OIDC_ISSUER",
    default: "",
    help: "address of an OpenID Connect provider for single sign-on; also set OIDC_CLIENT_ID",
  },
  { name: "OIDC_CLIENT_ID", default: "", help: "client ID at that provider" },
  { name: "OIDC_CLIENT_SECRET", default: "", help: "client secret at that provider, if it issued one" },
  { name: "OIDC_NAME", default: "single sign-on", help: "provider name on the sign-in button" },
  {
    name: "TRUSTED_PROXIES",
    default: "",
    help: "IP addresses or ranges of reverse proxies whose X-Forwarded-For header to trust, separated by commas",
  },
  { name: "PASSWORD_MIN", default: "8", help: "minimum password length, in characters" },
  {
    name: "BREACHED_PASSWORDS",
    default: "",
    help: "file of SHA-1 hashes, sorted by hash, such as the one from Have I Been Pwned; passwords in it are rejected",
  },
  {
    name: "BCRYPT_COST",
    default: "",
    help: "cost of the password hash, at least 10 (default: 12, or less where a hash would take more than 0.3 s)",
  },
  {
    name: "SESSION_IDLE",
    default: "14d",
    help: "sign people out after this long without activity (owners and admins: 24h)",
  },
  { name: "SESSION_MAX", default: "30d", help: "sign people out after this long in any case" },
  {
    name: "LOGIN_FAILURES_PER_ACCOUNT",
    default: "5",
    help: "failed sign-ins allowed per account in 15 minutes",
  },
  {
    name: "LOGIN_FAILURES_PER_ADDRESS",
    default: "10",
    help: "failed sign-ins allowed per IP address in a minute",
  },
  {
    name: "LOGIN_FAILURES_OVERALL",
    default: "600",
    help: "failed sign-ins allowed in total in a minute; beyond that, browsers that have never signed in here have to wait",
  },
  { name: "SIGN_UPS_PER_ADDRESS", default: "20", help: "new accounts allowed per IP address in an hour" },
  {
    name: "MESSAGES_PER_SECOND",
    default: "20",
    help: "messages allowed per person in a second, across all their connections",
  },
  {
    name: "VISITOR_REQUESTS_PER_SECOND",
    default: "200",
    help: "requests without a session allowed per IP address in a second",
  },
  {
    name: "SECURITY_CONTACT",
    default: "",
    help: "email address or page where security problems of this server can be reported; shown in /.well-known/security.txt",
  },
  {
    name: "METRICS_PORT",
    default: "",
    help: "port for Prometheus: GET /metrics on METRICS_HOST; with WORKERS, each has the next one",
  },
  { name: "METRICS_HOST", default: "127.0.0.1", help: "address of that port" },
  {
    name: "METRICS_TOKEN",
    default: "",
    help: "what Prometheus sends as Authorization: Bearer; must be set unless METRICS_HOST is loopback",
  },
  { name: "LOG_FORMAT", default: "words", help: "log format: words or json" },
  { name: "LOG_LEVEL", default: "info", help: "what is logged: info (everything), warn or error" },
  {
    name: "LOG_REQUESTS",
    default: "off",
    help: "on or off: whether each request is logged, with its address",
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof settings)[number]["name"];

export function helpText(): string {
  const width = Math.max(...settings.map((setting) => setting.name.length));
  const lines = settings.map((setting) => {
    const fallback = setting.default === "" ? "not set" : setting.default;
    return `  ${setting.name.padEnd(width)}  ${setting.help} [${fallback}]`;
  });
  return [
    "novaX: self-hosted, secure, real-time team chat.",
    "",
    "npm start               start the server",
    "npm start -- --help     show this help",
    "",
    "Set these in the environment or in a .env file. The environment takes precedence.",
    "You can also name a PostgreSQL server in config.json: {dbname, user, host, port}.",
    "",
    ...lines,
  ].join("\n");
}
