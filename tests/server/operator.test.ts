import { expect, test } from "bun:test";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { addPasskey, setUpFactor } from "../support/factors.ts";
import { join, Person, problemOf } from "../support/person.ts";
import { spawnServer } from "../support/server.ts";
import { text, upload } from "../support/uploads.ts";
import { describeServer } from "../support/use-server.ts";

const next = "another four quiet words";

describeServer("an operator's commands", { people: ["alice"] }, ({ data, server }) => {
  /** While the server runs. */
  async function run(...args: string[]) {
    const env = { ...data.env, BCRYPT_COST: "10", PORT: String(server.port) };
    const { child, output, finished } = spawnServer(env, { args: ["admin", ...args] });
    await finished;
    return { code: child.exitCode, text: output() };
  }
  const linkIn = (text: string) => new URL(/https?:\S+/.exec(text)![0]).searchParams.get("token");
  const reset = (token: string | null) =>
    new Person(server, "x").post("/reset", { token, password: next, confirm_password: next });

  test("reset-link opens the account of somebody who forgot their password", async () => {
    await join(server, "locked");
    const { code, text } = await run("reset-link", "Locked");
    expect([code, text]).toEqual([
      0,
      expect.stringContaining(`http://localhost:${server.port}/reset?token=`),
    ]);
    expect((await reset(linkIn(text))).status).toBe(200);
    expect((await new Person(server, "locked").signIn(next)).status).toBe(200);
  }, 30_000);

  test("disable-factor helps somebody who lost their phone, passkey and codes", async () => {
    const person = await join(server, "phoneless");
    await addPasskey(person);
    await setUpFactor(person);
    expect((await run("disable-factor", "phoneless")).code).toBe(0);
    const browser = new Person(server, "phoneless");
    expect((await browser.signIn()).status).toBe(200);
    const account = (await (await browser.fetch("/api/account")).json()) as {
      passkeys: number;
      hasFactor: boolean;
    };
    expect([account.passkeys, account.hasFactor]).toEqual([0, false]);
    expect((await run("disable-factor", "phoneless")).code).toBe(1);
  }, 30_000);

  test("storage says where files are, how much they take up, and whose they are", async () => {
    const person = await join(server, "collector");
    await upload(person, text("x".repeat(2_000_000)), { name: "large.txt" });
    const { code, text: printed } = await run("storage");
    expect(code).toBe(0);
    expect(printed).toContain("Files are in /");
    expect(printed).toMatch(/1 files, 2\u00a0MB/);
    expect(printed).toMatch(/collector +2\u00a0MB/);
    expect(printed).toContain("1 uploads are part of no message yet");
  }, 30_000);

  test("create-owner makes a person an owner, whether or not they have an account", async () => {
    await join(server, "heir");
    expect((await run("create-owner", "heir")).code).toBe(0);
    const heir = new Person(server, "heir");
    await heir.signIn();
    expect((await heir.fetch("/api/admin/people")).status).toBe(200);
    const { text } = await run("create-owner", "newcomer");
    expect((await reset(linkIn(text))).status).toBe(200);
    const newcomer = new Person(server, "newcomer");
    await newcomer.signIn(next);
    const socket = await newcomer.enter();
    socket.close();
    const { entries } = (await (await newcomer.fetch("/api/admin/audit?who=newcomer")).json()) as {
      entries: { action: string; actorName: string; detail: string }[];
    };
    expect(entries.at(-1)).toMatchObject({ action: "account.registered", actorName: "" });
    expect(entries.at(-1)!.detail).toContain("operator");
  }, 30_000);

  test("a command that can't be done says why in one line, and changes nothing", async () => {
    const nobody = await run("reset-link", "nobody");
    expect([nobody.code, nobody.text.trim().split("\n")]).toEqual([
      1,
      ['Nothing was changed: no one is called "nobody".'],
    ]);
    expect((await run("create-owner", "a b")).text).toContain("Use the letters a to z");
    expect((await run("delete-everything", "alice")).text).toContain("npm run admin -- reset-link");
    if (data.kind === "embedded") {
      const env = { ...data.env, BCRYPT_COST: "10" };
      // With other settings than the server's there would be another server, where nobody is.
      const folder = mkdtempSync(joinPath(tmpdir(), "novax-elsewhere-"));
      const elsewhere = spawnServer({ ...env, DATA_DIR: folder }, { args: ["admin", "reset-link", "alice"] });
      await elsewhere.finished;
      expect([elsewhere.child.exitCode, elsewhere.output()]).toEqual([
        78,
        expect.stringContaining("there is no database in"),
      ]);
      expect(existsSync(joinPath(folder, "postgres"))).toBe(false);
      rmSync(folder, { recursive: true });
      // What root writes the server's own user could not use afterwards.
      if (process.getuid?.() === 0) {
        const owned = mkdtempSync(joinPath(tmpdir(), "novax-owned-"));
        writeFileSync(joinPath(owned, "secret.key"), "x".repeat(43), { mode: 0o600 });
        for (const path of [owned, joinPath(owned, "secret.key")]) chownSync(path, 65534, 65534);
        const asRoot = spawnServer({ ...env, DATA_DIR: owned }, { args: ["admin", "create-owner", "carol"] });
        await asRoot.finished;
        expect([asRoot.child.exitCode, asRoot.output()]).toEqual([
          78,
          expect.stringContaining("novaX runs as user 65534"),
        ]);
        expect(readdirSync(owned)).toEqual(["secret.key"]);
        rmSync(owned, { recursive: true });
      }
    }
    expect((await problemOf(await new Person(server, "alice").signIn("wrong password"))).code).toBe(
      "invalid_credentials",
    );
  }, 30_000);

  test("the same commands work where the server is stopped", async () => {
    await server.stop();
    const { code, text: printed } = await run("reset-link", "alice");
    expect([code, printed]).toEqual([0, expect.stringContaining("/reset?token=")]);
    expect((await run("audit-verify")).text).toContain("The audit log is intact");
  }, 30_000);
});
