import { describe, expect, test } from "bun:test";
import { generalRoomId as room } from "@novax/protocol/general-room";
import type { Request } from "../client/realtime-client.ts";
import { type HeldCommand, HeldCommands } from "./held-commands.ts";

type Reply = Awaited<ReturnType<Request>>;
const done = { type: "reply", re: 1, ok: true, result: {} } as Reply;
const refusal = (code: string, retryInMs?: number) =>
  ({ type: "reply", re: 1, ok: false, code, detail: `it is ${code}`, retryInMs }) as Reply;

function setUp(stored: HeldCommand[] = []) {
  const kept = new Map(stored.map((command) => [command.key, command]));
  const storage = {
    readAll: async () => [...kept.values()],
    write: async (command: HeldCommand) => {
      kept.set(command.key, command);
      return true;
    },
    read: async (key: string) => kept.get(key) ?? null,
    remove: async (key: string, upTo: number) => {
      if ((kept.get(key)?.heldAt ?? Number.POSITIVE_INFINITY) <= upTo) kept.delete(key);
    },
  };
  const sent: { type: string; fields: object; answer: (reply: Reply) => void }[] = [];
  const refused: string[] = [];
  const request = ((type: string, fields: object) =>
    new Promise((answer) => sent.push({ type, fields, answer }))) as unknown as Request;
  const held = new HeldCommands(storage, request, (detail) => refused.push(detail));
  const react = (emoji: string, type: "reaction.add" | "reaction.remove" = "reaction.add") =>
    held.run(`reaction ${emoji}`, type, { room, seq: 3, emoji });
  return { held, sent, kept, refused, react };
}

/** Lets what was answered arrive. */
const settle = () => new Promise((resolve) => setImmediate(resolve));
const types = (sent: readonly { type: string }[]) => sent.map(({ type }) => type);

describe("commands that can wait", () => {
  test("are sent at once while there is a connection, one after the other, and then nothing is kept of them", async () => {
    const { held, sent, kept, react } = setUp();
    held.ready();
    const [first, second] = [react("🎉"), react("👍")];
    expect(sent).toHaveLength(1);
    sent[0]!.answer(done);
    expect(await first).toBe(true);
    await settle();
    sent[1]!.answer(done);
    expect(await second).toBe(true);
    expect(kept.size).toBe(0);
  });

  test("wait for a connection, over a reload too, in their order; the last of one kind counts", async () => {
    const { kept, react } = setUp();
    void react("🎉");
    void react("👍");
    expect(await Promise.race([react("🎉", "reaction.remove"), settle()])).toBeUndefined();
    const next = setUp([...kept.values()]);
    await next.held.restore();
    expect(next.sent).toHaveLength(0);
    next.held.ready();
    for (let at = 0; at < 2; at++) {
      await settle();
      next.sent[at]!.answer(done);
    }
    await settle();
    expect(types(next.sent)).toEqual(["reaction.add", "reaction.remove"]);
    expect(next.kept.size).toBe(0);
  });

  test("one that a broken connection left open is sent again", async () => {
    const { held, sent, kept, react } = setUp();
    held.ready();
    const reacting = react("🎉");
    held.interrupted();
    sent[0]!.answer(null);
    await settle();
    expect(kept.size).toBe(1);
    held.ready();
    await settle();
    sent[1]!.answer(done);
    expect(await reacting).toBe(true);
    expect(kept.size).toBe(0);
  });

  test("what is changed while it is on its way is sent after it", async () => {
    const { held, sent, react } = setUp();
    held.ready();
    void react("🎉");
    const removing = react("🎉", "reaction.remove");
    sent[0]!.answer(done);
    await settle();
    sent[1]!.answer(done);
    expect(await removing).toBe(true);
    expect(types(sent)).toEqual(["reaction.add", "reaction.remove"]);
  });

  test("one that was held and is replaced while it is on its way is not found again after a reload", async () => {
    const { held, sent, kept, react } = setUp();
    void react("🎉");
    await settle();
    held.ready();
    await settle();
    const removing = react("🎉", "reaction.remove");
    sent[0]!.answer(done);
    await settle();
    sent[1]!.answer(done);
    expect(await removing).toBe(true);
    expect(kept.size).toBe(0);
  });

  test("what another page did, or holds a later one of, is not sent again", async () => {
    const { held, sent, kept, react } = setUp();
    const [done1, done2] = [react("🎉"), react("👍")];
    await settle();
    kept.delete("reaction 🎉");
    kept.set("reaction 👍", { ...kept.get("reaction 👍")!, heldAt: Date.now() + 60_000 });
    held.ready();
    expect(await Promise.all([done1, done2])).toEqual([true, true]);
    expect(sent).toEqual([]);
    expect([...kept.keys()]).toEqual(["reaction 👍"]);
  });

  test("one that the server fails at again and again keeps no other waiting", async () => {
    const { held, sent, refused, react } = setUp();
    held.ready();
    const [first, second] = [react("🎉"), react("👍")];
    for (let tries = 0; tries < 5; tries++) {
      while (sent.length <= tries) await settle();
      sent[tries]!.answer(refusal("internal", 1));
    }
    expect(await first).toBe(false);
    expect(refused).toHaveLength(1);
    while (sent.length < 6) await settle();
    sent[5]!.answer(done);
    expect(await second).toBe(true);
  });

  test("a refusal is said and lets the next one go; a server that asks to wait is asked again", async () => {
    const { held, sent, refused, react } = setUp();
    held.ready();
    const [first, second] = [react("🎉"), react("👍")];
    sent[0]!.answer(refusal("forbidden"));
    expect(await first).toBe(false);
    expect(refused).toEqual(["it is forbidden"]);
    await settle();
    sent[1]!.answer(refusal("rate_limited", 1));
    while (sent.length < 3) await settle();
    sent[2]!.answer(done);
    expect(await second).toBe(true);
    expect(refused).toHaveLength(1);
  });
});
