import { describe, expect, test } from "bun:test";
import type { FileId, FileInfo } from "@novax/protocol/files";
import { UploadRefused, type UploadRequest } from "../client/upload.ts";
import type { StoredUpload } from "./upload.ts";
import { Uploads } from "./uploads.ts";

type Running = UploadRequest & { done: (file: FileInfo) => void; fail: (error: unknown) => void };

/** Uploads whose other end is the test, and a storage that outlives the page. */
function setUp(kept = new Map<string, { upload: StoredUpload; blob: Blob }>(), owned = new Set<string>()) {
  const running: Running[] = [];
  const revoked: string[] = [];
  let changes = 0;
  const bytes = new Map<string, Blob>([...kept].map(([key, { blob }]) => [key, blob]));
  const uploads = new Uploads({
    own: async (key) => !owned.has(key) && owned.add(key) !== undefined,
    release: (key) => void owned.delete(key),
    storage: {
      readAll: async () => [...kept.values()].map((entry) => ({ ...entry, original: null })),
      write: async (upload) => void kept.set(upload.key, { upload, blob: bytes.get(upload.key)! }),
      writeBytes: async (key, blob) => void bytes.set(key, blob),
      remove: async (key) => {
        kept.delete(key);
        bytes.delete(key);
      },
    },
    prepare: async (blob, name) => ({
      blob,
      facts: name.endsWith(".png") ? { kind: "picture", width: 4, height: 3 } : { kind: "file" },
      isScaled: false,
    }),
    createUrl: (blob) => `blob:${blob.size}`,
    revokeUrl: (url) => revoked.push(url),
    onChange: () => {
      changes += 1;
    },
    send: (_blob, request) =>
      new Promise((done, fail) => {
        request.signal.addEventListener("abort", () => fail(request.signal.reason));
        request.onBegun(request.uploadId ?? `up-${request.name}`);
        running.push({ ...request, done, fail });
      }),
  });
  return { uploads, running, kept, revoked, changes: () => changes };
}

const file = (name: string, size = 10) => new File([new Uint8Array(size)], name);
const described = (name: string): FileInfo => ({
  id: `id-${name}` as FileId,
  kind: "file",
  name,
  type: "",
  size: 10,
});
const settle = () => Bun.sleep(0);

describe("the uploads of a page", () => {
  test("begin when files are attached, three at a time, in their order", async () => {
    const { uploads, running } = setUp();
    await uploads.attach(
      "here",
      ["a", "b", "c", "d"].map((name) => file(name)),
    );
    expect(running.map((upload) => upload.name)).toEqual(["a", "b", "c"]);
    running[1]!.done(described("b"));
    await settle();
    expect(running.map((upload) => upload.name)).toEqual(["a", "b", "c", "d"]);
  });

  test("a message has room for ten; the rest is left out, and said", async () => {
    const { uploads } = setUp();
    expect(
      await uploads.attach(
        "here",
        Array.from({ length: 7 }, (_, index) => file(`${index}`)),
      ),
    ).toBe(0);
    expect(
      await uploads.attach(
        "here",
        Array.from({ length: 5 }, (_, index) => file(`x${index}`)),
      ),
    ).toBe(2);
    expect(await uploads.attach("there", [file("y")], { has: 10 })).toBe(1);
    expect(uploads.at("here")).toHaveLength(10);
  });

  test("a message waits for all of its files, and gets them in order with what its sender said", async () => {
    const { uploads, running, changes } = setUp();
    await uploads.attach("draft", [file("a.png"), file("b")]);
    const keys = uploads.move("draft", "sent 1").map((item) => item.key);
    uploads.setAlt(keys[0]!, " a cat ");
    expect(uploads.at("draft")).toEqual([]);
    expect(uploads.readyFiles(keys)).toBeNull();
    running[1]!.done(described("b"));
    running[0]!.done(described("a.png"));
    await settle();
    expect(changes()).toBe(2);
    expect(uploads.readyFiles(keys)).toEqual([
      { id: "id-a.png" as FileId, alt: "a cat", width: 4, height: 3 },
      { id: "id-b" as FileId },
    ]);
    uploads.sent(keys);
    // Shown from the page's own bytes for a while, also under the key that it had before.
    expect(uploads.local.urlOf("id-b")).toBe("blob:10");
    expect(uploads.local.idOf(keys[1]!)).toBe("id-b");
  });

  test("a refusal fails the message with its reason, and is tried again on a word", async () => {
    const { uploads, running } = setUp();
    await uploads.attach("draft", [file("a")]);
    const [{ key } = { key: "" }] = uploads.at("draft");
    running[0]!.fail(new UploadRefused("quota", "No space left."));
    await settle();
    expect(uploads.readyFiles([key])).toEqual({ failed: "a: No space left." });
    uploads.retry([key]);
    expect(running).toHaveLength(2);
    // What was refused is gone on the server.
    expect(running[1]!.uploadId).toBeNull();
  });

  test("after a reload they go on with the same upload; one that was paused stays so", async () => {
    const first = setUp();
    await first.uploads.attach("draft", [file("a"), file("b")]);
    first.uploads.pause(first.uploads.at("draft")[1]!.key);
    await settle();
    const again = setUp(first.kept);
    expect(again.uploads.readyFiles(["unknown"])).toBeNull();
    await again.uploads.restore(() => true);
    expect(again.uploads.at("draft").map((item) => item.state.kind)).toEqual(["uploading", "paused"]);
    expect(again.running.map((upload) => upload.uploadId)).toEqual(["up-a"]);
    again.uploads.resume(again.uploads.at("draft")[1]!.key);
    expect(again.running[1]!.uploadId).toBe("up-b");
    expect(again.uploads.readyFiles(["unknown"])).toEqual({ failed: "" });
  });

  test("one that is removed stops, frees its bytes, and leaves nothing behind", async () => {
    const { uploads, running, kept, revoked } = setUp();
    await uploads.attach("draft", [file("a", 77)]);
    uploads.discard(uploads.at("draft").map((item) => item.key));
    await settle();
    expect(running[0]!.signal.aborted).toBe(true);
    expect([uploads.items.value.length, kept.size, revoked]).toEqual([0, 0, ["blob:77"]]);
  });

  test("a picture that is sent as it is begins anew, as a file", async () => {
    const { uploads, running } = setUp();
    await uploads.attach("draft", [file("a.png")]);
    uploads.sendPlain(uploads.at("draft")[0]!.key);
    expect(running[0]!.signal.aborted).toBe(true);
    expect(running[1]).toMatchObject({ isPlain: true, uploadId: null });
    expect(uploads.at("draft")[0]).toMatchObject({ kind: "file", isPlain: true });
  });

  test("nothing is sent before the page knows what it is, also of many files at once", async () => {
    const { uploads, running } = setUp();
    const attached = uploads.attach("draft", [file("a.png"), file("b.png")]);
    expect(uploads.at("draft").map((item) => item.state.kind)).toEqual(["preparing", "preparing"]);
    expect(running).toEqual([]);
    await attached;
    expect(uploads.at("draft").map((item) => item.kind)).toEqual(["picture", "picture"]);
    expect(running).toHaveLength(2);
  });

  test("a fault frees the place for the next one, and fails its file", async () => {
    const { uploads, running } = setUp();
    await uploads.attach(
      "draft",
      ["a", "b", "c", "d"].map((name) => file(name)),
    );
    running[0]!.fail(new TypeError("a fault of ours"));
    await settle();
    expect(running).toHaveLength(4);
    expect(uploads.at("draft")[0]!.state.kind).toBe("failed");
  });

  test("two pages of a browser do not send the same; what is for nothing any more is forgotten", async () => {
    const first = setUp();
    await first.uploads.attach("draft", [file("a")]);
    await first.uploads.attach("sent 1", [file("b")]);
    await settle();
    const [{ key } = { key: "" }] = first.uploads.at("draft");
    const second = setUp(first.kept, new Set([key]));
    await second.uploads.restore((place) => place !== "sent 1");
    expect(second.uploads.items.value).toEqual([]);
    // The other page has it, so it is not lost.
    expect(second.uploads.readyFiles([key])).toBeNull();
    expect([...first.kept.keys()]).toEqual([key]);
  });
});
