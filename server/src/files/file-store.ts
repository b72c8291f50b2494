import type { FileId } from "@novax/protocol/files";
import type { BlobStore, ByteRange } from "../blobs/blob-store.ts";
import type { Database } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { Refusal } from "../lib/refusal.ts";
import type { Log } from "../log/log.ts";
import type { PictureWorker } from "./picture-worker.ts";
import { type FilePart, listBlobs, type StoredBlob } from "./queries.ts";

/** What the files module needs, wherever it is used. */
export type FileNeeds = {
  db: Database;
  clock: Clock;
  random: Random;
  log: Log;
  blobs: BlobStore;
  pictures: PictureWorker;
  fileLimits: FileLimits;
};

export type FileLimits = {
  fileBytesMax: number;
  perPersonBytes: number;
  /** Null: as much as the store takes. */
  totalBytesMax: number | null;
};

/** A part of a file that can be read. */
export type OpenPart = {
  size: number;
  /** The bytes of a range, read as they are taken. */
  read(range: ByteRange): Blob | ReadableStream<Uint8Array>;
};

/**
 * Puts a file of the spool folder into the store. Refuses with `storage_full`, and with `unavailable` if the store does not
 * take it. Its row then stays unwritten and is removed much later: a store may still complete what we gave up.
 */
export async function putBlob(
  { blobs, log }: Pick<FileNeeds, "blobs" | "log">,
  id: string,
  path: string,
): Promise<void> {
  try {
    await blobs.put(id, path);
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    if (isDiskFull(error)) throw new Refusal("storage_full", (t) => t.diskFull);
    log.warn("files.store_failed", { store: blobs.place, error: name, code });
    throw new Refusal("unavailable", (t) => t.fileStoreAway, { retryInMs: 3000 });
  }
}

export function isDiskFull(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Opens a part of a file, or returns null if there is none. */
export async function openPart(
  app: Pick<FileNeeds, "db" | "blobs">,
  file: FileId,
  part: FilePart,
): Promise<OpenPart | null> {
  const pieces = await listBlobs(app.db.sql, file, part);
  const last = pieces.at(-1);
  if (!last) return null;
  return {
    size: last.start + last.size,
    read: (range) => {
      const [first, ...others] = pieces.filter(
        ({ start, size }) => start < range.end && start + size > range.start,
      );
      // One piece is read as it is: from a folder the kernel sends it without our reading it.
      if (first && others.length === 0) return app.blobs.read(first.id, within(first, range));
      return joined(app.blobs, first ? [first, ...others] : [], range);
    },
  };
}

/**
 * Reads the beginning of a range, so that a store that is away is a refusal and no answer that breaks off. Refuses with
 * `unavailable`. What comes after the beginning is read as it is taken.
 */
export async function readFrom(
  { blobs, log }: Pick<FileNeeds, "blobs" | "log">,
  part: OpenPart,
  range: ByteRange,
): Promise<Blob | ReadableStream<Uint8Array>> {
  const body = part.read(range);
  if (body instanceof Blob) return body;
  const reader = body.getReader();
  try {
    let next: Awaited<ReturnType<typeof reader.read>> | null = await reader.read();
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const { done, value } = next ?? (await reader.read());
        next = null;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    });
  } catch (error) {
    const { code, name } = error as { code?: string; name: string };
    log.warn("files.read_failed", { store: blobs.place, error: name, code });
    throw new Refusal("unavailable", (t) => t.fileStoreAway, { retryInMs: 3000 });
  }
}

function within({ start, size }: StoredBlob, range: ByteRange): ByteRange {
  return { start: Math.max(0, range.start - start), end: Math.min(size, range.end - start) };
}

/** The bytes of several pieces, one piece after the other and no faster than they are taken. */
function joined(
  blobs: BlobStore,
  pieces: readonly StoredBlob[],
  range: ByteRange,
): ReadableStream<Uint8Array> {
  const chunks = chunksOf(blobs, pieces, range);
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => {
      await chunks.return();
    },
  });
}

async function* chunksOf(
  blobs: BlobStore,
  pieces: readonly StoredBlob[],
  range: ByteRange,
): AsyncGenerator<Uint8Array, void, void> {
  for (const piece of pieces) {
    const body = blobs.read(piece.id, within(piece, range));
    yield* (body instanceof Blob ? body.stream() : body) as AsyncIterable<Uint8Array>;
  }
}
