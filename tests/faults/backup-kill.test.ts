import { afterAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generalRoomId as room } from "@novax/protocol/general-room";
import { Person } from "../support/person.ts";
import { createTestData, isAvailable, spawnServer, startServer } from "../support/server.ts";
import { upload } from "../support/uploads.ts";
import { useServer } from "../support/use-server.ts";

/** Of each: NOVAX_BACKUP_KILLS=10 npm test -- tests/faults/backup-kill.test.ts makes sixty. */
const kills = Number(process.env.NOVAX_BACKUP_KILLS ?? 1);
const folder = mkdtempSync(join(tmpdir(), "novax-backup-kill-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(env: Record<string, string>, ...args: string[]) {
  return spawnServer({ BCRYPT_COST: "10", ...env }, { args });
}

/** Kills it between its start and its usual end, and returns whether it had ended by itself. */
async function killWithin(ms: number, running: ReturnType<typeof start>): Promise<boolean> {
  await Promise.race([Bun.sleep(Math.random() * ms), running.finished]);
  const hasEnded = running.child.exitCode !== null;
  running.child.kill("SIGKILL");
  await running.finished;
  return hasEnded;
}

for (const [from, to] of [
  ["embedded", "postgres"],
  ["postgres", "embedded"],
] as const)
  describe.skipIf(!isAvailable("postgres"))(
    `backup and restore when they are killed (${from} to ${to})`,
    () => {
      const used = useServer(from, { people: ["alice"], env: { MESSAGES_PER_SECOND: "100000" } });
      const { alice, data } = used;
      const file = join(folder, `${from}.tar.zst`);
      let usualMs = 0;

      test("a backup that is killed is none, the chat goes on, and the next one is whole", async () => {
        for (let turn = 0; turn < 40; turn++) await alice.say(room, `${turn} ${"words ".repeat(200)}`);
        for (let turn = 0; turn < 4; turn++)
          await upload(alice, crypto.getRandomValues(new Uint8Array(400_000)));
        const startedAt = performance.now();
        const first = start(data.env, "backup", join(folder, `${from}-first.tar.zst`));
        expect([await first.finished, first.output()]).toEqual([0, expect.stringContaining("Backed up")]);
        usualMs = performance.now() - startedAt;
        for (let turn = 0; turn < kills; turn++) {
          const path = join(folder, `${from}-${turn}.tar.zst`);
          const hasEnded = await killWithin(usualMs, start(data.env, "backup", path));
          // It may have been killed after its last step.
          if (existsSync(path)) expect(await start({}, "backup", "verify", path).finished).toBe(0);
          else expect(hasEnded).toBe(false);
          await alice.say(room, `after ${turn}`);
        }
        const again = start(data.env, "backup", file);
        expect([await again.finished, again.output()]).toEqual([0, expect.stringContaining("Backed up")]);
      }, 120_000);

      test("a server that is killed while it is backed up loses nothing and starts again", async () => {
        for (let turn = 0; turn < kills; turn++) {
          const seq = await alice.say(room, `before ${turn}`);
          const running = start(data.env, "backup", join(folder, `${from}-killed-${turn}.tar.zst`));
          await Promise.race([Bun.sleep(Math.random() * usualMs), running.finished]);
          await used.server.kill();
          await running.finished;
          await used.restart();
          // A copy of the database that nobody reads any more is not kept.
          if (from === "embedded") expect(existsSync(join(data.env.DATA_DIR!, "backup-copy"))).toBe(false);
          const { entries } = await alice.read<{ entries: { seq: number }[] }>(`/api/rooms/${room}/timeline`);
          expect(entries.map((entry) => entry.seq)).toContain(seq);
        }
        const again = start(data.env, "backup", join(folder, `${from}-last.tar.zst`));
        expect([await again.finished, again.output()]).toEqual([0, expect.stringContaining("Backed up")]);
        await used.server.stop();
      }, 120_000);

      test("a restore that is killed leaves nothing that a server starts on, and the next one is whole", async () => {
        const place = await createTestData(to, { isUnmade: true });
        data.cleanUps.push(() => place.remove());
        // The secret is kept apart, so what is killed is the restore and not its key derivation.
        copyFileSync(join(data.env.DATA_DIR!, "secret.key"), join(place.env.DATA_DIR!, "secret.key"));
        for (let turn = 0; turn < kills; turn++) {
          if (await killWithin(usualMs, start(place.env, "restore", file))) break;
          // Before its first line there was nothing that a server could mistake for its own.
          if (!existsSync(join(place.env.DATA_DIR!, "restoring"))) continue;
          const server = start(place.env);
          expect([await server.finished, server.output()]).toEqual([
            78,
            expect.stringContaining("a restore into"),
          ]);
        }
        const again = start(place.env, "restore", file);
        // The last one that was killed may have ended a moment before.
        expect([await again.finished, again.output()]).toEqual([
          again.output().includes("isn't empty") ? 1 : 0,
          expect.stringMatching(/Restored the backup|had restored all of it|the database isn't empty/),
        ]);
        const server = await startServer(place, { port: used.server.port });
        try {
          const same = new Person(server, "alice");
          expect((await same.signIn()).status).toBe(200);
          const { entries } = await same.read<{ entries: unknown[] }>(
            `/api/rooms/${room}/timeline?limit=100`,
          );
          // All 40, the one after each kill, and that alice joined.
          expect(entries.length).toBeGreaterThanOrEqual(40 + kills);
        } finally {
          await server.stop();
        }
      }, 120_000);
    },
  );
