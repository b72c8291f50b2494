import { describe, expect, test } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import { isAvailable } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

describe.skipIf(!isAvailable("postgres"))("a room whose row somebody holds", () => {
  const { alice, bob, sql } = useServer("postgres", {
    people: ["alice", "bob"],
    env: { MESSAGES_PER_SECOND: "1000" },
  });

  /** Holds a room's row, as an open `psql` or a machine that vanished does. Returns what lets go of it. */
  async function hold(room: RoomId): Promise<() => Promise<unknown>> {
    let letGo = () => {};
    const released = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let done: Promise<unknown> = Promise.resolve();
    await new Promise<void>((held) => {
      done = sql.begin(async (tx) => {
        await tx`select 1 from rooms where id = ${room} for update`;
        held();
        await released;
      });
    });
    return () => {
      letGo();
      return done;
    };
  }

  test("[N1] stops itself and no other: the others are written to, and its commands are refused, and don't happen later", async () => {
    const make = async (name: string) =>
      (await alice.run("room.create", { kind: "public", name, people: [await bob.id()] })).room.id;
    const [held, other] = [await make("Held"), await make("Other")];
    const first = await alice.say(held, "before");
    const letGo = await hold(held);
    const refused = Promise.all([
      ...Array.from({ length: 30 }, (_, index) =>
        alice.command("message.edit", { room: held, seq: first, text: `edit ${index}` }),
      ),
      ...Array.from({ length: 10 }, () => bob.command("message.pin", { room: held, seq: first })),
      bob.command("message.send", {
        room: held,
        sendId: crypto.randomUUID() as never,
        body: { kind: "text", text: "into the held room" },
      }),
    ]);
    // While it is held, and with all of these waiting, everybody else goes on.
    for (let index = 0; index < 20; index++) await bob.say(other, `here ${index}`);
    expect(await bob.room(other)).toMatchObject({ name: "Other" });
    for (const response of await refused) {
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ code: "unavailable" });
    }
    await letGo();
    await alice.say(held, "after");
    const { entries } = await alice.read<{ entries: { type?: string; body?: { text?: string } }[] }>(
      `/api/rooms/${held}/timeline`,
    );
    const texts = entries.flatMap((entry) => entry.body?.text ?? []);
    expect(texts).toEqual(["before", "after"]);
    expect(await alice.read(`/api/rooms/${held}/pins`)).toMatchObject({ messages: [] });
  }, 60_000);
});
