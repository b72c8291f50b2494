import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { TextBody } from "@novax/protocol/entities";
import type { FileId, FileInfo } from "@novax/protocol/files";
import { generalRoomId } from "@novax/protocol/general-room";
import type { RoomId, SendId } from "@novax/protocol/ids";
import type { TimelinePage } from "@novax/protocol/reads";
import sharp from "sharp";
import { Upload } from "tus-js-client";
import { type Person, problemOf, join as register } from "../support/person.ts";
import { startS3 } from "../support/s3.ts";
import { createTestData, isAvailable, startServer, waitUntil } from "../support/server.ts";
import {
  beginUpload,
  picture,
  sendBytes,
  text,
  upload,
  uploadHeaders,
  uploadRefusal,
} from "../support/uploads.ts";
import { useServer } from "../support/use-server.ts";
import { filesInZip } from "../support/zip.ts";

const s3 = await startS3();
afterAll(() => s3.stop());

const room = generalRoomId;
const piece = 8 * 1024 * 1024;

/** Sends a message with files. Returns its seq. */
async function sendFiles(
  person: Person,
  ids: readonly FileId[],
  words = "",
  into: RoomId = room,
): Promise<number> {
  const body = { kind: "text" as const, text: words, files: ids.map((id) => ({ id })) };
  return (await person.run("message.send", { room: into, sendId: crypto.randomUUID() as SendId, body })).seq;
}

async function messageAt(person: Person, seq: number, where: RoomId = room) {
  const page = await person.read<TimelinePage>(`/api/rooms/${where}/timeline`);
  const entry = page.entries.find((candidate) => candidate.seq === seq);
  if (entry?.kind !== "message") throw new Error(`no message ${seq}`);
  return entry;
}

const filesAt = async (person: Person, seq: number) =>
  ((await messageAt(person, seq)).body as TextBody).files ?? [];

const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

/** Compares bytes without printing all of them when they differ. */
function expectSame(found: Uint8Array, wanted: Uint8Array): void {
  expect(found.byteLength).toBe(wanted.byteLength);
  expect(Buffer.compare(found, wanted)).toBe(0);
}

/** Begins to send bytes of an upload, and breaks the connection after some of them, once the server has enough of them. */
async function breakAfter(
  person: Person,
  id: FileId,
  content: Uint8Array,
  { sent, isEnough }: { sent: number; isEnough: () => Promise<boolean> },
): Promise<void> {
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: person.server.port,
    socket: { data() {} },
  });
  const head = [
    `PATCH /api/uploads/${id} HTTP/1.1`,
    `Host: ${new URL(person.server.origin).host}`,
    `Origin: ${person.server.origin}`,
    `Cookie: ${person.cookieHeader}`,
    "Content-Type: application/offset+octet-stream",
    "Upload-Offset: 0",
    `Content-Length: ${content.byteLength}`,
  ];
  const bytes = Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), content.subarray(0, sent)]);
  for (let at = 0; at < bytes.byteLength; ) {
    at += socket.write(bytes.subarray(at));
    await Bun.sleep(1);
  }
  // What a system has not delivered yet goes with the connection.
  expect(await waitUntil(isEnough)).toBe(true);
  socket.terminate();
}

/** Which files of blobs the store has now. */
function storedBlobs(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes("incoming"))
    .map((entry) => join(entry.parentPath, entry.name));
}

for (const [name, kind, env] of [
  ["embedded database, disk", "embedded", {}],
  ["PostgreSQL, S3", "postgres", { S3_URL: s3.url }],
] as const) {
  describe.skipIf(!isAvailable(kind))(`files (${name})`, () => {
    const { server, alice, bob, carol, data } = useServer(kind, { env });
    const stored = () => storedBlobs(kind === "embedded" ? join(data.env.DATA_DIR!, "files") : s3.folder);
    const forgotten: string[] = [];

    test("what was sent with a message is deleted with it, at once for readers", async () => {
      const before = stored();
      const { id } = await upload(alice, text("to be forgotten, rightly".repeat(1000)));
      const seq = await sendFiles(alice, [id]);
      forgotten.push(...stored().filter((blob) => !before.includes(blob)));
      expect(forgotten).not.toBeEmpty();
      await alice.run("message.delete", { room, seq });
      for (const person of [alice, bob]) expect((await person.fetch(`/api/files/${id}`)).status).toBe(404);
    });

    test("a file is uploaded, sent, and read by the members of the room as it was", async () => {
      const content = crypto.getRandomValues(new Uint8Array(60_000));
      const file = await upload(alice, content, { name: "plans.bin" });
      expect(file).toEqual({
        id: file.id,
        kind: "file",
        name: "plans.bin",
        type: "application/octet-stream",
        size: 60_000,
      });
      const seq = await sendFiles(alice, [file.id], "see here");
      expect((await messageAt(bob, seq)).body).toEqual({ kind: "text", text: "see here", files: [file] });
      const response = await bob.fetch(`/api/files/${file.id}`);
      expect(response.status).toBe(200);
      expectSame(await bytesOf(response), content);
    });

    test("a file alone is a message: shown by its name in previews, in the basic protocol, and to a search of texts", async () => {
      const file = await upload(alice, text("a,b\n1,2\n"), { name: "table.csv" });
      const socket = await bob.enter();
      const basic = await bob.open();
      const seq = await sendFiles(alice, [file.id]);
      const event = await socket.next((frame) => frame.type === "events");
      expect(event.events).toMatchObject([
        { type: "message.sent", seq, body: { kind: "text", text: "", files: [file] } },
      ]);
      await basic.until(() => basic.texts.some((frame) => frame.includes("[table.csv]")));
      await bob.run("message.save", { room, seq });
      const saved = await bob.read<{ messages: { excerpt: string }[] }>("/api/me/saved");
      expect(saved.messages[0]!.excerpt).toBe("table.csv");
      const answer = await bob.say(room, "thanks", { replyTo: seq });
      expect((await messageAt(alice, answer)).quote).toMatchObject({
        seq,
        excerpt: "table.csv",
        file: { id: file.id },
      });
      socket.close();
      basic.close();
    });

    test("an upload goes on where a broken connection left it, on any request", async () => {
      const content = crypto.getRandomValues(new Uint8Array(2 * piece + 70_000));
      const id = await beginUpload(alice, content.byteLength);
      const head = async () =>
        Number((await alice.fetch(`/api/uploads/${id}`, { method: "HEAD" })).headers.get("upload-offset"));
      // At least one piece was whole; what else had arrived is kept when the server sees that the line is broken. That can
      // be after an answer to HEAD: bytes sent for its offset are then refused with 409, and a client asks again.
      await breakAfter(alice, id, content, {
        sent: 2 * piece + 50_000,
        isEnough: async () => (await head()) >= piece,
      });
      let rest: Response | undefined;
      const isWhole = async () => {
        const offset = await head();
        expect(offset).toBeLessThan(content.byteLength);
        rest = await sendBytes(alice, id, offset, content.slice(offset));
        return rest.status !== 409;
      };
      expect(await waitUntil(isWhole)).toBe(true);
      expect([rest?.status, rest?.headers.get("upload-offset")]).toEqual([204, String(content.byteLength)]);
      const seq = await sendFiles(alice, [id]);
      expectSame(await bytesOf(await bob.fetch(`/api/files/${id}`)), content);
      expect((await filesAt(bob, seq))[0]!.size).toBe(content.byteLength);
    });

    test("a range across pieces is 206; the end of a file, a range behind it, and several ranges", async () => {
      const content = crypto.getRandomValues(new Uint8Array(piece + 1000));
      const { id } = await upload(alice, content);
      const ask = async (range: string) => {
        const response = await alice.fetch(`/api/files/${id}`, { headers: { range } });
        return {
          status: response.status,
          range: response.headers.get("content-range"),
          bytes: await bytesOf(response),
        };
      };
      expect(await ask(`bytes=${piece - 10}-${piece + 9}`)).toEqual({
        status: 206,
        range: `bytes ${piece - 10}-${piece + 9}/${content.byteLength}`,
        bytes: content.slice(piece - 10, piece + 10),
      });
      expectSame((await ask("bytes=-5")).bytes, content.slice(-5));
      expectSame((await ask(`bytes=${piece}-`)).bytes, content.slice(piece));
      expect(await ask(`bytes=${content.byteLength}-`)).toMatchObject({
        status: 416,
        range: `bytes */${content.byteLength}`,
      });
      for (const whole of ["bytes=0-1,3-4", "bytes=5-2", "bytes=-", "lines=1-2", `bytes=${"9".repeat(40)}-`])
        expect((await ask(whole)).bytes.byteLength, whole).toBe(content.byteLength);
      const known = (await alice.fetch(`/api/files/${id}`)).headers.get("etag")!;
      expect((await alice.fetch(`/api/files/${id}`, { headers: { "if-none-match": known } })).status).toBe(
        304,
      );
      const changed = await alice.fetch(`/api/files/${id}`, {
        headers: { range: "bytes=0-0", "if-range": '"other"' },
      });
      expect(changed.status).toBe(200);
      await changed.body?.cancel();
    });

    test("any tus client can upload", async () => {
      const content = crypto.getRandomValues(new Uint8Array(300_000));
      const url = await new Promise<string>((resolve, reject) => {
        const tus = new Upload(Buffer.from(content) as unknown as File, {
          endpoint: `${server.url}/api/uploads`,
          headers: { cookie: alice.cookieHeader, origin: server.origin },
          metadata: { filename: "by tus.bin" },
          chunkSize: 100_000,
          onSuccess: () => resolve(tus.url!),
          onError: reject,
        });
        tus.start();
      });
      const { file } = await alice.read<{ file: FileInfo }>(new URL(url).pathname);
      expect(file).toMatchObject({ name: "by tus.bin", size: 300_000 });
      expectSame(await bytesOf(await alice.fetch(`/api/files/${file.id}`)), content);
    });

    test("[F04] a picture is re-encoded: position, camera and comments are gone, its orientation is applied", async () => {
      const original = await sharp(await picture("jpeg", { width: 900, height: 600 }))
        .withExif({
          IFD0: { Make: "Camera maker", Orientation: "6" },
          IFD3: { GPSLatitude: "51/1 30/1 3230/100" },
        })
        .withMetadata({ orientation: 6 })
        .toBuffer();
      expect(original.includes("Camera maker")).toBe(true);
      const file = await upload(alice, new Uint8Array(original), { name: "holiday.jpg" });
      expect(file).toMatchObject({
        kind: "picture",
        type: "image/jpeg",
        width: 600,
        height: 900,
        hasPreview: true,
      });
      expect(file.placeholder).toMatch(/^[A-Za-z0-9+/=]{20,40}$/);
      const shown = await bytesOf(await alice.fetch(`/api/files/${file.id}`));
      expect(shown.byteLength).toBe(file.size);
      const meta = await sharp(shown).metadata();
      expect([meta.exif, meta.xmp, meta.iptc, meta.orientation, meta.width]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
        600,
      ]);
      const preview = await alice.fetch(`/api/files/${file.id}/preview`);
      expect(preview.headers.get("content-type")).toBe("image/webp");
      expect((await sharp(await bytesOf(preview)).metadata()).height).toBe(800);
    });

    test("a picture that is sent as a file is kept as it is, and shown as a file", async () => {
      const original = await picture("png");
      const file = await upload(alice, original, { name: "exact.png", isPlain: true });
      expect(file).toEqual({
        id: file.id,
        kind: "file",
        name: "exact.png",
        type: "image/png",
        size: original.byteLength,
      });
      const response = await alice.fetch(`/api/files/${file.id}`);
      expect(response.headers.get("content-type")).toBe("application/octet-stream");
      expectSame(await bytesOf(response), original);
      expect((await alice.fetch(`/api/files/${file.id}/preview`)).status).toBe(404);
    });

    test("[F02] every format of pictures is told by its bytes, whatever it is called", async () => {
      for (const format of ["jpeg", "png", "webp", "gif", "avif"] as const) {
        const file = await upload(alice, await picture(format), { name: "notes.txt" });
        const type = format === "avif" || format === "gif" ? "image/webp" : `image/${format}`;
        expect(file, format).toMatchObject({ kind: "picture", type, width: 640, height: 480 });
        expect(file.name).toBe(`notes.txt.${format === "jpeg" ? "jpg" : type.slice(6)}`);
      }
      const frames = await Promise.all(
        [10, 80, 160].map((level) =>
          sharp({ create: { width: 60, height: 40, channels: 3, background: { r: level, g: 0, b: 0 } } })
            .png()
            .toBuffer(),
        ),
      );
      const moving = await sharp(frames, { join: { animated: true } })
        .gif({ loop: 0, delay: [100, 100, 100] })
        .toBuffer();
      const file = await upload(alice, new Uint8Array(moving), { name: "party.gif" });
      expect(file).toMatchObject({
        kind: "picture",
        type: "image/gif",
        isAnimated: true,
        width: 60,
        height: 40,
      });
      const meta = await sharp(await bytesOf(await alice.fetch(`/api/files/${file.id}`)), {
        animated: true,
      }).metadata();
      expect(meta.pages).toBe(3);
      const still = await sharp(await bytesOf(await alice.fetch(`/api/files/${file.id}/preview`)), {
        animated: true,
      }).metadata();
      expect(still.pages ?? 1).toBe(1);
    });

    test("an edit keeps, adds and removes files, and puts words to a picture", async () => {
      const [first, second] = [await upload(alice, text("one")), await upload(alice, await picture("png"))];
      const seq = await sendFiles(alice, [first!.id], "both");
      await alice.run("message.edit", { room, seq, text: "only words changed" });
      expect(await filesAt(bob, seq)).toEqual([first!]);
      const files = [{ id: second!.id, alt: "noise" }];
      await alice.run("message.edit", { room, seq, text: "", files: [{ id: first!.id }, ...files] });
      expect(await filesAt(bob, seq)).toEqual([first!, { ...second!, alt: "noise" }]);
      await alice.run("message.edit", { room, seq, text: "", files });
      expect((await bob.fetch(`/api/files/${first!.id}`)).status).toBe(404);
      expect((await bob.fetch(`/api/files/${second!.id}`)).status).toBe(200);
      expect(await alice.refusedWith("message.edit", { room, seq, text: " ", files: [] })).toBe(
        "message_invalid",
      );
      expect(
        await alice.refusedWith("message.edit", { room, seq, text: "x", files: [{ id: first!.id }] }),
      ).toBe("file_gone");
      const { revisions } = await bob.read<{ revisions: { text: string }[] }>(
        `/api/rooms/${room}/messages/${seq}/revisions`,
      );
      expect(revisions.map((revision) => revision.text)).toEqual(["both", "only words changed", "", ""]);
    });

    test("a room's files are a list, by kind and page by page, newest first, without what is gone", async () => {
      const { room: own } = await alice.run("room.create", { kind: "private", name: `list ${name}` });
      const image = await picture("png", { width: 40, height: 30 });
      const sent: string[] = [];
      for (let index = 0; index < 3; index++) {
        const [one, two] = [
          await upload(alice, image, { name: `${index}.png` }),
          await upload(alice, text("x")),
        ];
        await sendFiles(alice, [one.id, two.id], "", own.id);
        sent.push(...[one.id, two.id].sort());
      }
      const gone = await upload(alice, text("gone"));
      const seq = await sendFiles(alice, [gone.id], "", own.id);
      await alice.run("message.delete", { room: own.id, seq });
      type List = { files: { file: FileInfo; seq: number }[]; next: string | null };
      const path = `/api/rooms/${own.id}/files`;
      const all = await alice.read<List>(path);
      expect(all.files.map(({ file }) => file.id as string)).toEqual(sent.toReversed());
      const pages: string[] = [];
      let after: string | null = "";
      while (after !== null) {
        const page: List = await alice.read<List>(
          `${path}?limit=2&kind=picture${after && `&after=${after}`}`,
        );
        pages.push(...page.files.map(({ file }) => file.name));
        after = page.next;
      }
      expect(pages).toEqual(["2.png", "1.png", "0.png"]);
      expect((await alice.read<List>(`${path}?kind=media`)).files).toEqual([]);
      expect((await bob.fetch(path)).status).toBe(404);
      expect((await alice.fetch(`${path}?kind=secret`)).status).toBe(400);
      expect((await alice.fetch(`${path}?after=x`)).status).toBe(400);
    });

    test("[F06] nobody but members of the room reads a file, and only its owner before it is sent", async () => {
      const { room: own } = await alice.run("room.create", { kind: "private", name: `files ${name}` });
      const file = await upload(alice, await picture("png"));
      const paths = [`/api/files/${file.id}`, `/api/files/${file.id}/preview`];
      const statuses = (person: Person) =>
        Promise.all(paths.map(async (path) => (await person.fetch(path)).status));
      expect(await statuses(alice)).toEqual([200, 200]);
      expect(await statuses(bob)).toEqual([404, 404]);
      await sendFiles(alice, [file.id], "", own.id);
      expect(await statuses(bob)).toEqual([404, 404]);
      await alice.run("member.add", { room: own.id, people: [await bob.id()] });
      expect(await statuses(bob)).toEqual([200, 200]);
      // The other account in the same browser asks with what its cache knows.
      const etag = (await bob.fetch(paths[0]!)).headers.get("etag")!;
      expect((await carol.fetch(paths[0]!, { headers: { "if-none-match": etag } })).status).toBe(404);
      await alice.run("member.remove", { room: own.id, person: await bob.id() });
      expect(await statuses(bob)).toEqual([404, 404]);
      // A guest reads what is in their rooms, and nothing else.
      await alice.post(`/admin/people/${await carol.id()}/role`, { role: "guest" });
      expect(await statuses(carol)).toEqual([404, 404]);
      await alice.run("member.add", { room: own.id, people: [await carol.id()] });
      expect(await statuses(carol)).toEqual([200, 200]);
      await alice.run("member.remove", { room: own.id, person: await carol.id() });
      await alice.post(`/admin/people/${await carol.id()}/role`, { role: "member" });
      expect(await statuses(carol)).toEqual([404, 404]);
      const nobody = await fetch(server.url + paths[0]);
      expect(nobody.status).toBe(401);
      const missing = await carol.fetch(`/api/files/${crypto.randomUUID()}`);
      const closed = await carol.fetch(paths[0]!);
      expect([await missing.text(), missing.status]).toEqual([await closed.text(), closed.status]);
      expect((await carol.fetch(`/api/files/${generalRoomId}`)).status).toBe(404);
    });

    test("an upload is its owner's alone: nobody else asks for it, adds to it, sends it or gives it up", async () => {
      const id = await beginUpload(alice, 10);
      expect((await bob.fetch(`/api/uploads/${id}`)).status).toBe(404);
      expect((await bob.fetch(`/api/uploads/${id}`, { method: "HEAD" })).status).toBe(404);
      expect((await sendBytes(bob, id, 0, text("0123456789"))).status).toBe(404);
      expect((await bob.fetch(`/api/uploads/${id}`, { method: "DELETE" })).status).toBe(404);
      await sendBytes(alice, id, 0, text("0123456789"));
      const body = { kind: "text" as const, text: "mine now", files: [{ id }] };
      const sendId = crypto.randomUUID() as SendId;
      expect(await bob.refusedWith("message.send", { room, sendId, body })).toBe("file_gone");
      const seq = await sendFiles(alice, [id]);
      expect((await alice.fetch(`/api/uploads/${id}`, { method: "DELETE" })).status).toBe(404);
      expect(await filesAt(bob, seq)).toHaveLength(1);
    });

    test("a file is part of one message, of fifty that want it at once; and once of a message that is sent twice", async () => {
      const { id } = await upload(alice, text("once"));
      const send = (sendId: string) =>
        alice.command("message.send", {
          room,
          sendId: sendId as SendId,
          body: { kind: "text", text: "", files: [{ id }] },
        });
      const responses = await Promise.all(Array.from({ length: 30 }, () => send(crypto.randomUUID())));
      const sent = responses.filter((response) => response.status === 200);
      expect(sent).toHaveLength(1);
      for (const response of responses)
        if (response.status !== 200)
          expect(["file_gone", "rate_limited"]).toContain((await problemOf(response)).code);
      await Bun.sleep(2500);
      const other = await upload(alice, text("twice"));
      const sendId = crypto.randomUUID();
      const fields = {
        room,
        sendId: sendId as SendId,
        body: { kind: "text" as const, text: "", files: [{ id: other.id }] },
      };
      const first = await alice.run("message.send", fields);
      expect(await alice.run("message.send", fields)).toEqual({ seq: first.seq, duplicate: true });
      await alice.run("message.delete", { room, seq: first.seq });
      expect(await alice.run("message.send", fields)).toEqual({ seq: first.seq, duplicate: true });
    });

    test("a refused message keeps its files for the next try; a message beside it in the same commit is sent", async () => {
      const { id } = await upload(alice, text("still here"));
      const body = { kind: "text" as const, text: "x", files: [{ id }] };
      const fields = { room, body, replyTo: 999_999 };
      expect(
        await alice.refusedWith("message.send", { ...fields, sendId: crypto.randomUUID() as SendId }),
      ).toBe("message_gone");
      expect((await alice.fetch(`/api/files/${id}`)).status).toBe(200);
      expect(await sendFiles(alice, [id])).toBeGreaterThan(0);
      const unfinished = await beginUpload(alice, 100);
      expect(
        await alice.refusedWith("message.send", {
          room,
          sendId: crypto.randomUUID() as SendId,
          body: { kind: "text", text: "", files: [{ id: unfinished }] },
        }),
      ).toBe("file_unfinished");
    });

    test("bytes at another offset, beyond the length, after the end, or by two at once never mix", async () => {
      const content = crypto.getRandomValues(new Uint8Array(200_000));
      const id = await beginUpload(alice, content.byteLength);
      expect((await sendBytes(alice, id, 5, content.slice(5))).status).toBe(409);
      expect((await sendBytes(alice, id, 0, crypto.getRandomValues(new Uint8Array(200_001)))).status).toBe(
        413,
      );
      // Ten different claims to the same bytes.
      const half = content.byteLength / 2;
      const rivals = Array.from({ length: 6 }, () => crypto.getRandomValues(new Uint8Array(half)));
      const answers = await Promise.all(rivals.map((rival) => sendBytes(alice, id, 0, rival)));
      const won = answers.flatMap((answer, index) => (answer.status === 204 ? [index] : []));
      expect(won).toHaveLength(1);
      expect((await sendBytes(alice, id, half, content.slice(half))).status).toBe(204);
      expect((await sendBytes(alice, id, content.byteLength, text("more"))).status).toBe(413);
      await alice.read(`/api/uploads/${id}`);
      const kept = await bytesOf(await alice.fetch(`/api/files/${id}`));
      expectSame(kept.slice(0, half), rivals[won[0]!]!);
      expectSame(kept.slice(half), content.slice(half));
    });

    test("an upload that is given up while it arrives is gone, and so are its bytes", async () => {
      const id = await beginUpload(alice, 3 * piece);
      let isGivenUp = false;
      let sent = 0;
      const slow = new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          if (sent >= piece && !isGivenUp) {
            isGivenUp = true;
            expect((await alice.fetch(`/api/uploads/${id}`, { method: "DELETE" })).status).toBe(204);
          }
          sent += 1_000_000;
          controller.enqueue(new Uint8Array(1_000_000));
        },
      });
      const response = await sendBytes(alice, id, 0, slow).catch(() => null);
      if (response) expect(response.status).toBe(404);
      expect((await alice.fetch(`/api/uploads/${id}`)).status).toBe(404);
    });

    test("[F01] [F07] an empty file, one that is too large, and one that is longer than it said", async () => {
      expect(await uploadRefusal(alice, 0)).toEqual([422, "file_empty"]);
      expect(await uploadRefusal(alice, 1_000_000_001)).toEqual([413, "file_too_large"]);
      for (const length of ["-1", "1e3", "", "x", "9".repeat(30)]) {
        const headers = { ...uploadHeaders(1), "upload-length": length };
        const response = await alice.fetch("/api/uploads", { method: "POST", headers });
        expect([response.status, length]).toEqual([400, length]);
      }
      const wrong = await alice.fetch("/api/uploads", {
        method: "POST",
        headers: { ...uploadHeaders(5), "tus-resumable": "0.2.2" },
      });
      expect(wrong.status).toBe(400);
    });

    test("an export has the files of its person, and everybody is told how much they keep", async () => {
      const person = await register(server, `export${kind}`);
      const content = crypto.getRandomValues(new Uint8Array(9_000_000));
      const [one, two] = [
        await upload(person, content, { name: "Übersicht.bin" }),
        await upload(person, await picture("png"), { name: "me.png" }),
      ];
      const seq = await sendFiles(person, [one.id, two.id], "mine");
      const use = await person.read<{ usedBytes: number; server: unknown }>("/api/me/storage");
      expect(use.usedBytes).toBeGreaterThan(9_000_000);
      expect(use.server).toBeNull();
      const all = await alice.read<{ server: { usedBytes: number } }>("/api/me/storage");
      expect(all.server.usedBytes).toBeGreaterThanOrEqual(use.usedBytes);
      const response = await person.post("/account/export/files", {});
      expect(response.headers.get("content-type")).toBe("application/zip");
      const entries = filesInZip(await bytesOf(response));
      // Folders begin with the day, so that they are sorted by it.
      const day = new Date().toISOString().slice(0, 10);
      const entryOf = (id: string, name: string) => entries.get(`files/${day} ${id}/${name}`)!;
      expectSame(entryOf(one.id, "Übersicht.bin"), content);
      expect(entryOf(two.id, "me.png").byteLength).toBe(two.size);
      const about = JSON.parse(new TextDecoder().decode(entries.get(`novax-export${kind}.json`))) as {
        kept: { files: { name: string; seq: number }[] };
      };
      expect(about.kept.files.map((entry) => [entry.name, entry.seq])).toEqual([
        ["Übersicht.bin", seq],
        ["me.png", seq],
      ]);
    });

    test("when the session ends, what is still arriving is not kept", async () => {
      const thief = await alice.inAnotherBrowser();
      const id = await beginUpload(thief, 2 * piece);
      await thief.post("/logout", {});
      expect((await sendBytes(thief, id, 0, new Uint8Array(10))).status).toBe(401);
    });

    test("what was deleted with its message is soon gone from the store", async () => {
      // The clean-up runs every ten seconds.
      expect(await waitUntil(() => !stored().some((blob) => forgotten.includes(blob)), 45_000)).toBe(true);
    }, 60_000);
  });
}

test("a file whose store is away is refused with 503, and the log says which store, without its key", async () => {
  const store = await startS3();
  const data = await createTestData("embedded");
  const server = await startServer(data, { env: { S3_URL: store.url } });
  const alice = await register(server, "alice");
  const { id } = await upload(alice, text("kept elsewhere"), { name: "a.txt" });
  await sendFiles(alice, [id]);
  expect((await alice.fetch(`/api/files/${id}`)).status).toBe(200);
  await store.stop();
  const refused = await alice.fetch(`/api/files/${id}`);
  expect([refused.status, (await problemOf(refused)).code]).toEqual([503, "unavailable"]);
  expect(server.output()).toContain("files.read_failed");
  const { password } = new URL(store.url);
  expect(server.output()).not.toContain(decodeURIComponent(password));
  await server.stop();
  await data.remove();
}, 60_000);
