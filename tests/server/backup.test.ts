import { afterAll, describe, expect, test } from "bun:test";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TextBody } from "@novax/protocol/entities";
import { generalRoomId as room } from "@novax/protocol/general-room";
import type { SendId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import { ArchiveWriter, readArchive, readText } from "../../server/src/backup/archive.ts";
import type { Summary } from "../../server/src/backup/manifest.ts";
import type { Person } from "../support/person.ts";
import { startS3 } from "../support/s3.ts";
import {
  createTestData,
  type DatabaseKind,
  isAvailable,
  spawnServer,
  startServer,
  type TestData,
} from "../support/server.ts";
import { picture, upload } from "../support/uploads.ts";
import { useServer } from "../support/use-server.ts";

const s3 = await startS3();
const folder = mkdtempSync(join(tmpdir(), "novax-backups-"));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await s3.stop();
});

const passphrase = "correct horse battery staple";

/** Runs `npm run <args>` with these settings. */
async function run(env: Record<string, string>, ...args: string[]): Promise<{ code: number; text: string }> {
  const { output, finished } = spawnServer({ BCRYPT_COST: "10", ...env }, { args });
  return { code: await finished, text: output() };
}

async function summaryOf(path: string): Promise<Summary> {
  let summary: Summary | undefined;
  for await (const { name, body } of readArchive(createReadStream(path))) {
    const text = await readText(body);
    if (name === "summary.json") summary = JSON.parse(text) as Summary;
  }
  return summary!;
}

/** A place without a database: the other kind's data, or an empty one of the same. */
async function emptyPlace(kind: DatabaseKind): Promise<TestData> {
  return createTestData(kind, { isUnmade: true });
}

/** The newest messages of a room up to a seq, as they are shown. */
async function messagesUpTo(person: Person, seq: number): Promise<unknown[]> {
  const page = await person.read<TimelinePage>(`/api/rooms/${room}/timeline?before=${seq + 1}&limit=50`);
  return page.entries;
}

for (const [from, to] of [
  ["embedded", "postgres"],
  ["postgres", "embedded"],
] as const)
  describe.skipIf(!isAvailable("postgres"))(`a backup of ${from}, restored into ${to}`, () => {
    const settingsOf = (kind: DatabaseKind): Record<string, string> => ({
      MESSAGES_PER_SECOND: "100000",
      ...(kind === "postgres" && { S3_URL: s3.url }),
    });
    const used = useServer(from, { env: settingsOf(from) });
    const { alice, bob, carol, data } = used;
    const file = join(folder, `${from}.tar.zst`);

    test("[O07] all that was acknowledged before it is there afterwards, as it was, though people went on writing and the machine is gone", async () => {
      const sendFiles = (person: Person, text: string, files: { id: string }[]) =>
        person.run("message.send", {
          room,
          sendId: crypto.randomUUID() as SendId,
          body: { kind: "text", text, files } as TextBody,
        });
      const bytes = crypto.getRandomValues(new Uint8Array(300_000));
      const sent = await upload(alice, bytes, { name: "notes.bin" });
      const image = await upload(bob, await picture("png"), { name: "picture.png" });
      const { seq } = await sendFiles(alice, "a file", [{ id: sent.id }]);
      await sendFiles(bob, "a picture", [{ id: image.id }]);
      const asked = await bob.say(room, 'carol? @carol, "quoted" \\ \\n \u2028 😀');
      await alice.run("reaction.add", { room, seq: asked, emoji: "👍" });
      await carol.run("room.mark_read", { room, seq });
      const gone = await bob.say(room, "soon gone");
      await bob.run("message.delete", { room, seq: gone });
      // Another device of bob, whose session ends before the backup.
      const ended = await bob.inAnotherBrowser();
      const endedCookies = new Map(ended.cookies);
      await ended.post("/logout", {});
      for (const [name, value] of endedCookies) ended.cookies.set(name, value);

      let isOver = false;
      let last = 0;
      const writing = (async () => {
        while (!isOver) {
          last = await bob.say(room, `while it is made, ${last}`);
          await Bun.sleep(5);
        }
      })();
      const before = last;
      const made = await run(
        { ...data.env, ...settingsOf(from), BACKUP_PASSPHRASE: passphrase },
        "backup",
        file,
      );
      isOver = true;
      await writing;
      expect(made).toEqual({ code: 0, text: expect.stringContaining("Backed up") });
      expect(last).toBeGreaterThan(before);
      const [roomBefore, messagesBefore] = [await carol.room(room), await messagesUpTo(carol, gone)];
      await used.server.kill();
      // The machine is thrown away: what is restored is elsewhere, and the other kind.

      const place = await emptyPlace(to);
      data.cleanUps.push(() => place.remove());
      const settings = { ...place.env, ...settingsOf(to) };
      const restored = await run({ ...settings, BACKUP_PASSPHRASE: passphrase }, "restore", file);
      expect(restored).toEqual({ code: 0, text: expect.stringContaining("Restored the backup") });
      const again = join(folder, `${from}-again.tar.zst`);
      expect((await run(settings, "backup", again)).code).toBe(0);
      const [one, two] = [await summaryOf(file), await summaryOf(again)];
      expect(Object.keys(two.tables)).toEqual(Object.keys(one.tables));
      // The restored server has another epoch, and the work of the backup itself is noted.
      const same = Object.keys(one.tables).filter((name) => !["installation", "operations"].includes(name));
      for (const name of same) expect([name, two.tables[name]]).toEqual([name, one.tables[name]!]);
      expect(two.files).toEqual(one.files);

      const server = await startServer(place, { port: used.server.port, env: settingsOf(to) });
      try {
        expect(await messagesUpTo(carol, gone)).toEqual(messagesBefore);
        const download = await alice.fetch(`/api/files/${sent.id}`);
        expect(Buffer.from(await download.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true);
        const { readSeq, mentions, notify } = await carol.room(room);
        expect({ readSeq, mentions, notify }).toEqual({
          readSeq: seq,
          mentions: 1,
          notify: roomBefore.notify,
        });
        expect((await ended.fetch("/api/me")).status).toBe(401);
        expect(await bob.say(room, "and on it goes")).toBeGreaterThan(gone);
      } finally {
        await server.stop();
      }
    }, 120_000);
  });

describe("a backup that can't be used", () => {
  const used = useServer("embedded", { people: ["alice"] });
  const file = join(folder, "good.tar.zst");
  const place = { DATA_DIR: join(folder, "place"), BACKUP_PASSPHRASE: passphrase };
  const refused = (why: string) => ({ code: 1, text: expect.stringContaining(`Nothing was done: ${why}`) });

  test("is there only when it is whole, for its owner alone, and never in place of another file", async () => {
    const { DATA_DIR } = used.data.env;
    await used.alice.say(room, "hello");
    expect((await run(used.data.env, "backup", file)).text).toContain("The server's secret isn't in it");
    rmSync(file);
    const made = await run({ ...used.data.env, BACKUP_PASSPHRASE: passphrase }, "backup", file);
    expect(made.code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(made.text).toContain(new Bun.CryptoHasher("sha256").update(readFileSync(file)).digest("hex"));
    // Neither the copy of the database nor half a backup is left.
    expect(readdirSync(DATA_DIR!)).not.toContain("backup-copy");
    expect(readdirSync(folder).filter((name) => name.includes("unfinished"))).toEqual([]);
    expect(await run(used.data.env, "backup", file)).toEqual(refused(`${file} is there already`));
    const below = join(file, "below.tar.zst");
    expect(await run(used.data.env, "backup", below)).toEqual(refused(`${below} can't be written`));
    const elsewhere = await run({ DATA_DIR: join(folder, "nowhere") }, "backup", join(folder, "x"));
    expect(elsewhere).toEqual({ code: 78, text: expect.stringContaining("there is no database") });
    expect((await run(used.data.env, "backup")).text).toContain("npm run restore -- FILE");
    await used.server.stop();
  }, 60_000);

  test("is refused without a change if it was cut off, changed, is none, or its passphrase is missing or wrong", async () => {
    const whole = readFileSync(file);
    const broken = join(folder, "broken.tar.zst");
    const restoreOf = async (bytes: Uint8Array, more: Record<string, string> = {}) => {
      writeFileSync(broken, bytes);
      const result = await run({ ...place, ...more }, "restore", broken);
      expect(existsSync(join(place.DATA_DIR, "secret.key")), result.text).toBe(false);
      return result;
    };
    const changed = Buffer.from(whole);
    changed[whole.length >> 1]! ^= 1;
    for (const bytes of [changed, whole.subarray(0, 700), Buffer.from("novaX"), Buffer.alloc(0)])
      expect((await restoreOf(bytes)).text).toMatch(/Nothing was done: the (?:end of the )?(?:backup|file) /);
    expect((await restoreOf(whole, { BACKUP_PASSPHRASE: "another one than that" })).text).toContain(
      "the passphrase isn't the one that the backup was made with",
    );
    expect((await restoreOf(whole, { BACKUP_PASSPHRASE: "" })).text).toContain("set BACKUP_PASSPHRASE to it");
    // Nearly all of it is written by then.
    await restoreOf(whole.subarray(0, whole.length - 100));
    const { DATA_DIR } = place;
    // A restore that was killed leaves this, and a server that started there would begin anew.
    writeFileSync(join(DATA_DIR, "restoring"), "");
    const started = spawnServer(place);
    expect([await started.finished, started.output()]).toEqual([
      78,
      expect.stringContaining("a restore into"),
    ]);
    expect(await run(place, "restore", file)).toEqual({ code: 0, text: expect.stringContaining("Restored") });
    expect(existsSync(join(DATA_DIR, "restoring"))).toBe(false);
    expect(await run(place, "restore", file)).toEqual(refused("the database isn't empty"));
  }, 120_000);

  test("can't write outside of the places of a backup, whatever it has", async () => {
    const [{ manifest }, hostile] = [await manifestOf(file), join(folder, "hostile.tar.zst")];
    for (const [name, text, why] of [
      ["files/../../outside", "x", 'the backup has an entry "files/../../outside"'],
      ["/etc/outside", "x", 'the backup has an entry "/etc/outside"'],
      ["tables/pg_authid/000001.jsonl", "{}\n", "the backup has a table pg_authid"],
      ["tables/accounts; drop table rooms/000001.jsonl", "{}\n", "the backup has an entry"],
    ] as const) {
      rmSync(hostile, { force: true });
      const target = createWriteStream(hostile);
      const archive = new ArchiveWriter(target, { createdAt: 0 });
      await archive.addText("backup.json", JSON.stringify({ ...manifest, hasSecret: false }));
      await archive.addText(name, text);
      await archive.finish();
      const DATA_DIR = join(folder, `hostile-${crypto.randomUUID()}`);
      mkdirSync(DATA_DIR, { mode: 0o700 });
      writeFileSync(join(DATA_DIR, "secret.key"), `${"a".repeat(43)}\n`, { mode: 0o600 });
      expect(await run({ DATA_DIR }, "restore", hostile), name).toEqual(refused(why));
    }
    for (const migrations of [[], manifest.migrations.slice(1)]) {
      rmSync(hostile);
      const archive = new ArchiveWriter(createWriteStream(hostile), { createdAt: 0 });
      await archive.addText("backup.json", JSON.stringify({ ...manifest, migrations }));
      await archive.finish();
      expect((await run(place, "backup", "verify", hostile)).text).toContain("the tables of any version");
    }
    const newer = { ...manifest, migrations: [...manifest.migrations, "9999_later.sql"] };
    rmSync(hostile);
    const archive = new ArchiveWriter(createWriteStream(hostile), { createdAt: 0 });
    await archive.addText("backup.json", JSON.stringify(newer));
    await archive.finish();
    expect((await run(place, "backup", "verify", hostile)).text).toContain(
      "the backup was made by a newer novaX",
    );
  }, 60_000);

  test("verifying restores it elsewhere and compares it, and says so of one that is damaged", async () => {
    expect(await run(place, "backup", "verify", file)).toEqual({
      code: 0,
      text: expect.stringMatching(/is good: restored, all \d+ tables have the same \d+ rows/),
    });
    expect((await run(place, "backup", "verify", join(folder, "broken.tar.zst"))).code).toBe(1);
  }, 60_000);
});

async function manifestOf(path: string): Promise<{ manifest: { migrations: string[] } }> {
  for await (const { body } of readArchive(createReadStream(path)))
    return { manifest: JSON.parse(await readText(body)) as { migrations: string[] } };
  throw new Error("there is no entry");
}
