// Every setting there is: its name, its default and what it means, as `npm start -- --help` prints it.

export type Setting = { name: string; default: string; help: string };

export const settings = [
  { name: "HOST", default: "127.0.0.1", help: "address to listen on" },
  { name: "PORT", default: "8000", help: "port to listen on" },
  {
    name: "PUBLIC_URL",
    default: "http://localhost:PORT",
    help: "the address people type; required, with https, unless HOST is loopback",
  },
  { name: "DATA_DIR", default: "./data", help: "folder of the embedded database and of secret.key" },
  {
    name: "DATABASE_URL",
    default: "",
    help: "postgres://user:password@host:port/name of a PostgreSQL 15+ server; without it the database is embedded",
  },
  { name: "db_password", default: "", help: "password for the server that config.json names" },
  { name: "REDIS_URL", default: "", help: "redis://host:port; lets several processes serve the same rooms" },
  {
    name: "ALLOWED_ORIGINS",
    default: "",
    help: "other origins whose pages may use the API and the socket, separated by commas",
  },
  {
    name: "SMTP_URL",
    default: "",
    help: "smtp://user:password@host:port (smtps:// for TLS from the start); without it mails go to the log",
  },
  { name: "MAIL_FROM", default: "novax@HOST of PUBLIC_URL", help: "sender of mails" },
  {
    name: "SECRET_KEY",
    default: "",
    help: "at least 32 random bytes in base64 (openssl rand -base64 32), the same for all processes; without it, secret.key in DATA_DIR, made at the first start",
  },
  {
    name: "REGISTRATION",
    default: "open",
    help: "who may make an account: open (everybody), invite (with a link) or closed; the owner can change it on their page",
  },
  {
    name: "OIDC_ISSUER",
    default: "",
    help: "address of an OpenID Connect provider, for single sign-on; needs OIDC_CLIENT_ID",
  },
  { name: "OIDC_CLIENT_ID", default: "", help: "our name at that provider" },
  { name: "OIDC_CLIENT_SECRET", default: "", help: "our secret at that provider, where it gave us one" },
  { name: "OIDC_NAME", default: "single sign-on", help: "what the button on the login page calls it" },
  {
    name: "TRUSTED_PROXIES",
    default: "",
    help: "addresses or ranges of reverse proxies whose X-Forwarded-For is believed, separated by commas",
  },
  { name: "PASSWORD_MIN", default: "8", help: "shortest password, in characters" },
  {
    name: "BREACHED_PASSWORDS",
    default: "",
    help: "file of SHA-1 hashes sorted by hash, as Have I Been Pwned offers it; passwords in it are refused",
  },
  { name: "BCRYPT_COST", default: "12", help: "cost of the password hash, at least 10" },
  {
    name: "SESSION_IDLE",
    default: "14d",
    help: "a session unused for this long ends (owners and admins: 24h)",
  },
  { name: "SESSION_MAX", default: "30d", help: "a session ends after this long in any case" },
  { name: "LOGIN_FAILURES_PER_ACCOUNT", default: "5", help: "failed sign-ins per account in 15 minutes" },
  { name: "LOGIN_FAILURES_PER_ADDRESS", default: "10", help: "failed sign-ins per address in a minute" },
  {
    name: "LOGIN_FAILURES_OVERALL",
    default: "600",
    help: "failed sign-ins of everybody in a minute; beyond it browsers that never signed in here must wait",
  },
  { name: "SIGN_UPS_PER_ADDRESS", default: "20", help: "new accounts per address in an hour" },
  {
    name: "MESSAGES_PER_SECOND",
    default: "20",
    help: "messages per second of one person, over all their connections",
  },
  { name: "LOG_FORMAT", default: "words", help: "words or json" },
] as const satisfies readonly Setting[];

export type SettingName = (typeof settings)[number]["name"];

export function helpText(): string {
  const width = Math.max(...settings.map((setting) => setting.name.length));
  const lines = settings.map((setting) => {
    const fallback = setting.default === "" ? "not set" : setting.default;
    return `  ${setting.name.padEnd(width)}  ${setting.help} [${fallback}]`;
  });
  return [
    "novaX, a self-hosted, secure, real-time chatroom.",
    "",
    "npm start               run the server",
    "npm start -- --help     this text",
    "",
    "Settings come from the environment, or from a .env file; the environment wins.",
    "A PostgreSQL server may also be named by config.json: {dbname, user, host, port}.",
    "",
    ...lines,
  ].join("\n");
}
