import { describe, expect, test } from "bun:test";
import { ConfigError, parseConfig } from "./read-config.ts";
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
    for (const origin of ["*", "null", "a.example", "https://*.example", "https://a.example/x"]) {
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
