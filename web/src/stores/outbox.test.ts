import { describe, expect, test } from "bun:test";
import type { FieldsOf } from "@novax/protocol/commands";
import type { DraftFile, FileId } from "@novax/protocol/files";
import { generalRoomId } from "@novax/protocol/general-room";
import type { RoomId, SendId } from "@novax/protocol/ids";
import type { ReplyOf, Request } from "../client/realtime-client.ts";
import { Outbox, type OutboxItem, type OutboxStorage } from "./outbox.ts";

type Sent = { sendId: SendId; text: string; answer: (reply: ReplyOf<"message.send"> | null) => void };

function setUp(stored: OutboxItem[] = []) {
  const kept = new Map<string, OutboxItem>(stored.map((item) => [item.sendId, item]));
  const storage: OutboxStorage = {
    readAll: async () => [...kept.values()],
    write: async (item) => void kept.set(item.sendId, item),
    remove: async (sendId) => void kept.delete(sendId),
  };
  const sent: Sent[] = [];
  const outbox = new Outbox(storage, {
    request: ((_type: "message.send", { sendId, body }: FieldsOf<"message.send">) =>
      new Promise((answer) => {
        if (body.kind === "text") sent.push({ sendId, text: body.text, answer });
      })) as unknown as Request,
    reconnect: () => {},
  });
  return { outbox, sent, kept };
}

const texts = (items: readonly { text: string }[]) => items.map((item) => item.text);
const settle = () => Bun.sleep(0);

describe("the outbox", () => {
  test("sends nothing before the room is attached, then one after the other in the order of writing", async () => {
    const { outbox, sent } = setUp();
    for (const text of ["one", "two", "three"]) outbox.add({ room: generalRoomId, text: text }, 0);
    expect(sent).toHaveLength(0);
    outbox.ready();
    expect(texts(sent)).toEqual(["one"]);
    outbox.acknowledge(new Set([sent[0]!.sendId]));
    expect(texts(sent)).toEqual(["one", "two"]);
    expect(texts(outbox.items.value)).toEqual(["two", "three"]);
  });

  test("sends again, under the same sendId, what a broken connection left open", async () => {
    const { outbox, sent } = setUp();
    outbox.add({ room: generalRoomId, text: "one" }, 0);
    outbox.ready();
    outbox.interrupted();
    sent[0]!.answer(null);
    await settle();
    expect(texts(outbox.items.value)).toEqual(["one"]);
    outbox.ready();
    expect(sent.map((entry) => entry.sendId)).toEqual([sent[0]!.sendId, sent[0]!.sendId]);
  });

  test("[N8] a room that does not answer, or says to wait, keeps no other room waiting", async () => {
    const { outbox, sent } = setUp();
    const workshop = "01890000-0000-7000-8000-000000000001" as RoomId;
    for (const [room, text] of [
      [generalRoomId, "one"],
      [generalRoomId, "two"],
      [workshop, "three"],
      [workshop, "four"],
    ] as const)
      outbox.add({ room, text }, 0);
    outbox.ready();
    expect(texts(sent)).toEqual(["one", "three"]);
    sent[0]!.answer({ type: "reply", re: 1, ok: false, code: "unavailable", detail: "no", retryInMs: 20 });
    sent[1]!.answer({ type: "reply", re: 2, ok: true, result: { seq: 1 } });
    await settle();
    expect(texts(sent)).toEqual(["one", "three", "four"]);
    await Bun.sleep(40);
    expect(texts(sent)).toEqual(["one", "three", "four", "one"]);
    // What is lost with the connection is sent again, each room's first.
    outbox.interrupted();
    outbox.ready();
    expect(texts(sent).slice(4)).toEqual(["one", "four"]);
  });

  test("takes the answer to a doubled send as the acknowledgement", async () => {
    const { outbox, sent, kept } = setUp();
    outbox.add({ room: generalRoomId, text: "one" }, 0);
    outbox.ready();
    sent[0]!.answer({ type: "reply", re: 1, ok: true, result: { seq: 4, duplicate: true } });
    await settle();
    expect(outbox.items.value).toEqual([]);
    expect(kept.size).toBe(0);
  });

  test("keeps what was refused for good until somebody decides, and lets the next one go", async () => {
    const { outbox, sent, kept } = setUp();
    outbox.add({ room: generalRoomId, text: "bad" }, 0);
    outbox.add({ room: generalRoomId, text: "good" }, 0);
    outbox.ready();
    sent[0]!.answer({ type: "reply", re: 1, ok: false, code: "message_invalid", detail: "no" });
    await settle();
    expect(outbox.items.value[0]).toMatchObject({ text: "bad", state: { kind: "failed", detail: "no" } });
    expect(texts(sent)).toEqual(["bad", "good"]);
    outbox.acknowledge(new Set([sent[1]!.sendId]));
    outbox.retry(sent[0]!.sendId);
    expect(texts(sent)).toEqual(["bad", "good", "bad"]);
    outbox.discard(sent[0]!.sendId);
    expect(kept.size).toBe(0);
  });

  test("a passing refusal is tried again after the time it names, and nothing overtakes it", async () => {
    const { outbox, sent } = setUp();
    outbox.add({ room: generalRoomId, text: "one" }, 0);
    outbox.add({ room: generalRoomId, text: "two" }, 0);
    outbox.ready();
    sent[0]!.answer({
      type: "reply",
      re: 1,
      ok: false,
      code: "rate_limited",
      detail: "slow down",
      retryInMs: 5,
    });
    await settle();
    expect(texts(sent)).toEqual(["one"]);
    await Bun.sleep(15);
    expect(texts(sent)).toEqual(["one", "one"]);
  });

  test("brings back what a reload interrupted, before what was written since", async () => {
    const item = (text: string, createdAt: number): OutboxItem => ({
      sendId: crypto.randomUUID() as SendId,
      room: generalRoomId,
      text,
      createdAt,
      state: { kind: "waiting" },
    });
    const { outbox, sent } = setUp([item("second", 2), item("first", 1)]);
    outbox.add({ room: generalRoomId, text: "third" }, 3);
    await outbox.restore();
    outbox.ready();
    for (let index = 0; index < 3; index++) outbox.acknowledge(new Set([sent[index]!.sendId]));
    expect(texts(sent)).toEqual(["first", "second", "third"]);
  });
});

describe("the outbox, with files", () => {
  const withFile = (key: string) => ({
    files: [{ key, id: key as FileId, kind: "file" as const, name: key, type: "", size: 1 }],
  });

  function setUpFiles() {
    const parts = setUp();
    const ready = new Map<string, readonly DraftFile[] | { failed: string }>();
    const calls: string[] = [];
    parts.outbox.useUploads({
      readyFiles: ([key]) => ready.get(key!) ?? null,
      sent: (keys) => void calls.push(`sent ${keys}`),
      discard: (keys) => void calls.push(`discard ${keys}`),
      startAnew: (keys) => void calls.push(`anew ${keys}`),
      retry: (keys) => void calls.push(`retry ${keys}`),
    });
    return { ...parts, ready, calls };
  }

  test("a message waits for its files and lets those behind it go", async () => {
    const { outbox, sent, ready, calls } = setUpFiles();
    outbox.ready();
    outbox.add({ room: generalRoomId, text: "with a film", ...withFile("film") }, 0);
    outbox.add({ room: generalRoomId, text: "short" }, 1);
    expect(texts(sent)).toEqual(["short"]);
    outbox.acknowledge(new Set([sent[0]!.sendId]));
    ready.set("film", [{ id: "film" as FileId }]);
    outbox.filesChanged();
    expect(texts(sent)).toEqual(["short", "with a film"]);
    outbox.acknowledge(new Set([sent[1]!.sendId]));
    expect(calls).toEqual(["sent ", "sent film"]);
  });

  test("before the code of uploads is here, only messages without files are sent", () => {
    const { outbox, sent } = setUp();
    outbox.ready();
    outbox.add({ room: generalRoomId, text: "early", ...withFile("a") }, 0);
    expect(sent).toEqual([]);
  });

  test("a refused file fails its message, with the reason; retrying tries the file again", () => {
    const { outbox, sent, ready, calls } = setUpFiles();
    outbox.ready();
    ready.set("a", { failed: "a: too large" });
    outbox.add({ room: generalRoomId, text: "x", ...withFile("a") }, 0);
    expect(sent).toEqual([]);
    expect(outbox.items.value[0]!.state).toEqual({ kind: "failed", detail: "a: too large" });
    const { sendId } = outbox.items.value[0]!;
    ready.set("a", [{ id: "a" as FileId }]);
    outbox.retry(sendId);
    expect(texts(sent)).toEqual(["x"]);
    outbox.discard(sendId);
    expect(calls).toEqual(["retry a", "discard a"]);
  });

  test("a message that waits is taken back with its files; one that is on its way is not", () => {
    const { outbox, sent, kept, ready, calls } = setUpFiles();
    outbox.ready();
    outbox.add({ room: generalRoomId, text: "waits", ...withFile("a") }, 0);
    const { sendId } = outbox.items.value[0]!;
    expect(outbox.takeBack(sendId)).toMatchObject({ text: "waits", files: [{ key: "a" }] });
    expect([outbox.items.value.length, kept.size, calls]).toEqual([0, 0, []]);
    ready.set("b", [{ id: "b" as FileId }]);
    outbox.add({ room: generalRoomId, text: "flies", ...withFile("b") }, 1);
    expect(texts(sent)).toEqual(["flies"]);
    expect(outbox.takeBack(outbox.items.value[0]!.sendId)).toBeNull();
    expect(outbox.items.value.length).toBe(1);
  });

  test("files that the server deleted meanwhile are uploaded anew, and the message is kept", async () => {
    const { outbox, sent, ready, calls } = setUpFiles();
    outbox.ready();
    ready.set("a", [{ id: "a" as FileId }]);
    outbox.add({ room: generalRoomId, text: "x", ...withFile("a") }, 0);
    ready.delete("a");
    sent[0]!.answer({ type: "reply", re: 1, ok: false, code: "file_gone", detail: "gone" });
    await settle();
    expect(calls).toEqual(["anew a"]);
    expect(outbox.items.value[0]!.state).toEqual({ kind: "waiting" });
  });
});
