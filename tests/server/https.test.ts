import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { generalRoomId as room } from "@novax/protocol/general-room";
import type { SendId } from "@novax/protocol/ids";
import { createCertificate } from "../support/certificates.ts";
import { type Authority, startAuthority } from "../support/pebble.ts";
import { password } from "../support/person.ts";
import { createTestData, spawnServer, type TestData, waitUntil } from "../support/server.ts";
import { freePort, isPresent } from "../support/services.ts";

const host = "chat.example.org";

/** A chat of its own name, of which this machine is asked by address. */
class SecureChat {
  readonly origin: string;
  readonly port: number;
  readonly cookies = new Map<string, string>();
  constructor(port: number) {
    this.port = port;
    this.origin = `https://${host}:${port}`;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(`https://127.0.0.1:${this.port}${path}`, {
      redirect: "manual",
      ...init,
      headers: { ...init.headers, host: `${host}:${this.port}`, origin: this.origin, cookie },
      tls: { rejectUnauthorized: false },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      this.cookies.set(pair.split("=")[0]!, pair.slice(pair.indexOf("=") + 1));
    }
    return response;
  }

  /** A request that meets the end of an idle connection is sent again, as browsers do. */
  async post(path: string, body: unknown): Promise<Response> {
    const headers = { "content-type": "application/json" };
    const send = () => this.fetch(path, { method: "POST", body: JSON.stringify(body), headers });
    return send().catch((error: Error & { code?: string }) => {
      if (error.code !== "ECONNRESET") throw error;
      return send();
    });
  }

  open(username: string): WebSocket {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return new WebSocket(`wss://127.0.0.1:${this.port}/ws/${username}`, {
      headers: { host: `${host}:${this.port}`, origin: this.origin, cookie },
      tls: { rejectUnauthorized: false },
    } as unknown as string[]);
  }

  /** The serial number of the certificate that a new connection gets, if `root` has signed it. */
  serial(root?: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(
        {
          port: this.port,
          host: "127.0.0.1",
          servername: host,
          ...(root ? { ca: root } : { rejectUnauthorized: false }),
        },
        () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.end();
        },
      );
      socket.on("error", reject);
    });
  }
}

describe.skipIf(!isPresent("pebble"))("https by itself", () => {
  let authority: Authority;
  let data: TestData;
  let settings: Record<string, string>;
  let chat: SecureChat;
  let running: ReturnType<typeof spawnServer>;
  let httpPort: number;

  beforeAll(async () => {
    httpPort = await freePort();
    // It is renewed when a third of it is left, so after a quarter of a minute.
    authority = await startAuthority({ httpPort, validSeconds: 24 });
    data = await createTestData("embedded");
    chat = new SecureChat(await freePort());
    settings = {
      ...data.env,
      ...{ BCRYPT_COST: "10", LOG_FORMAT: "json", HOST: "127.0.0.1", MESSAGES_PER_SECOND: "100000" },
      ...{ PUBLIC_URL: chat.origin, PORT: String(chat.port), HTTPS: "auto", HTTP_PORT: String(httpPort) },
      ...{ ACME_URL: authority.directoryUrl },
      NODE_EXTRA_CA_CERTS: authority.caFile,
    };
    running = spawnServer(settings);
    if (!(await waitUntil(() => running.output().includes("server.started"), 30_000)))
      throw new Error(running.output() + authority.log());
  }, 60_000);
  afterAll(async () => {
    running?.child.kill("SIGTERM");
    await running?.finished;
    authority?.stop();
    await data?.remove();
  });

  test("a certificate of the authority is served; what it needs is kept for the owner of the server alone", async () => {
    const first = await chat.serial(await authority.root());
    expect(first).toMatch(/^[\dA-F]+$/i);
    const folder = join(data.env.DATA_DIR!, "https");
    expect(readdirSync(folder).sort()).toEqual(["account.key", "challenges", `${host}.pem`]);
    expect(readdirSync(join(folder, "challenges"))).toEqual([]);
    for (const name of ["account.key", `${host}.pem`])
      expect(statSync(join(folder, name)).mode & 0o077).toBe(0);
    const page = await chat.fetch("/register");
    expect([page.status, page.headers.get("strict-transport-security")]).toEqual([200, "max-age=31536000"]);
  });

  test("http leads to the same page of our own name, and tells nothing else", async () => {
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`http://127.0.0.1:${httpPort}${path}`, { redirect: "manual", ...init });
    for (const hostHeader of [host, "evil.example"]) {
      const answer = await ask("/chat/general?x=1", { headers: { host: hostHeader } });
      expect([answer.status, answer.headers.get("location")]).toEqual([
        308,
        `${chat.origin}/chat/general?x=1`,
      ]);
    }
    for (const path of ["//evil.example", "/\\evil.example", "/%2f%2fevil.example"])
      expect(new URL((await ask(path)).headers.get("location")!).host).toBe(new URL(chat.origin).host);
    for (const token of ["..%2f..%2fsecret.key", "%2e%2e%2faccount.key", "unknown"]) {
      const answer = await ask(`/.well-known/acme-challenge/${token}`);
      expect(answer.status, token).toBe(308);
    }
  });

  test("only TLS 1.2 and newer is spoken", async () => {
    const speak = (version: "TLSv1.1" | "TLSv1.2" | "TLSv1.3") =>
      new Promise<boolean>((resolve) => {
        const options = { minVersion: version, maxVersion: version, rejectUnauthorized: false };
        const socket = connect({ port: chat.port, host: "127.0.0.1", servername: host, ...options }, () => {
          resolve(true);
          socket.end();
        });
        socket.on("error", () => resolve(false));
      });
    expect([await speak("TLSv1.1"), await speak("TLSv1.2"), await speak("TLSv1.3")]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test("it is renewed while people write, and nobody's connection ends and no message is lost", async () => {
    const setup = /"setupCode":"([^"]+)"/.exec(running.output())![1]!;
    const registered = await chat.post("/register", {
      ...{ username: "alice", email: "alice@example.org", password, confirm_password: password },
      setup_code: setup,
    });
    expect([registered.status, await registered.text()]).toEqual([200, expect.anything()]);
    const socket = chat.open("alice");
    const heard: string[] = [];
    let isClosed = false;
    socket.onmessage = ({ data: text }) => heard.push(String(text));
    socket.onclose = () => {
      isClosed = true;
    };
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const root = await authority.root();
    const first = await chat.serial(root);
    let sent = 0;
    let isRenewed = false;
    const deadline = Date.now() + 90_000;
    while (!isRenewed && Date.now() < deadline) {
      const body = { kind: "text", text: `message number ${sent}.` };
      const answer = await chat.post("/api/commands/message.send", {
        ...{ room, sendId: crypto.randomUUID() as SendId, body },
      });
      expect(answer.status).toBe(200);
      sent += 1;
      isRenewed = running.output().includes("https.renewed");
      await Bun.sleep(50);
    }
    expect(isRenewed, running.output()).toBe(true);
    expect(await waitUntil(async () => (await chat.serial(root)) !== first)).toBe(true);
    // Through the new certificate, to the connection of the old one.
    await chat.post("/api/commands/message.send", {
      ...{ room, sendId: crypto.randomUUID() as SendId, body: { kind: "text", text: "after it" } },
    });
    const all = () => heard.join("\n");
    expect(await waitUntil(() => all().includes("after it"))).toBe(true);
    for (let index = 0; index < sent; index++) expect(all()).toContain(`message number ${index}.`);
    expect(isClosed).toBe(false);
    socket.close();
  }, 120_000);

  test("after a restart the one that was ordered is used, without another order", async () => {
    running.child.kill("SIGTERM");
    await running.finished;
    const { output } = running;
    running = spawnServer(settings);
    expect(await waitUntil(() => running.output().includes("server.started"), 20_000), output()).toBe(true);
    expect(running.output()).not.toContain("https.ordering");
    expect(await chat.serial(await authority.root())).toMatch(/^[\dA-F]+$/i);
  }, 60_000);
});

describe.skipIf(!isPresent("pebble"))("https with own files", () => {
  const folder = mkdtempSync(join(tmpdir(), "novax-https-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function start(more: Record<string, string>) {
    const data = await createTestData("embedded");
    const chat = new SecureChat(await freePort());
    const running = spawnServer({
      ...data.env,
      ...{ BCRYPT_COST: "10", HOST: "127.0.0.1", PUBLIC_URL: chat.origin, PORT: String(chat.port) },
      ...{ HTTPS: "files", HTTP_PORT: String(await freePort()) },
      ...more,
    });
    const isUp = await waitUntil(
      () => running.output().includes("server.started") || running.child.exitCode !== null,
      20_000,
    );
    const stop = async () => {
      running.child.kill("SIGTERM");
      await running.finished;
      await data.remove();
    };
    return { chat, running, isUp, stop };
  }

  test("files that can't be used are named in one line", async () => {
    const good = createCertificate(folder, host);
    const other = createCertificate(folder, "other.example.org");
    for (const [cert, key, why] of [
      [other.certFile, other.keyFile, "isn't for chat.example.org, but for DNS:other.example.org"],
      [good.certFile, other.keyFile, "belongs to another key"],
      [good.keyFile, good.keyFile, "isn't a certificate in PEM"],
      [join(folder, "none"), good.keyFile, "can't be read (ENOENT)"],
    ] as const) {
      const { running, stop } = await start({ HTTPS_CERT: cert, HTTPS_KEY: key });
      expect([running.child.exitCode, running.output()]).toEqual([78, expect.stringContaining(why)]);
      await stop();
    }
  }, 60_000);

  test("new files are served without a restart, and half of a pair is not", async () => {
    const [one, two] = [
      createCertificate(folder, host, { name: "one" }),
      createCertificate(folder, host, { name: "two" }),
    ];
    const [certFile, keyFile] = [join(folder, "used.crt"), join(folder, "used.key")];
    copyFileSync(one.certFile, certFile);
    copyFileSync(one.keyFile, keyFile);
    const { chat, running, stop } = await start({ HTTPS_CERT: certFile, HTTPS_KEY: keyFile });
    const first = await chat.serial();
    copyFileSync(two.certFile, certFile);
    expect(await waitUntil(() => running.output().includes("https.files_unusable"), 40_000)).toBe(true);
    expect(await chat.serial()).toBe(first);
    copyFileSync(two.keyFile, keyFile);
    expect(await waitUntil(() => running.output().includes("https.renewed"), 40_000)).toBe(true);
    expect(await waitUntil(async () => (await chat.serial()) !== first)).toBe(true);
    await stop();
  }, 120_000);
});
