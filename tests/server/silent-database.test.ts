import { afterAll, describe, expect, test } from "bun:test";
import type { RoomId } from "@novax/protocol/ids";
import { TcpProxy } from "../support/proxy.ts";
import { isAvailable } from "../support/server.ts";
import { useServer } from "../support/use-server.ts";

describe.skipIf(!isAvailable("postgres"))("a database whose connections fall silent", () => {
  let proxy: TcpProxy | undefined;
  const { alice, bob, data } = useServer("postgres", {
    people: ["alice", "bob"],
    env: () => {
      const url = new URL(data.url!);
      proxy = new TcpProxy(Number(url.port));
      url.port = String(proxy.port);
      return { DATABASE_URL: url.href };
    },
  });
  afterAll(() => proxy?.stop());

  test("[N5] [N2] new connections take their place, and what was refused for want of an answer doesn't happen when the old ones speak again", async () => {
    const { room } = await alice.run("room.create", { kind: "private", name: "Here" });
    const seq = await alice.say(room.id, "as it was");
    // More at once than there are connections, so that all of them are open.
    await Promise.all(Array.from({ length: 20 }, () => alice.room(room.id)));
    proxy!.silence();
    const createId = crypto.randomUUID();
    const refused = await Promise.all([
      alice.command("message.edit", { room: room.id, seq, text: "refused" }),
      alice.command("room.create", { kind: "private", name: "Refused", createId }),
      alice.command("reminder.set", { room: room.id, note: "refused", at: Date.now() + 3_600_000 }),
    ]);
    for (const response of refused) {
      expect(response.status).toBe(503);
      expect(await response.json()).toMatchObject({ code: "unavailable" });
    }
    // The old connections are still open and silent. New ones were made after the first that gave no answer.
    await alice.run("message.edit", { room: room.id, seq, text: "accepted" });
    proxy!.heal();
    await Bun.sleep(500);
    const { entries } = await alice.read<{ entries: { body?: { text?: string } }[] }>(
      `/api/rooms/${room.id}/timeline`,
    );
    expect(entries.flatMap((entry) => entry.body?.text ?? [])).toEqual(["accepted"]);
    expect(await alice.read("/api/me/reminders")).toMatchObject({ reminders: [] });
    const names = (await alice.rooms()).map(({ name }) => name);
    expect(names).not.toContain("Refused");
  }, 60_000);

  test("[N2] a room or a reminder that is asked for again, because the answer was lost, is there once", async () => {
    const fields = { kind: "public", name: "Once", createId: crypto.randomUUID() } as const;
    const both = await Promise.all([alice.run("room.create", fields), alice.run("room.create", fields)]);
    const again = await alice.run("room.create", fields);
    expect(new Set([...both, again].map(({ room }) => room.id))).toEqual(
      new Set([fields.createId as RoomId]),
    );
    const reminder = {
      room: again.room.id,
      note: "once",
      at: Date.now() + 3_600_000,
      createId: crypto.randomUUID(),
    };
    for (let round = 0; round < 2; round++)
      expect(await alice.run("reminder.set", reminder)).toEqual({ reminder: reminder.createId });
    expect((await alice.read<{ reminders: unknown[] }>("/api/me/reminders")).reminders).toHaveLength(1);
    // An id that somebody else, or another room, has is no reason to answer with theirs.
    expect(await bob.refusedWith("room.create", fields)).toBe("malformed");
    expect(await bob.refusedWith("reminder.set", { ...reminder, room: "general" as RoomId })).toBe(
      "malformed",
    );
    expect((await bob.read<{ reminders: unknown[] }>("/api/me/reminders")).reminders).toEqual([]);
  });
});
