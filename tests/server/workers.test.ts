import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import type { RoomId, SendId } from "@novax/protocol/ids";
import { join } from "../support/person.ts";
import {
  createTestData,
  isAvailable,
  redisUrl,
  spawnServer,
  startServer,
  type TestServer,
  waitUntil,
} from "../support/server.ts";
import { freePort } from "../support/services.ts";
import { useServer } from "../support/use-server.ts";

const isLinux = process.platform === "linux";

describe.skipIf(!isAvailable("postgres") || !redisUrl || !isLinux)("two workers on one port", () => {
  const env = { REDIS_URL: redisUrl!, WORKERS: "2", MESSAGES_PER_SECOND: "1000" };
  const { server, alice, bob } = useServer("postgres", { env, people: ["alice", "bob"] });

  const workers = () =>
    readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").trim().split(" ").map(Number);
  const areStarted = () => waitUntil(() => server.output().includes("workers.started"), 30_000);
  const openSockets = async () => {
    const sockets = [];
    for (let index = 0; index < 9; index++)
      for (const person of [alice, bob]) sockets.push(await person.enter());
    return sockets;
  };

  test("serve the same rooms, and one that is killed takes nobody else with it and comes back", async () => {
    expect(await areStarted()).toBe(true);
    expect(server.output().match(/"server.ready"/g)).toHaveLength(1);
    const sockets = await openSockets();
    await sockets[0]!.sayAndWait("to both");
    for (const socket of sockets) await socket.until(() => socket.messageTexts.includes("to both"));
    const [killed] = workers();
    process.kill(killed!, "SIGKILL");
    await waitUntil(() => sockets.some((socket) => !socket.isOpen));
    // The others of that worker hear of it in the same moment, or a little later.
    await Bun.sleep(500);
    const left = sockets.filter((socket) => socket.isOpen);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(sockets.length);
    await left[0]!.sayAndWait("to those who are left");
    const started = () => server.output().match(/"server.started"/g)?.length;
    const isBack = () => started() === 3 && workers().length === 2 && !workers().includes(killed!);
    expect(await waitUntil(isBack, 10_000)).toBe(true);
    for (const socket of sockets) socket.close();
  }, 60_000);

  test("[K3] are replaced one after the other, while messages are sent and none is lost or doubled", async () => {
    expect(await areStarted()).toBe(true);
    const before = workers();
    process.kill(server.pid, "SIGUSR2");
    const isReplaced = () => server.output().includes("workers.replaced");
    const room = "general" as never;
    const sent: string[] = [];
    while (!isReplaced()) {
      const sendId = crypto.randomUUID() as SendId;
      const text = `during the replacement ${sent.length}`;
      // A connection may end just before it is used, and then the message is sent again.
      for (let tries = 0, isSent = false; !isSent && tries < 20; tries++) {
        const response = await alice
          .command("message.send", { room, sendId, body: { kind: "text", text } })
          .catch(() => null);
        isSent = response?.status === 200;
        await response?.arrayBuffer();
      }
      sent.push(text);
      await Bun.sleep(10);
    }
    for (const pid of before) expect(workers()).not.toContain(pid);
    const { entries } = await bob.read<{ entries: { body?: { text?: string } }[] }>(
      `/api/rooms/general/timeline?limit=200`,
    );
    const texts = entries.flatMap(({ body }) => body?.text ?? []).filter((text) => text.startsWith("during"));
    expect(texts).toEqual(sent.slice(-texts.length));
    expect(texts.length).toBeGreaterThan(Math.min(sent.length, 150) - 1);
  }, 60_000);

  test("need PostgreSQL and Redis, and a port that is free", async () => {
    const data = await createTestData("postgres");
    const refusal = async (settings: Record<string, string>) => {
      const { finished, output } = spawnServer({ ...data.env, ...settings });
      return { code: await finished, output: output() };
    };
    expect(await refusal({ WORKERS: "2", PORT: String(await freePort()) })).toMatchObject({
      code: 78,
      output: expect.stringContaining("set DATABASE_URL and REDIS_URL as well"),
    });
    const taken = { WORKERS: "2", REDIS_URL: redisUrl!, PORT: String(server.port) };
    expect(await refusal(taken)).toMatchObject({
      code: 1,
      output: expect.stringMatching(/port (\d+ )?is taken/),
    });
    await data.remove();
  }, 30_000);
});

test.skipIf(!isAvailable("postgres") || !redisUrl || !isLinux)(
  "each worker goes on with its own index after a restart, and reads nothing anew",
  async () => {
    const data = await createTestData("postgres");
    const env = { REDIS_URL: redisUrl!, WORKERS: "2" };
    const opened = (server: TestServer) =>
      [...server.output().matchAll(/"search.opened","messages":(\d+)/g)].map(([, count]) => Number(count));
    const first = await startServer(data, { env });
    const alice = await join(first, "alice");
    for (const text of ["one", "two", "xylophonequartz"]) await alice.say("general" as RoomId, text);
    const folder = joinPath(data.env.DATA_DIR!, "search");
    const bytesOf = (number: number) =>
      readdirSync(folder)
        .filter((name) => name.startsWith(`index-${number}.sqlite`))
        .map((name) => readFileSync(joinPath(folder, name)).toString("latin1"))
        .join("");
    const areIndexed = () => [1, 2].every((number) => bytesOf(number).includes("xylophonequartz"));
    expect(await waitUntil(areIndexed, 20_000)).toBe(true);
    await first.stop();
    const second = await startServer(data, { env });
    expect(await waitUntil(() => opened(second).length === 2, 20_000)).toBe(true);
    expect(Math.min(...opened(second))).toBeGreaterThanOrEqual(3);
    await second.stop();
    await data.remove();
  },
  60_000,
);
