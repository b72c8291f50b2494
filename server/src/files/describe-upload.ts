import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { FileInfo, FileKind, FilePurpose } from "@novax/protocol/files";
import { pictureBytesMax, picturePixelsMax, pictureSidePxMax } from "@novax/protocol/limits";
import { fileTypeFromBuffer } from "file-type";
import { Refusal } from "../lib/refusal.ts";
import { type FileNeeds, openPart, putBlob } from "./file-store.ts";
import type { PictureJob } from "./picture-worker.ts";
import { deleteUnusedFile, describeFile, givePoster, insertBlob, type StoredFile } from "./queries.ts";
import { fileGone } from "./receive-file.ts";

/** `file-type` needs no more to tell the formats that we tell apart. */
const headBytes = 4100;
const pictureTypes: readonly string[] = [
  "image/jpeg",
  "image/png",
  "image/apng",
  "image/webp",
  "image/gif",
  "image/avif",
];
/** Pictures that no part of the server decodes. */
const unsupportedTypes: readonly string[] = [
  "image/heic",
  "image/heic-sequence",
  "image/heif",
  "image/heif-sequence",
];

/** Sound and video that browsers play, under the names that they know. Nothing else is sent with its own media type. */
const playedTypes: Readonly<Record<string, string>> = {
  "video/mp4": "video/mp4",
  "video/x-m4v": "video/mp4",
  "video/webm": "video/webm",
  "video/quicktime": "video/mp4",
  "audio/mpeg": "audio/mpeg",
  "audio/mp4": "audio/mp4",
  "audio/x-m4a": "audio/mp4",
  "audio/aac": "audio/aac",
  "audio/ogg": "audio/ogg",
  "audio/ogg; codecs=opus": "audio/ogg",
  "audio/opus": "audio/ogg",
  "video/ogg": "video/ogg",
  "audio/wav": "audio/wav",
  "audio/vnd.wave": "audio/wav",
  "audio/flac": "audio/flac",
  "audio/x-flac": "audio/flac",
};

/**
 * Looks at a complete upload and says what it is, by its bytes alone; a picture is re-encoded, which drops everything in it
 * but the picture and its colours. May be called again, also by several processes.
 *
 * Refuses with `file_unfinished`; for pictures with `picture_too_large`, `picture_unreadable` and `picture_unsupported`,
 * unless they are to be kept as plain files. What is refused is deleted.
 */
export async function describeUpload(app: FileNeeds, file: StoredFile): Promise<FileInfo> {
  if (file.details) return file.details;
  if (file.received < file.size) throw new Refusal("file_unfinished", (t) => t.fileUnfinished);
  const original = await openPart(app, file.id, "original");
  if (!original) throw fileGone();
  const head = new Uint8Array(
    await new Response(
      asStream(original.read({ start: 0, end: Math.min(headBytes, original.size) })),
    ).arrayBuffer(),
  );
  const type = (await fileTypeFromBuffer(head))?.mime ?? "application/octet-stream";
  const mustBePicture = file.purpose !== "message";
  try {
    if (pictureTypes.includes(type) && !file.isPlain)
      return await describePicture(app, file, async (path) => {
        const whole = original.read({ start: 0, end: original.size });
        await Bun.write(path, new Response(asStream(whole)));
      });
    if (unsupportedTypes.includes(type) && !file.isPlain)
      throw new Refusal("picture_unsupported", (t) => t.pictureUnsupported);
    if (mustBePicture) throw new Refusal("picture_unsupported", (t) => t.notPicture);
  } catch (error) {
    if (error instanceof Refusal && error.code.startsWith("picture_"))
      await deleteUnusedFile(app.db.sql, file.owner, file.id);
    throw error;
  }
  const played = playedTypes[type];
  const kind: FileKind =
    file.isPlain || played === undefined ? "file" : played.startsWith("video/") ? "video" : "audio";
  const { id, name, size } = file;
  const details = await describeFile(
    app.db,
    { id, kind, name, type: kind === "file" ? type : played!, size },
    { blobs: [], keepsOriginal: true },
  );
  if (!details) throw fileGone();
  return details;
}

/** What a picture becomes. */
const uses: Record<FilePurpose, PictureJob["use"]> = {
  ...{ message: "message", poster: "message", preview: "preview", emoji: "emoji" },
  ...{ person: "portrait", room: "portrait", server: "portrait" },
};

/** Re-encodes a picture, which `fill` writes to a path once its turn has come, and says what it is. Refuses with `picture_…`. */
export async function describePicture(
  app: FileNeeds,
  file: StoredFile,
  fill: (path: string) => Promise<void>,
): Promise<FileInfo> {
  if (file.size > pictureBytesMax) throw new Refusal("picture_too_large", (t) => t.pictureTooLarge);
  const { blobs, random } = app;
  const [input = "", output = "", preview = ""] = ["in", "out", "preview"].map((name) =>
    join(blobs.spoolFolder, `${random.uuid()}.${name}`),
  );
  try {
    const use = uses[file.purpose];
    const job = { input, output, preview, use, sidePxMax: pictureSidePxMax, pixelsMax: picturePixelsMax };
    const outcome = await app.pictures.run(file.owner, async () => {
      await fill(input);
      return job;
    });
    if (outcome.kind === "failed") throw new Refusal("unavailable", (t) => t.tryAgain, { retryInMs: 3000 });
    if (outcome.kind === "too_large") throw new Refusal("picture_too_large", (t) => t.pictureTooLarge);
    if (outcome.kind === "unreadable") throw new Refusal("picture_unreadable", (t) => t.pictureUnreadable);
    const { type, width, height, isAnimated, placeholder } = outcome;
    if (file.posterOf !== null) {
      const blob = await keep(app, file, "preview", preview);
      const video = await givePoster(app.db, { ...file, video: file.posterOf, blob, placeholder });
      if (!video) throw fileGone();
      return video;
    }
    const picture = await keep(app, file, "picture", output);
    const made = [picture];
    if (use === "message") made.push(await keep(app, file, "preview", preview));
    const details = await describeFile(
      app.db,
      {
        id: file.id,
        kind: "picture",
        name: withEnding(file.name, type),
        type,
        size: picture.size,
        width,
        height,
        ...(placeholder === "" ? {} : { placeholder }),
        ...(use === "message" ? { hasPreview: true as const } : {}),
        ...(isAnimated ? { isAnimated: true as const } : {}),
      },
      { blobs: made, keepsOriginal: false },
    );
    if (!details) throw fileGone();
    return details;
  } finally {
    for (const path of [input, output, preview]) await rm(path, { force: true });
  }
}

/** Keeps a file of the spool folder as a part of the file. It counts once `describeFile` has named it. */
async function keep(
  app: FileNeeds,
  file: StoredFile,
  part: "picture" | "preview",
  path: string,
): Promise<{ id: string; size: number }> {
  const id = app.random.uuid();
  const { size } = Bun.file(path);
  const blob = { id, file: file.id, part, start: 0, now: app.clock.now(), piecesMax: 100 };
  if (!(await insertBlob(app.db.sql, blob))) throw fileGone();
  await putBlob(app, id, path);
  return { id, size };
}

const endings: Readonly<Record<string, readonly string[]>> = {
  "image/jpeg": [".jpg", ".jpeg"],
  "image/png": [".png"],
  "image/webp": [".webp"],
  "image/gif": [".gif"],
};

/** A name that says what the picture is now: "photo.avif" that became a WebP would not open on some devices. */
function withEnding(name: string, type: string): string {
  const right = endings[type] ?? [];
  if (right.length === 0 || right.some((ending) => name.toLowerCase().endsWith(ending))) return name;
  return name.replace(/\.(?:avif|apng|png|jpe?g|gif|webp|jfif)$/i, "") + right[0];
}

function asStream(body: Blob | ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return body instanceof Blob ? body.stream() : body;
}
