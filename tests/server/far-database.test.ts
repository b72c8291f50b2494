import { describe, expect, test } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import { type CommandDraft, join } from "../support/person.ts";
import { TcpProxy } from "../support/proxy.ts";
import { createTestData, isAvailable, startServer } from "../support/server.ts";

const roundTripMs = 6;
/** Statements are prepared on each of the ten connections when they are first used there, which is a round trip more. */
const tries = 36;
/** BEGIN; the lock, with what is read; what is written; COMMIT. The room is locked during the last two. */
const roundTripsMax = 4;

describe.skipIf(!isAvailable("postgres"))("a database that is far away", () => {
  test("[N15] a message, an edit, a reaction and a deletion keep a room locked for no more than two round trips", async () => {
    const data = await createTestData("postgres");
    const address = new URL(data.env.DATABASE_URL!);
    const proxy = new TcpProxy(Number(address.port), roundTripMs / 2);
    address.port = String(proxy.port);
    const server = await startServer(data, {
      env: { DATABASE_URL: address.href, MESSAGES_PER_SECOND: "1000" },
    });
    const alice = await join(server, "alice");
    await join(server, "bob");
    const socket = await alice.enter();
    const of = (index: number) => ({ room: "general" as RoomId, seq: seqs[index]! });
    /** The least of several tries, because the server asks things of its own now and then. */
    const count = async (run: (index: number) => Promise<unknown>) => {
      const counts: number[] = [];
      for (let index = 0; index < tries; index++) {
        const before = proxy.roundTrips;
        await run(index);
        counts.push(proxy.roundTrips - before);
      }
      return Math.min(...counts);
    };
    const command = async (draft: CommandDraft) =>
      expect(await socket.command(draft)).toMatchObject({ ok: true });
    const seqs: number[] = [];
    const counts = {
      send: await count(async (index) => seqs.push(await socket.sayAndWait(`message ${index}`))),
      edit: await count((index) =>
        command({ type: "message.edit", ...of(index), text: `changed ${index} @bob` }),
      ),
      react: await count((index) => command({ type: "reaction.add", ...of(index), emoji: "👍" })),
      takeBack: await count((index) => command({ type: "reaction.remove", ...of(index), emoji: "👍" })),
      delete: await count((index) => command({ type: "message.delete", ...of(index) })),
    };
    for (const trips of Object.values(counts)) expect(trips).toBeWithin(1, roundTripsMax + 1);
    socket.close();
    await server.stop();
    proxy.stop();
    await data.remove();
  }, 60_000);
});
