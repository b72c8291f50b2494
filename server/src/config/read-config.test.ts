import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, parseConfig, readConfig } from "./read-config.ts";
import { helpText, settings } from "./settings.ts";

const parse = (values: Record<string, string>, configJson: string | null = null) =>
  parseConfig(values, { folder: "/srv/novax", configJson });

const mistakesOf = (values: Record<string, string>, configJson: string | null = null): readonly string[] => {
  try {
    parse(values, configJson);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
};

describe("the configuration", () => {
  test("defaults to the embedded database, on loopback, in one process", () => {
    const config = parse({});
    expect(config).toMatchObject({
      host: "127.0.0.1",
      port: 8000,
      redisUrl: null,
      smtpUrl: null,
      isSecure: false,
    });
    expect(config.database).toEqual({ kind: "embedded", dataDir: "/srv/novax/data" });
    expect(config.publicUrl.origin).toBe("http://localhost:8000");
    expect([...config.allowedOrigins].sort()).toEqual([
      "http://127.0.0.1:8000",
      "http://[::1]:8000",
      "http://localhost:8000",
    ]);
  });

  test("an empty value counts as not set", () => {
    expect(parse({ PORT: "", DATABASE_URL: " ", ALLOWED_ORIGINS: "" }).port).toBe(8000);
  });

  test("DATABASE_URL, or config.json with db_password, selects a PostgreSQL server; the URL wins", () => {
    const url = "postgres://novax:secret@db.example.org:5433/chat";
    expect(parse({ DATABASE_URL: url }).database).toEqual({ kind: "postgres", url });
    const json = '{"dbname":"chat room","user":"nova","host":"db","port":5432}';
    expect(parse({ db_password: "p@ss/word" }, json).database).toEqual({
      kind: "postgres",
      url: "postgres://nova:p%40ss%2Fword@db:5432/chat%20room",
    });
    expect(parse({ DATABASE_URL: url }, json).database).toEqual({ kind: "postgres", url });
  });

  test("[O03] every mistake is listed on one line, never with a password", () => {
    const mistakes = mistakesOf({
      PORT: "80a",
      DATABASE_URL: "mysql://novax:secret@db/chat",
      REDIS_URL: "not a url:secret",
      BCRYPT_COST: "9",
      PASSWORD_MIN: "4",
      SESSION_IDLE: "soon",
      ALLOWED_ORIGINS: "https://ok.example, https://bad.example/path",
      TRUSTED_PROXIES: "10.0.0.0/99",
      LOG_FORMAT: "xml",
    });
    const names = mistakes.map((mistake) => mistake.split(":")[0]);
    expect(names.sort()).toEqual([
      "ALLOWED_ORIGINS",
      "BCRYPT_COST",
      "DATABASE_URL",
      "LOG_FORMAT",
      "PASSWORD_MIN",
      "PORT",
      "REDIS_URL",
      "SESSION_IDLE",
      "TRUSTED_PROXIES",
    ]);
    expect(mistakes.join()).not.toContain("secret");
    expect(mistakes.every((mistake) => !mistake.includes("\n"))).toBe(true);
  });

  test("[B9] a password with signs that end a part of a URL is refused in words that say how to write it, and never printed", () => {
    const passwords = ["p@ss/w#rd", "p/ss", "p#ss", "p?ss@x", "p%ss", "p@ss"];
    for (const password of passwords) {
      for (const name of ["DATABASE_URL", "REDIS_URL"]) {
        const protocol = name === "DATABASE_URL" ? "postgres" : "redis";
        const others = name === "REDIS_URL" ? { DATABASE_URL: "postgres://x@db/x" } : {};
        const mistakes = mistakesOf({ ...others, [name]: `${protocol}://novax:${password}@db/0` });
        // One @ too many is taken for part of the password, as people mean it.
        if (password === "p@ss") expect(mistakes).toEqual([]);
        else {
          expect(mistakes, password).toHaveLength(1);
          expect(mistakes[0]).toContain("@ as %40");
          expect(mistakes[0]).not.toMatch(/p[@/#?%]ss|w#rd|ss\/w/);
        }
      }
    }
    expect(mistakesOf({ DATABASE_URL: "postgres://novax:p%40ss%2Fw%23rd@db/novax" })).toEqual([]);
  });

  test("[B8] a mode of TLS that there is not, and sessions that would end before they are idle, are mistakes", () => {
    expect(mistakesOf({ DATABASE_URL: "postgres://x@db/x?sslmode=verfy-full" })[0]).toContain("verify-full");
    expect(mistakesOf({ DATABASE_URL: "postgres://x@db/x?sslmode=verify-full" })).toEqual([]);
    expect(mistakesOf({ SESSION_IDLE: "40d", SESSION_MAX: "30d" })[0]).toStartWith("SESSION_IDLE");
    expect(mistakesOf({ SESSION_IDLE: "30d", SESSION_MAX: "30d" })).toEqual([]);
  });

  test("[B11] what is nearly right is refused, and no part of a secret is repeated", () => {
    for (const [name, value, said] of [
      ["S3_URL", "https://KEY:ab%zz@s3.example.org/b", "%25"],
      ["S3_URL", "https://KEY:hun/ter2@s3.example.org/b", "%2F"],
      ["S3_URL", "https://KEY:SECRET@s3.example.org/b?regoin=eu", "doesn't know regoin"],
      ["DATA_DIR", "~/novax", "write the whole path"],
    ] as const) {
      const [mistake = ""] = mistakesOf({ [name]: value });
      expect(mistake, value).toStartWith(`${name}: `);
      expect(mistake, value).toContain(said);
      expect(mistake).not.toMatch(/hun|ter2|ab%/);
    }
    const json = JSON.stringify({ dbname: "x", user: "y", host: "a b/c", port: 1 });
    expect(mistakesOf({}, json).join()).toContain("isn't a name or an address of a host");
  });

  describe("[B11] a setting that would not be read", () => {
    const folder = mkdtempSync(join(tmpdir(), "novax-config-"));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    const read = (dotEnv: string | Buffer, environment: Record<string, string> = {}) => {
      writeFileSync(join(folder, ".env"), dotEnv);
      try {
        return readConfig(folder, environment).registration;
      } catch (error) {
        if (error instanceof ConfigError) return error.mistakes;
        throw error;
      }
    };

    test("is refused in .env, whatever it is called, and in the environment if it is nearly one of ours", () => {
      expect(read("REGISTRATON=closed\n")).toEqual([
        ".env: there is no setting REGISTRATON; did you mean REGISTRATION?",
      ]);
      expect(read("registration=closed\n")).toEqual([
        ".env: there is no setting registration; did you mean REGISTRATION?",
      ]);
      expect(read("SOMETHING_ELSE=1\n")).toEqual([
        ".env: there is no setting SOMETHING_ELSE. npm start -- --help lists them",
      ]);
      expect(read("", { REGISTRATON: "closed" })).toEqual([
        "REGISTRATON isn't a setting; did you mean REGISTRATION?",
      ]);
      expect(read("", { HOME: "/root", HOSTNAME: "x", LANG: "de", DATABASE: "x", PORTS: "1" })).toBe("open");
      // A line that would be read as nothing left the server open.
      expect(read("# words\n\nREGISTRATION closed\nPORT=1\nSESSION_MAX")).toEqual([
        ".env: line 3 isn't NAME=value",
        ".env: line 5 isn't NAME=value",
      ]);
      expect(read("export REGISTRATION=\"closed\" # words\nHOST = '127.0.0.1'\n")).toBe("closed");
      expect(read(Buffer.from("REGISTRATION=closed\n", "utf16le"))).toEqual([
        ".env: isn't UTF-8; save it in that encoding",
      ]);
    });

    test("an empty one in the environment leaves what the file says", () => {
      expect(read("REGISTRATION=closed\n", { REGISTRATION: "" })).toBe("closed");
      expect(read("REGISTRATION=closed\n", { REGISTRATION: "invite" })).toBe("invite");
    });
  });

  test("[O03] PUBLIC_URL is required when HOST isn't loopback, and must then be https", () => {
    expect(mistakesOf({ HOST: "0.0.0.0" })[0]).toContain("PUBLIC_URL");
    expect(mistakesOf({ HOST: "0.0.0.0", PUBLIC_URL: "http://chat.example.org" })[0]).toContain("https");
    expect(mistakesOf({ HOST: "0.0.0.0", PUBLIC_URL: "https://chat.example.org" })).toEqual([]);
  });

  test("[S01] plain http works on loopback only", () => {
    expect(mistakesOf({ PUBLIC_URL: "http://192.168.1.5:8000" })[0]).toContain("https");
    expect(parse({ PUBLIC_URL: "http://127.0.0.1:9000" }).isSecure).toBe(false);
    expect(parse({ PUBLIC_URL: "https://chat.example.org" }).isSecure).toBe(true);
  });

  test("PUBLIC_URL and ALLOWED_ORIGINS are origins without path, wildcard or user", () => {
    for (const url of [
      "https://a.example/chat",
      "https://u:p@a.example",
      "https://a.example/?x",
      "chat",
      "ftp://a",
    ]) {
      expect(mistakesOf({ PUBLIC_URL: url })).toHaveLength(1);
    }
    for (const origin of [
      "*",
      "null",
      "a.example",
      "https://*.example",
      "https://a.example/x",
      "ftp://a.example",
    ]) {
      expect(mistakesOf({ ALLOWED_ORIGINS: origin }).length, origin).toBe(1);
    }
    expect(parse({ ALLOWED_ORIGINS: "https://app.example" }).allowedOrigins.has("https://app.example")).toBe(
      true,
    );
  });

  test("[O03] an unreadable config.json is reported instead of guessed at", () => {
    for (const json of ["{", "[]", '{"dbname":"x"}', '{"dbname":"x","user":"u","host":"h","port":"many"}']) {
      expect(mistakesOf({}, json)[0]).toStartWith("config.json:");
    }
  });

  test("[B10] what is nearly right is refused: a service without a host, half a sender, half a provider", () => {
    expect(mistakesOf({ SMTP_URL: "smtp://" })[0]).toContain("needs a host");
    expect(mistakesOf({ MAIL_FROM: "chat@example.org>" })[0]).toContain("MAIL_FROM");
    expect(mistakesOf({ MAIL_FROM: "novaX <chat@example.org" })[0]).toContain("MAIL_FROM");
    expect(parse({ MAIL_FROM: "The team <chat@example.org>" }).mailFrom).toBe("The team <chat@example.org>");
    expect(mistakesOf({ OIDC_CLIENT_ID: "chat" })).toEqual(["OIDC_CLIENT_ID: set OIDC_ISSUER as well"]);
    expect(mistakesOf({ DATABASE_URL: "postgres:///novax?host=/run/postgresql" })).toEqual([]);
    expect(mistakesOf({ MAIL_FROM: "a@example.org, b@example.org" })[0]).toContain("MAIL_FROM");
    expect(mistakesOf({ HOST: "127.0.0.1:80" })[0]).toStartWith("HOST:");
    expect(mistakesOf({ PUBLIC_URL: "https://*.example.org" })[0]).toContain("one server");
    expect(mistakesOf({ FILE_SIZE_MAX: "20GB" })[0]).toStartWith("FILE_SIZE_MAX:");
    const shared = { DATABASE_URL: "postgres://localhost/novax" };
    expect(mistakesOf({ ...shared, REDIS_URL: "redis://localhost/foo" })[0]).toStartWith("REDIS_URL:");
    expect(mistakesOf({ ...shared, REDIS_URL: "redis://localhost/1" })).toEqual([]);
    expect(parse({ STORAGE_MAX: "none" }).storageBytesMax).toBeNull();
    expect(parse({ SESSION_MAX: "7d" }).sessionIdleMs).toBe(7 * 86_400_000);
  });

  test("Redis without a shared database is refused, because the processes would not see each other's rooms", () => {
    expect(mistakesOf({ REDIS_URL: "redis://localhost" })[0]).toContain("DATABASE_URL");
  });

  test("--help lists every setting with its default", () => {
    for (const setting of settings) {
      expect(helpText()).toContain(setting.name);
      expect(helpText()).toContain(`[${setting.default || "not set"}]`);
    }
  });
});
