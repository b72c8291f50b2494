import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnServer } from "../support/server.ts";
import { freePort, isPresent } from "../support/services.ts";
import { describeServer } from "../support/use-server.ts";

const folder = mkdtempSync(join(tmpdir(), "novax-doctor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function examine(env: Record<string, string>): Promise<{ code: number; lines: string[] }> {
  const { output, finished } = spawnServer(env, { args: ["doctor"], cwd: folder });
  const code = await finished;
  return { code, lines: output().trim().split("\n") };
}

describeServer("the doctor", { people: ["alice"], hasMail: true }, ({ data, server, smtp }) => {
  test("finds a server that is right, beside it while it runs", async () => {
    const { code, lines } = await examine({ ...data.env, PORT: String(server.port), SMTP_URL: smtp.url });
    expect(lines.filter((line) => line.startsWith("FAIL"))).toEqual(
      // Tests need no durable PostgreSQL.
      data.kind === "postgres" ? [expect.stringContaining("fsync")] : [],
    );
    expect(code).toBe(data.kind === "postgres" ? 1 : 0);
    for (const said of ["settings: can be read", "WebSockets get through", "the mail server takes us"])
      expect(
        lines.find((line) => line.startsWith("ok  ") && line.includes(said)),
        said,
      ).toBeTruthy();
  }, 30_000);
});

describe("what the doctor finds", () => {
  test("settings that can't be read, and what isn't there", async () => {
    expect(await examine({ PORT: "no" })).toEqual({
      code: 78,
      lines: [expect.stringContaining("FAIL  settings: PORT")],
    });
    const { code, lines } = await examine({
      ...{ DATA_DIR: join(folder, "none"), PORT: String(await freePort()), SMTP_URL: "smtp://127.0.0.1:1" },
      ...{ HOST: "127.0.0.1", S3_URL: "http://key:secret-of-the-store@127.0.0.1:1/bucket" },
    });
    expect(code).toBe(1);
    for (const said of [
      "FAIL  email: SMTP_URL",
      "FAIL  files: S3_URL",
      "FAIL  address: http://localhost",
      "doesn't answer",
    ])
      expect(lines.join("\n")).toContain(said);
    expect(lines.join("\n")).not.toContain("secret-of-the-store");
    expect((await examine({ PUBLIC_URL: "https://nowhere.invalid" })).lines.join("\n")).toContain(
      "leads nowhere",
    );
  }, 60_000);
});

describe.skipIf(!isPresent("proxies"))("a proxy that keeps WebSockets back", () => {
  test("is named, with what to do", async () => {
    const [port, proxyPort] = [await freePort(), await freePort()];
    const data = join(folder, "behind");
    const running = spawnServer({
      DATA_DIR: data,
      PORT: String(port),
      PUBLIC_URL: `http://localhost:${proxyPort}`,
      BCRYPT_COST: "10",
    });
    const caddyfile = join(folder, "Caddyfile");
    writeFileSync(
      caddyfile,
      `{\n admin off\n auto_https off\n}\nhttp://localhost:${proxyPort} {\n reverse_proxy 127.0.0.1:${port} {\n header_up -Upgrade\n header_up -Connection\n }\n}\n`,
    );
    const caddy = Bun.spawn(["caddy", "run", "--config", caddyfile, "--adapter", "caddyfile"], {
      env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
      stdio: ["ignore", "ignore", "ignore"],
    });
    try {
      const ready = async () => {
        const { lines } = await examine({
          DATA_DIR: data,
          PORT: String(port),
          PUBLIC_URL: `http://localhost:${proxyPort}`,
        });
        return lines.join("\n");
      };
      let said = await ready();
      for (let turn = 0; turn < 40 && /doesn't answer|answers 50/.test(said); turn++) said = await ready();
      expect(said).toContain("WebSockets don't get through");
    } finally {
      caddy.kill();
      running.child.kill("SIGTERM");
      await running.finished;
    }
  }, 60_000);
});
