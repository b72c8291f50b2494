import { afterAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { type PictureJob, PictureWorker } from "../../server/src/files/picture-worker.ts";
import { silentLog } from "../../server/src/log/log.ts";
import { type Person, problemOf } from "../support/person.ts";
import { isAvailable, waitUntil } from "../support/server.ts";
import {
  beginUpload,
  picture,
  refusedFile,
  sendBytes,
  text,
  upload,
  uploadRefusal,
} from "../support/uploads.ts";
import { useServer } from "../support/use-server.ts";

const bytes = (...parts: (string | Uint8Array)[]) =>
  new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part))),
  );

const u32 = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
};

/** A PNG of zeros of any size, in a few kilobytes. */
function pngBomb(width: number, height: number): Uint8Array<ArrayBuffer> {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
    return Buffer.concat([u32(data.byteLength), body, u32(Bun.hash.crc32(body))]);
  };
  const header = Buffer.concat([u32(width), u32(height), Buffer.from([1, 0, 0, 0, 0])]);
  const rows = deflateSync(Buffer.alloc((Math.ceil(width / 8) + 1) * height), { level: 9 });
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return bytes(signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", new Uint8Array()));
}

/** A GIF that says it is this large, with many frames of one pixel each. */
function gifBomb(width: number, height: number, frames: number): Uint8Array<ArrayBuffer> {
  const u16 = (value: number) => Buffer.from([value & 255, value >> 8]);
  const frame = Buffer.concat([
    Buffer.from([0x21, 0xf9, 4, 0, 1, 0, 0, 0, 0x2c]),
    ...[u16(0), u16(0), u16(width), u16(height)],
    Buffer.from([0, 2, 2, 0x44, 1, 0]),
  ]);
  return bytes(
    "GIF89a",
    ...[u16(width), u16(height)],
    Buffer.from([0x80, 0, 0, 0, 0, 0, 255, 255, 255]),
    ...Array.from({ length: frames }, () => frame),
    Buffer.from([0x3b]),
  );
}

const residentBytes = (pid: number) =>
  Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;

describe.skipIf(!isAvailable("postgres"))("what strangers upload", () => {
  const { server, alice, bob, sql } = useServer("postgres", {
    env: { STORAGE_PER_PERSON: "300MB", FILE_SIZE_MAX: "60MB" },
  });

  const served = async (person: Person, id: string) => {
    const response = await person.fetch(`/api/files/${id}`);
    const { headers } = response;
    return {
      status: response.status,
      type: headers.get("content-type"),
      disposition: headers.get("content-disposition"),
      policy: headers.get("content-security-policy"),
      sniff: headers.get("x-content-type-options"),
      body: Buffer.from(await response.arrayBuffer()),
    };
  };

  test("[A4] [F05] [F09] documents and scripts, whatever they are called, are attachments of no type in a sandbox", async () => {
    const script = "<script>document.title = 'run'</script>";
    const evil: [name: string, content: Uint8Array<ArrayBuffer>][] = [
      ["page.html", text(`<!doctype html>${script}`)],
      ["photo.png", text(`<!doctype html>${script}`)],
      ["image.svg", text(`<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`)],
      ["photo.jpg", text(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`)],
      ["feed.xml", text(`<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><a/>`)],
      ["run.js", text("alert(1)")],
      ["book.pdf", text("%PDF-1.7\n1 0 obj << /OpenAction << /S /JavaScript >> >>")],
      ["old.swf", bytes("FWS\x09", new Uint8Array(40))],
      ["mail.eml", text("Content-Type: text/html\r\n\r\n<script>")],
      ["page.mhtml", text("MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n")],
      ["archive.zip", bytes("PK\x03\x04", new Uint8Array(60))],
      ["empty.wasm", bytes("\0asm\x01\0\0\0")],
    ];
    for (const [name, content] of evil) {
      const file = await upload(alice, content, { name });
      expect(file.kind, name).toBe("file");
      expect(await served(alice, file.id), name).toMatchObject({
        status: 200,
        type: "application/octet-stream",
        sniff: "nosniff",
        body: Buffer.from(content),
      });
      const { disposition, policy } = await served(alice, file.id);
      expect(disposition, name).toStartWith("attachment;");
      expect(policy, name).toMatch(/default-src 'none'.*sandbox/);
    }
  });

  test("[A4] what is a picture and a script at once comes out as a picture alone", async () => {
    const script = "<script>alert(1)</script>/*";
    const jpeg = await picture("jpeg");
    const polyglots = [
      bytes(jpeg, script),
      bytes(await picture("png"), script),
      bytes("GIF89a/*\x00\x00\x80\x00\x00", (await picture("gif")).slice(13)),
      // A comment inside of the picture.
      bytes(jpeg.slice(0, 2), "\xff\xfe", Buffer.from([0, script.length + 2]), script, jpeg.slice(2)),
    ];
    for (const [index, polyglot] of polyglots.entries()) {
      const id = await beginUpload(alice, polyglot.byteLength, { name: "x.jpg" });
      await sendBytes(alice, id, 0, polyglot);
      const response = await alice.fetch(`/api/uploads/${id}`);
      // Refused as damaged, or encoded anew.
      if (response.status === 422) continue;
      expect(response.status, `${index}`).toBe(200);
      const { body, type } = await served(alice, id);
      expect(type).toStartWith("image/");
      expect(body.includes("<script>"), `${index}`).toBe(false);
      expect((await sharp(body).metadata()).width).toBeGreaterThan(0);
    }
  });

  test("[A18] [F03] bombs of every format are refused in a moment, and take no memory of the server", async () => {
    const before = residentBytes(server.pid);
    const noise = await picture("avif", { width: 2800, height: 2000 });
    const bombs: [name: string, content: Uint8Array<ArrayBuffer>, codes: string[]][] = [
      ["png 14000x14000", pngBomb(14_000, 14_000), ["picture_too_large"]],
      ["png 9900x9900", pngBomb(9900, 9900), ["picture_too_large"]],
      ["png 1x4000000", pngBomb(1, 4_000_000), ["picture_too_large", "picture_unreadable"]],
      ["gif 65535x65535", gifBomb(65_535, 65_535, 1), ["picture_too_large", "picture_unreadable"]],
      ["avif 5.6 MP", noise, ["picture_too_large"]],
      ["jpeg header alone", (await picture("jpeg")).slice(0, 300), ["picture_unreadable"]],
      ["half a jpeg", (await picture("jpeg")).slice(0, 9000), ["picture_unreadable"]],
      ["half a webp", (await picture("webp")).slice(0, 5000), ["picture_unreadable"]],
      ["half a png", (await picture("png")).slice(0, 5000), ["picture_unreadable"]],
    ];
    for (const [name, content, codes] of bombs) {
      const [status, code] = await refusedFile(alice, content, { name: "x.png" });
      expect(codes, `${name}: ${status} ${code}`).toContain(code);
      expect(status, name).toBe(422);
    }
    // Many large frames: the first one is kept.
    const id = await beginUpload(alice, gifBomb(4000, 4000, 3000).byteLength, { name: "bomb.gif" });
    await sendBytes(alice, id, 0, gifBomb(4000, 4000, 3000));
    const response = await alice.fetch(`/api/uploads/${id}`);
    if (response.status === 200) {
      const { file } = (await response.json()) as { file: { isAnimated?: boolean } };
      expect(file.isAnimated).toBeUndefined();
      // On a busy machine the time for it is over before it is known what it is.
    } else expect([422, 503]).toContain(response.status);
    // The server's own memory: decoding happens elsewhere.
    expect(residentBytes(server.pid) - before).toBeLessThan(100_000_000);
  }, 120_000);

  test("a refused picture is gone: it takes no space, and a HEIC is told apart", async () => {
    const heic = bytes(u32(24), "ftypheic", u32(0), "mif1heic", new Uint8Array(200));
    expect(await refusedFile(bob, heic, { name: "IMG_1.HEIC" })).toEqual([415, "picture_unsupported"]);
    expect((await upload(bob, heic, { name: "IMG_1.HEIC", isPlain: true })).kind).toBe("file");
    const [use] = await sql`select bytes::int as bytes from storage_use where owner_id = ${await bob.id()}`;
    expect(use.bytes).toBe(heic.byteLength);
  });

  test("[F08] names are shown, and are never a path, a header or a disguise", async () => {
    const names: [given: string, kept: string][] = [
      ["../../etc/passwd", "passwd"],
      ["..\\..\\boot.ini", "boot.ini"],
      ["/etc/shadow", "shadow"],
      ["..", "file"],
      ['a".html', "a_.html"],
      ["x\r\nSet-Cookie: a=b.txt", "xSet-Cookie_ a=b.txt"],
      ["photo\u202egpj.exe", "photogpj.exe"],
      ["zero\u200bwidth\u0000.txt", "zerowidth.txt"],
      ["CON.txt", "_CON.txt"],
      [".bashrc", "bashrc"],
      ["  spaces   here .txt. ", "spaces here .txt"],
      [`${"n".repeat(300)}.pdf`, `${"n".repeat(251)}.pdf`],
      ["Übergröße 文書 😀.md", "Übergröße 文書 😀.md"],
      ["'; drop table files; --.sql", "'; drop table files; --.sql"],
      ["%2e%2e%2fx", "%2e%2e%2fx"],
      ["", "file"],
    ];
    for (const [given, kept] of names) {
      const file = await upload(alice, text("x"), { name: given });
      expect(file.name, JSON.stringify(given)).toBe(kept);
      const { disposition } = await served(alice, file.id);
      expect(disposition).toMatch(
        /^attachment; filename="[\x20-\x21\x23-\x7e]*"; filename\*=UTF-8''[\w.!#$&+^`|~%-]*$/,
      );
      expect(decodeURIComponent(disposition!.split("UTF-8''")[1]!)).toBe(kept);
    }
  });

  test("[F07] a person's share and the server's hold under fifty uploads at once, and come back when files go", async () => {
    const results = await Promise.all(Array.from({ length: 50 }, () => uploadRefusal(bob, 40_000_000)));
    const begun = results.filter(([status]) => status === 201).length;
    // 300 MB hold seven of 40 MB.
    expect(begun).toBe(7);
    for (const [status, code] of results)
      if (status !== 201)
        expect([`${status} ${code}`]).toEqual([status === 429 ? "429 rate_limited" : "413 quota"]);
    await Bun.sleep(2000);
    expect(await uploadRefusal(bob, 40_000_000)).toEqual([413, "quota"]);
    await sql`delete from files where owner_id = ${await bob.id()}`;
    const [use] = await sql`select bytes::int as bytes from storage_use where owner_id = ${await bob.id()}`;
    expect(use.bytes).toBe(0);
    expect(await uploadRefusal(bob, 40_000_000)).toEqual([201, ""]);
    await sql`delete from files where owner_id = ${await bob.id()}`;
  });

  test("a hundred unfinished uploads are the most; each request and each megabyte costs", async () => {
    await sql`
      insert into files (id, owner_id, purpose, name, size, stored, created_at)
      select gen_random_uuid(), ${await bob.id()}, 'message', 'x', 1, 1, ${Date.now()} from generate_series(1, 100)`;
    expect(await uploadRefusal(bob, 10)).toEqual([409, "too_many"]);
    await sql`delete from files where owner_id = ${await bob.id()}`;
    const flood = await Promise.all(Array.from({ length: 120 }, () => uploadRefusal(bob, 10)));
    expect(flood.filter(([status]) => status === 429).length).toBeGreaterThan(40);
    await sql`delete from files where owner_id = ${await bob.id()}`;
  });

  test("only the sender gives a video its still picture, once, and before it is sent", async () => {
    const webm = bytes(
      "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm",
      new Uint8Array(200),
    );
    const video = await upload(alice, webm, { name: "clip.webm" });
    expect(video).toMatchObject({ kind: "video", type: "video/webm" });
    const image = await picture("jpeg");
    const poster = { purpose: "poster", of: video.id };
    expect(await uploadRefusal(bob, image.byteLength, poster)).toEqual([404, "file_gone"]);
    expect(await uploadRefusal(alice, image.byteLength, { purpose: "poster" })).toEqual([400, "malformed"]);
    expect(await uploadRefusal(alice, image.byteLength, { of: video.id })).toEqual([400, "malformed"]);
    expect(await refusedFile(alice, text("no picture"), poster)).toEqual([415, "picture_unsupported"]);
    const described = await upload(alice, image, poster);
    expect(described).toMatchObject({ id: video.id, kind: "video", hasPreview: true });
    expect((await alice.fetch(`/api/files/${video.id}/preview`)).status).toBe(200);
    expect(await refusedFile(alice, image, poster)).toEqual([404, "file_gone"]);
    const [left] = await sql`select count(*)::int as count from files where purpose = 'poster'`;
    expect(left.count).toBe(0);
  });

  test("what a client must not say is not taken: other purposes, widths of pictures, files of no message", async () => {
    expect(await uploadRefusal(alice, 10, { purpose: "nothing" })).toEqual([400, "malformed"]);
    expect(await refusedFile(alice, text("no picture"), { purpose: "person" })).toEqual([
      415,
      "picture_unsupported",
    ]);
    await Bun.sleep(1000);
    const face = await upload(alice, await picture("png"), { purpose: "person" });
    const body = { kind: "text" as const, text: "", files: [{ id: face.id, width: 9, height: 9 }] };
    const room = "general" as never;
    expect(
      await alice.refusedWith("message.send", { room, sendId: crypto.randomUUID() as never, body }),
    ).toBe("file_gone");
    const real = await upload(alice, await picture("png"));
    const sent = { ...body, files: [{ id: real.id, width: 9, height: 9 }] };
    const { seq } = await alice.run("message.send", {
      room,
      sendId: crypto.randomUUID() as never,
      body: sent,
    });
    const [row] = await sql`select body from messages where room_id = 'general' and seq = ${seq}`;
    expect(row.body.files[0].width).toBe(640);
    const eleven = Array.from({ length: 11 }, () => ({ id: crypto.randomUUID() as never }));
    const many = await alice.command("message.send", {
      room,
      sendId: crypto.randomUUID() as never,
      body: { kind: "text", text: "x", files: eleven },
    });
    expect([many.status, (await problemOf(many)).code]).toEqual([400, "malformed"]);
    const twice = { kind: "text" as const, text: "x", files: [{ id: real.id }, { id: real.id }] };
    const response = await alice.command("message.send", {
      room,
      sendId: crypto.randomUUID() as never,
      body: twice,
    });
    expect(response.status).toBe(400);
  });
});

describe("a child that decodes pictures", () => {
  const worker = new PictureWorker(silentLog);
  const hanging = new PictureWorker(
    silentLog,
    [process.execPath, "-e", 'process.on("message", () => { for (;;); }); process.send("ready")'],
    { cpuWithinMs: 1000 },
  );
  const dying = new PictureWorker(silentLog, [
    process.execPath,
    "-e",
    'process.on("message", () => process.exit(1)); process.send("ready")',
  ]);
  const greedy = new PictureWorker(silentLog, [
    process.execPath,
    "-e",
    'const kept = []; process.on("message", () => { setInterval(() => kept.push(Buffer.alloc(60e6, 1)), 20); }); process.send("ready")',
  ]);
  afterAll(() => {
    for (const each of [worker, hanging, dying, greedy]) each.stop();
  });
  const job = async (): Promise<PictureJob> => ({
    ...{ input: "/none", output: "/none", preview: "/none" },
    ...{ use: "message", sidePxMax: 1, pixelsMax: 1 },
  });

  test("that hangs is killed when it has worked too long, and one that dies or takes too much memory is no fault of the server", async () => {
    const started = performance.now();
    expect(await Promise.all([hanging.run("a", job), dying.run("a", job), greedy.run("a", job)])).toEqual([
      { kind: "unreadable" },
      { kind: "unreadable" },
      { kind: "unreadable" },
    ]);
    expect(performance.now() - started).toBeLessThan(60_000);
    expect(hanging.pid).toBeUndefined();
  }, 90_000);

  test("gets no secret of the server, and is replaced when it was killed", async () => {
    expect(await worker.run("a", job)).toEqual({ kind: "unreadable" });
    const pid = worker.pid!;
    const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
    expect(environment).not.toContain("PATH");
    process.kill(pid, "SIGKILL");
    expect(await waitUntil(() => worker.pid === undefined)).toBe(true);
    expect(await worker.run("a", job)).toEqual({ kind: "unreadable" });
    expect(worker.pid).not.toBe(pid);
  });
});
