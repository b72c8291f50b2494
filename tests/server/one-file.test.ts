import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { generalRoomId as room } from "@novax/protocol/general-room";
import { Person, registerOrFail } from "../support/person.ts";
import { searchAll, untilIndexed } from "../support/search.ts";
import { waitUntil } from "../support/server.ts";
import { freePort } from "../support/services.ts";
import { picture, upload } from "../support/uploads.ts";

const root = resolve(import.meta.dir, "../..");
const packages = join(root, "build/package");
/** Who owns nothing else. */
const nobody = { uid: 65534, gid: 65534 };

describe("the single executable", () => {
  const folder = mkdtempSync(join(tmpdir(), "novax-one-file-"));
  const novax = join(folder, "novax");
  const isRoot = process.getuid?.() === 0;
  let settings: Record<string, string> = {};
  let running: ReturnType<typeof start>;
  let alice: Person;

  /** Runs it in its folder, with nothing of this machine but what every program finds. */
  function start(...args: string[]) {
    const child = Bun.spawn([novax, ...args], {
      ...(isRoot && nobody),
      cwd: folder,
      env: { PATH: "/usr/bin:/bin", ...settings },
      stdout: "pipe",
      stderr: "pipe",
    });
    let text = "";
    const read = async (stream: ReadableStream<Uint8Array>) => {
      for await (const chunk of stream) text += new TextDecoder().decode(chunk);
    };
    const finished = Promise.all([read(child.stdout), read(child.stderr)]).then(() => child.exited);
    return { child, output: () => text, finished };
  }

  beforeAll(async () => {
    const made = Bun.spawnSync([process.execPath, "--no-env-file", "run", "scripts/package.ts"], {
      cwd: root,
    });
    if (made.exitCode !== 0) throw new Error(String(made.stderr));
    copyFileSync(join(packages, "novax"), novax);
    chmodSync(novax, 0o755);
    chmodSync(folder, 0o755);
    if (isRoot) chownSync(folder, nobody.uid, nobody.gid);
    settings = { BCRYPT_COST: "10", LOG_FORMAT: "json", PORT: String(await freePort()) };
    running = start();
    if (!(await waitUntil(() => running.output().includes("server.started"), 30_000)))
      throw new Error(running.output());
    const origin = `http://localhost:${settings.PORT}`;
    alice = new Person({ origin, url: origin } as Person["server"], "alice");
    await registerOrFail(alice);
  }, 120_000);
  afterAll(async () => {
    running?.child.kill("SIGTERM");
    await running?.finished;
    rmSync(folder, { recursive: true, force: true });
  });

  test("serves the chat: messages, pictures, search and the page", async () => {
    await alice.say(room, "an otter in the harbour");
    expect((await upload(alice, await picture("png"), { name: "otter.png" })).kind).toBe("picture");
    await untilIndexed(alice);
    expect(await searchAll(alice, "otter")).toHaveLength(1);
    const page = await (await alice.fetch("/chat")).text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)![1]!;
    expect((await alice.fetch(script)).status).toBe(200);
  }, 60_000);

  test("has the operator's commands, and what it is made of", async () => {
    const file = join(folder, "chat.tar.zst");
    const made = start("backup", file);
    expect([await made.finished, made.output()]).toEqual([0, expect.stringContaining("Backed up")]);
    const verified = start("backup", "verify", file);
    expect([await verified.finished, verified.output()]).toEqual([0, expect.stringContaining("is good")]);
    const version = start("--version");
    await version.finished;
    expect(version.output()).toMatch(/^novaX \d+\.\d+\.\d+ \(\S+\)\n$/);
    const help = start("--help");
    await help.finished;
    expect(help.output()).toContain("PUBLIC_URL");
    const licenses = start("licenses");
    await licenses.finished;
    for (const name of ["sharp", "@electric-sql/pglite", "preact", "hono", "bun"])
      expect(licenses.output()).toContain(`\n${name} `);
    expect(licenses.output()).not.toContain("(unknown)");
    const sbom = JSON.parse(readFileSync(join(packages, "sbom.cdx.json"), "utf8")) as {
      components: { name: string; version: string }[];
    };
    expect(sbom.components.find(({ name }) => name === "sharp")?.version).toBeTruthy();
    expect(start("nonsense").finished).resolves.toBe(78);
  }, 60_000);

  test("keeps what it needs in the data folder, for its owner alone, and stops as it is told", async () => {
    expect(readdirSync(folder).sort()).toEqual(["chat.tar.zst", "data", "novax"]);
    const programs = readdirSync(join(folder, "data/program"));
    expect(programs).toHaveLength(1);
    expect(existsSync(join(folder, "data/program", programs[0]!, "web/dist/manifest.json"))).toBe(true);
    running.child.kill("SIGTERM");
    expect(await running.finished).toBe(0);
  }, 30_000);
});
