import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join as joinPath, resolve } from "node:path";
import { SQL } from "bun";
import { join, Person } from "../support/person.ts";
import {
  createTestData,
  databaseKinds,
  isAvailable,
  spawnServer,
  startServer,
  waitUntil,
} from "../support/server.ts";
import { freePort } from "../support/services.ts";

const folder = () => mkdtempSync(joinPath(tmpdir(), "novax-start-"));

/** Starts a server that is expected to refuse, and returns its output. */
async function refusal(
  env: Record<string, string>,
  cwd = folder(),
): Promise<{ code: number; output: string }> {
  const { finished, output } = spawnServer(env, { cwd });
  return { code: await finished, output: output() };
}

describe("starting", () => {
  test("[O03] configuration mistakes are printed one per line, and the exit code is 78", async () => {
    const { code, output } = await refusal({ PORT: "80000", HOST: "0.0.0.0", BCRYPT_COST: "4" });
    expect(code).toBe(78);
    const lines = output.trim().split("\n");
    expect(lines).toHaveLength(3);
    for (const name of ["PORT", "PUBLIC_URL", "BCRYPT_COST"])
      expect(output).toContain(`novaX can't start: ${name}:`);
  });

  test("[B8] an address that this machine doesn't have is named in one line", async () => {
    for (const HOST of ["10.99.99.99", "nosuch.invalid"]) {
      const env = { HOST, PUBLIC_URL: "https://chat.example.org", PORT: String(await freePort()) };
      const { code, output } = await refusal({ ...env, TRUSTED_PROXIES: "127.0.0.1" });
      expect(code).toBe(78);
      expect(output).toContain("novaX can't start: HOST isn't an address of this machine.");
      expect(output).not.toContain("    at ");
    }
  }, 90_000);

  test.skipIf(!isAvailable("postgres"))(
    "[B7] [B8] a database that lacks most letters, and one of a newer novaX, are refused in one line",
    async () => {
      const data = await createTestData("postgres");
      const admin = new SQL(data.url!, { max: 1 });
      const name = `novax_test_${crypto.randomUUID().replaceAll("-", "")}`;
      await admin.unsafe(`create database ${name} encoding 'LATIN1' template template0 locale 'C'`);
      const latin = new URL(data.url!);
      latin.pathname = `/${name}`;
      const port = String(await freePort());
      const narrow = await refusal({ ...data.env, DATABASE_URL: latin.href, PORT: port });
      expect(narrow.code).toBe(1);
      expect(narrow.output).toContain("create the database with ENCODING 'UTF8'");
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin`insert into migrations (name) values ('9999_later.sql')`;
      const newer = await refusal({ ...data.env, PORT: port });
      expect(newer.code).toBe(78);
      expect(newer.output).toContain("the database is from a newer novaX (it has 9999_later.sql)");
      for (const { output } of [narrow, newer]) expect(output).not.toContain("    at ");
      await admin.close();
      await data.remove();
    },
    30_000,
  );

  test("[O03] a broken config.json stops the start; .env is read, and the environment takes precedence", async () => {
    const cwd = folder();
    writeFileSync(joinPath(cwd, "config.json"), "{");
    expect(await refusal({}, cwd)).toMatchObject({
      code: 78,
      output: expect.stringContaining("config.json") as string,
    });
    rmSync(joinPath(cwd, "config.json"));
    writeFileSync(joinPath(cwd, ".env"), 'PORT=nonsense\nBCRYPT_COST="99"\n');
    const fromFile = await refusal({}, cwd);
    expect(fromFile.output).toContain("PORT");
    expect(fromFile.output).toContain("BCRYPT_COST");
    const overridden = await refusal({ PORT: String(await freePort()) }, cwd);
    expect(overridden.output).not.toContain("PORT:");
  });

  test("[O03] a data folder that others can read is refused, with the command that fixes it", async () => {
    const dataDir = joinPath(folder(), "data");
    mkdirSync(dataDir);
    chmodSync(dataDir, 0o755);
    const { code, output } = await refusal({ DATA_DIR: dataDir, PORT: String(await freePort()) });
    expect(code).toBe(78);
    expect(output).toContain(`chmod 700 ${dataDir}`);
  });

  test("[O03] a folder with other things in it isn't made private, and an .env that can't be read is one line", async () => {
    const shared = folder();
    writeFileSync(joinPath(shared, "thesis.txt"), "");
    chmodSync(shared, 0o755);
    const wrong = await refusal({ DATA_DIR: shared, PORT: String(await freePort()) });
    expect([wrong.code, wrong.output]).toEqual([78, expect.stringContaining("has other things in it")]);
    expect(wrong.output).not.toContain("chmod");

    const cwd = folder();
    mkdirSync(joinPath(cwd, ".env"));
    const unread = await refusal({ PORT: String(await freePort()) }, cwd);
    expect(unread.code).toBe(78);
    expect(unread.output.trim().split("\n")).toHaveLength(1);

    const cut = folder();
    writeFileSync(joinPath(cut, ".env"), "PORT=8000 # as usual\ndb_password=a#b\nOIDC_NAME='a#b'\n");
    const output = (await refusal({ PORT: String(await freePort()) }, cut)).output;
    expect(output).toContain(".env: line 2 has # in its value");
    expect(output).not.toContain("a#b");
  });

  test("a data folder that can't be written is reported", async () => {
    const file = joinPath(folder(), "file");
    writeFileSync(file, "");
    const { code, output } = await refusal({
      DATA_DIR: joinPath(file, "data"),
      PORT: String(await freePort()),
    });
    expect(code).toBe(78);
    expect(output).toContain("can't be written");
  });

  test("[B8] a folder that lost its database or its secret isn't taken for a new one, and nothing is made in it", async () => {
    const data = await createTestData("embedded", { isUnmade: true });
    const dataDir = data.env.DATA_DIR!;
    const secret = joinPath(dataDir, "secret.key");
    await (await startServer(data)).stop();

    const kept = await Bun.file(secret).text();
    rmSync(secret);
    const withoutSecret = await refusal({ ...data.env, PORT: String(await freePort()) });
    expect(withoutSecret.code).toBe(78);
    expect(withoutSecret.output).toContain(`${secret} is missing`);
    expect(existsSync(secret)).toBe(false);

    writeFileSync(secret, kept, { mode: 0o600 });
    renameSync(joinPath(dataDir, "postgres"), joinPath(dataDir, "elsewhere"));
    const withoutDatabase = await refusal({ ...data.env, PORT: String(await freePort()) });
    expect(withoutDatabase.code).toBe(78);
    expect(withoutDatabase.output).toContain("set DATABASE_URL if the database is elsewhere");
    expect(existsSync(joinPath(dataDir, "postgres"))).toBe(false);

    renameSync(joinPath(dataDir, "elsewhere"), joinPath(dataDir, "postgres"));
    await (await startServer(data)).stop();
    await data.remove();
  }, 60_000);

  test("[B8] a damaged database and a full disk are reported in one line", async () => {
    const data = await createTestData("embedded");
    const control = joinPath(data.env.DATA_DIR!, "postgres/global/pg_control");
    writeFileSync(control, "x".repeat(8192));
    const damaged = await refusal({ ...data.env, PORT: String(await freePort()) });
    expect(damaged.code).toBe(1);
    expect(damaged.output).toContain("can't be opened");
    expect(damaged.output).not.toContain("    at ");
    await data.remove();

    // Only root can make a disk of a size.
    const disk = folder();
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=20m", "tmpfs", disk]).status !== 0) return;
    const full = await refusal({ DATA_DIR: joinPath(disk, "data"), PORT: String(await freePort()) });
    expect(full.code).not.toBe(0);
    expect(full.output).toMatch(/novaX can't start.*(?:full|space)/i);
    expect(full.output).not.toContain("    at ");
    spawnSync("umount", [disk]);
  }, 60_000);

  test("an option that isn't there is refused, and says where settings are", async () => {
    const { finished, output } = spawnServer({}, { cwd: folder(), args: ["--port", "9000"] });
    expect(await finished).toBe(78);
    expect(output()).toContain("there is no option --port");
  });

  test("[B8] services that can't be used are named at the start, without a part of their secret", async () => {
    const data = await createTestData("embedded");
    const server = await startServer(data, {
      env: {
        SMTP_URL: "smtp://me:hunter2@127.0.0.1:1",
        S3_URL: "http://key:hunter2@127.0.0.1:1/bucket",
        OIDC_ISSUER: "http://127.0.0.1:1",
        OIDC_CLIENT_ID: "chat",
        OIDC_CLIENT_SECRET: "hunter2",
      },
    });
    for (const [event, setting] of [
      ["mail.away", "SMTP_URL"],
      ["files.away", "S3_URL"],
      ["sso.provider_away", "OIDC_ISSUER"],
    ] as const) {
      const isTold = () =>
        server
          .output()
          .split("\n")
          .some((line) => line.includes(event) && line.includes(setting));
      expect(await waitUntil(isTold, 20_000), event).toBe(true);
    }
    expect(server.output()).not.toContain("hunter2");
    await server.stop();
    await data.remove();
  }, 60_000);

  test("a page at an address that the settings don't name is in the log, once, and another site's isn't", async () => {
    const data = await createTestData("embedded");
    const server = await startServer(data);
    const send = (origin: string, host: string) =>
      fetch(`${server.url}/login`, { method: "POST", headers: { origin, host } });
    expect((await send("https://elsewhere.example", "chat.example")).status).toBe(403);
    expect(server.output()).not.toContain("origin.refused");
    for (let times = 0; times < 3; times++)
      expect((await send("http://chat.example:8000", "chat.example:8000")).status).toBe(403);
    expect(server.output().split("origin.refused")).toHaveLength(2);
    expect(server.output()).toContain("PUBLIC_URL");
    await server.stop();
    await data.remove();
  });

  test("an unreachable database is reported, without its password", async () => {
    const { code, output } = await refusal({
      DATABASE_URL: "postgres://nova:hunter2@127.0.0.1:1/chat",
      PORT: String(await freePort()),
    });
    expect(code).toBe(1);
    expect(output).toContain("127.0.0.1:1/chat");
    expect(output).not.toContain("hunter2");
  });

  test("[K14] [O03] a second process on the same data folder is refused with 78, and the first goes on", async () => {
    const data = await createTestData("embedded");
    const server = await startServer(data);
    const alice = await join(server, "alice");
    for (let attempt = 0; attempt < 3; attempt++) {
      const { code, output } = await refusal({ ...data.env, PORT: String(await freePort()) });
      expect(code).toBe(78);
      expect(output).toContain("another novaX");
    }
    const socket = await alice.enter();
    await socket.sayAndWait("undisturbed");
    socket.close();
    await server.stop();
    await data.remove();
  });

  test("a taken port is reported in plain words", async () => {
    const data = await createTestData("embedded");
    const server = await startServer(data);
    const other = await createTestData("embedded");
    const { code, output } = await refusal({ ...other.env, PORT: String(server.port) });
    expect(code).toBe(1);
    expect(output).toMatch(/port (\d+ )?is taken by another program/);
    expect(output).not.toContain("    at ");
    await server.stop();
    await Promise.all([data.remove(), other.remove()]);
  });

  test("--help lists the settings and starts nothing", async () => {
    const cwd = folder();
    const { finished, output } = spawnServer({}, { cwd, args: ["--help"] });
    expect(await finished).toBe(0);
    expect(output()).toContain("DATABASE_URL");
    expect(existsSync(joinPath(cwd, "data"))).toBe(false);
  });

  test("[K14] after a kill at any moment of the first start, the next start is clean", async () => {
    const attempts = [60, 300, 540, 780, 1020].map(async (killedAfterMs) => {
      const data = await createTestData("embedded", { isUnmade: true });
      const { child } = spawnServer({ ...data.env, PORT: String(await freePort()), BCRYPT_COST: "10" });
      await Bun.sleep(killedAfterMs);
      child.kill("SIGKILL");
      await child.exited;
      const server = await startServer(data);
      expect((await new Person(server, "alice").register()).status).toBe(200);
      await server.stop();
      await data.remove();
    });
    await Promise.all(attempts);
  }, 180_000);
});

describe("the first account", () => {
  test("[O04] from another machine needs the code printed at start, which works once; the form asks for it", async () => {
    const data = await createTestData("embedded");
    const server = await startServer(data, { env: { TRUSTED_PROXIES: "127.0.0.1, ::1" } });
    const far = { "x-forwarded-for": "203.0.113.9" };
    const body = {
      email: "a@example.org",
      password: "four quiet words",
      confirm_password: "four quiet words",
    };
    const page = await fetch(`${server.url}/register`, { headers: far });
    expect(await page.text()).toContain('name="setup_code"');
    const code = /"setupCode":"([^"]+)"/.exec(server.output())![1]!;
    const attempt = async (username: string, setup: object) => {
      const response = await new Person(server, username).post(
        "/register",
        { ...body, username, ...setup },
        far,
      );
      return [response.status, ((await response.json()) as { code?: string }).code];
    };
    expect(await attempt("carol", {})).toEqual([403, "setup_code_required"]);
    expect(await attempt("carol", { setup_code: "" })).toEqual([403, "setup_code_required"]);
    expect(
      await attempt("carol", { setup_code: `${code.slice(0, -1)}${code.endsWith("_") ? "-" : "_"}` }),
    ).toEqual([403, "setup_code_required"]);
    expect(await attempt("alice", { setup_code: code })).toEqual([200, undefined]);
    expect(await attempt("bob", {})).toEqual([200, undefined]);
    expect(await (await fetch(`${server.url}/register`, { headers: far })).text()).not.toContain(
      "setup_code",
    );
    await server.stop();
    await data.remove();
  });

  test("[O04] of two people who register first at once exactly one becomes the owner", async () => {
    const data = await createTestData("embedded");
    const server = await startServer(data);
    const people = Array.from({ length: 8 }, (_, index) => new Person(server, `first${index}`));
    const answers = await Promise.all(people.map((person) => person.register()));
    expect(answers.every((response) => response.status === 200)).toBe(true);
    expect(server.output().match(/"isOwner":true/g)).toHaveLength(1);
    await server.stop();
    await data.remove();
  });
});

for (const kind of databaseKinds) {
  describe.skipIf(!isAvailable(kind))(`stopping (${kind})`, () => {
    test("[K3] SIGTERM closes all sockets with 1012, keeps everything and exits with 0", async () => {
      const data = await createTestData(kind);
      const server = await startServer(data);
      const alice = await join(server, "alice");
      const socket = await alice.enter();
      await socket.sayAndWait("kept over a restart");
      const stopped = server.stop();
      expect((await socket.closed).code).toBe(1012);
      expect(await stopped).toBe(0);
      const again = await startServer(data, { port: server.port });
      const response = await alice.fetch("/api/messages");
      expect(JSON.stringify(await response.json())).toContain("kept over a restart");
      await again.stop();
      await data.remove();
    });
  });
}

describe("stopping with a slow client", () => {
  test("[K3] a body sent very slowly doesn't keep the server from closing its database", async () => {
    const data = await createTestData("embedded");
    const server = await startServer(data);
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      `POST /login HTTP/1.1\r\nHost: localhost\r\nOrigin: ${server.origin}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    );
    const drip = setInterval(() => socket.write(" "), 500);
    await Bun.sleep(200);
    const startedAt = Date.now();
    expect(await server.stop()).toBe(0);
    expect(Date.now() - startedAt).toBeLessThan(8000);
    clearInterval(drip);
    socket.destroy();
    await data.remove();
  }, 60_000);
});

describe("npm start", () => {
  test("[K3] ends its server when the shell that npm started it in ends, as with `kill` on npm", async () => {
    const data = await createTestData("embedded");
    const root = resolve(import.meta.dir, "../..");
    const env = {
      ...process.env,
      ...data.env,
      PORT: String(await freePort()),
      BCRYPT_COST: "10",
      LOG_FORMAT: "json",
      npm_lifecycle_event: "start",
    };
    // What npm runs. The second command keeps the shell from replacing itself with the first.
    const shell = Bun.spawn(["sh", "-c", "node scripts/start.mjs; true"], { cwd: root, env, stdout: "pipe" });
    let output = "";
    const read = (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of shell.stdout) output += decoder.decode(chunk, { stream: true });
    })();
    expect(await waitUntil(() => output.includes("server.started"), 30_000)).toBe(true);
    shell.kill("SIGTERM");
    // The output ends when the last process that writes to it has ended.
    await read;
    expect(output).toContain("server.stopping");
    await data.remove();
  }, 45_000);

  test("[B25] goes on when the shell ends that started it in the background with nohup", async () => {
    const data = await createTestData("embedded");
    const port = await freePort();
    const { npm_lifecycle_event: _, ...own } = process.env;
    const env = { ...own, ...data.env, PORT: String(port), BCRYPT_COST: "10" };
    const shell = Bun.spawn(["sh", "-c", "nohup node scripts/start.mjs >/dev/null 2>&1 & echo $!"], {
      cwd: resolve(import.meta.dir, "../.."),
      env,
      stdout: "pipe",
    });
    const pid = Number(await new Response(shell.stdout).text());
    await shell.exited;
    const isAlive = () =>
      fetch(`http://localhost:${port}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
    expect(await waitUntil(isAlive, 30_000)).toBe(true);
    process.kill(pid, "SIGHUP");
    // Twice as long as it looks for its parent.
    await Bun.sleep(1000);
    expect(await isAlive()).toBe(true);
    process.kill(pid, "SIGTERM");
    expect(await waitUntil(async () => !(await isAlive()), 15_000)).toBe(true);
    await data.remove();
  }, 60_000);

  test("[K3] ends its server also when what started it is killed, so that the next start finds the folder free", async () => {
    const data = await createTestData("embedded");
    const port = await freePort();
    const env = { ...process.env, ...data.env, PORT: String(port), BCRYPT_COST: "10" };
    const cwd = resolve(import.meta.dir, "../..");
    const starter = Bun.spawn(["node", "scripts/start.mjs"], {
      cwd,
      env,
      stdout: "ignore",
      stderr: "ignore",
    });
    const isAlive = () =>
      fetch(`http://localhost:${port}/healthz`).then(
        (response) => response.ok,
        () => false,
      );
    expect(await waitUntil(isAlive, 30_000)).toBe(true);
    starter.kill("SIGKILL");
    expect(await waitUntil(async () => !(await isAlive()), 15_000)).toBe(true);
    await (await startServer(data)).stop();
    await data.remove();
  }, 90_000);

  test("[B20] in JSON every line is JSON: the address and setup code, mails, and why it does not start", async () => {
    const data = await createTestData("embedded");
    const { child, output, finished } = spawnServer({
      ...data.env,
      PORT: String(await freePort()),
      BCRYPT_COST: "10",
      LOG_FORMAT: "json",
    });
    expect(await waitUntil(() => output().includes("server.started"), 30_000)).toBe(true);
    const linesOf = (text: string) =>
      text
        .trim()
        .split("\n")
        .map(
          (line) => JSON.parse(line) as { event: string; url?: string; setupCode?: string; message?: string },
        );
    expect(linesOf(output()).find((line) => line.event === "server.ready")).toMatchObject({
      url: expect.stringContaining("http://localhost:"),
      setupCode: expect.any(String),
    });
    child.kill("SIGTERM");
    await finished;
    linesOf(output());
    const wrong = spawnServer({ ...data.env, LOG_FORMAT: "json", PORT: "no", SEARCH: "maybe" });
    await wrong.finished;
    expect(wrong.child.exitCode).toBe(78);
    expect(linesOf(wrong.output()).map((line) => [line.event, line.message])).toEqual([
      ["process.ended", expect.stringContaining("PORT")],
      ["process.ended", expect.stringContaining("SEARCH")],
    ]);
    await data.remove();
  }, 60_000);
});

describe.skipIf(!isAvailable("postgres"))("a PostgreSQL server", () => {
  test("can be set with config.json and db_password", async () => {
    const data = await createTestData("postgres");
    const { hostname, port, username, pathname } = new URL(data.url!);
    const cwd = folder();
    const config = { dbname: pathname.slice(1), user: username, host: hostname, port: Number(port) };
    writeFileSync(joinPath(cwd, "config.json"), JSON.stringify(config));
    const { child, output } = spawnServer(
      { db_password: "any", PORT: String(await freePort()), LOG_FORMAT: "json", DATA_DIR: folder() },
      { cwd },
    );
    expect(await waitUntil(() => output().includes("server.started"), 10_000)).toBe(true);
    expect(output()).toContain('"database":"postgres"');
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    await data.remove();
  });
});
