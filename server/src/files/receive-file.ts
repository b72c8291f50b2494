import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseFileName } from "@novax/protocol/file-name";
import type { FileId, FilePurpose } from "@novax/protocol/files";
import type { AccountId } from "@novax/protocol/ids";
import { pictureBytesMax } from "@novax/protocol/limits";
import { assertLiveSession } from "../auth/session-queries.ts";
import type { Actor } from "../auth/sessions.ts";
import type { Sql } from "../db/database.ts";
import { lockOnly } from "../db/lock-queries.ts";
import { Refusal } from "../lib/refusal.ts";
import { type FileLimits, type FileNeeds, isDiskFull, putBlob } from "./file-store.ts";
import {
  deleteUnusedFile,
  findFile,
  insertBlob,
  insertFile,
  listFilesOf,
  readStorageUse,
  type StoredFile,
  takePiece,
} from "./queries.ts";

/** A piece of this size is kept before the next begins: what a broken connection loses at most. */
export const pieceBytes = 8 * 1024 * 1024;
/** A shorter rest of a broken connection is dropped, so that a file does not end up in crumbs. */
const pieceBytesMin = 16 * 1024;
/** Beside the whole ones: how many pieces broken connections can make. */
const brokenPiecesMax = 1000;
const unfinishedMax = 100;
const atOncePerPersonMax = 12;
/** Left for the database and the system. */
const keptFreeBytes = 1_000_000_000;

export type UploadFields = {
  name: string;
  size: number;
  purpose: FilePurpose;
  /** Of a poster: the video that it is for. */
  posterOf: FileId | null;
  isPlain: boolean;
};

/**
 * Begins an upload. Returns the new file's id. Refuses with `file_empty`, `file_too_large`, `quota` if it does not fit
 * into the person's or the server's storage, and with `too_many` unfinished uploads.
 */
export async function beginUpload(
  app: FileNeeds,
  actor: Actor,
  { name, size, purpose, posterOf, isPlain }: UploadFields,
): Promise<FileId> {
  const { fileLimits } = app;
  if (size === 0) throw new Refusal("file_empty", (t) => t.fileEmpty);
  const sizeMax =
    purpose === "message" ? fileLimits.fileBytesMax : Math.min(pictureBytesMax, fileLimits.fileBytesMax);
  if (size > sizeMax) throw new Refusal("file_too_large", (t) => t.fileTooLarge(sizeMax));
  const free = await app.blobs.freeBytes();
  const id = app.random.uuid() as FileId;
  await app.db.transact(async (tx) => {
    await lockOnly(tx, "storage");
    await assertLiveSession(tx, actor);
    await assertRoomFor(fileLimits, tx, { owner: actor.id, size, free });
    if (posterOf !== null) {
      const [video] = await listFilesOf(tx, actor.id, [posterOf]);
      if (video?.details?.kind !== "video" || video.message) throw fileGone();
    }
    const file = { id, owner: actor.id, purpose, posterOf, name: parseFileName(name), isPlain, size };
    await insertFile(tx, file, app.clock.now());
  });
  return id;
}

/**
 * Asserts that another file of a person fits into what they and the server can keep. Refuses with `quota`, and with `too_many`
 * unfinished uploads. `free`: what the store says it has left. The storage is locked (`lockOnly`).
 */
export async function assertRoomFor(
  { perPersonBytes, totalBytesMax }: FileLimits,
  tx: Sql,
  { owner, size, free }: { owner: AccountId; size: number; free: number | null },
): Promise<void> {
  const use = await readStorageUse(tx, owner);
  if (free !== null && free - use.promised - size < keptFreeBytes)
    throw new Refusal("quota", (t) => t.storageFullForAll);
  if (use.unfinished >= unfinishedMax) throw new Refusal("too_many", (t) => t.tooManyUploads);
  if (use.own + size > perPersonBytes) throw new Refusal("quota", (t) => t.storageFull(perPersonBytes));
  if (totalBytesMax !== null && use.all + size > totalBytesMax)
    throw new Refusal("quota", (t) => t.storageFullForAll);
}

/** Returns the actor's own upload. Refuses with `file_gone`, also for somebody else's. */
export async function requireUpload(
  app: Pick<FileNeeds, "db">,
  actor: Actor,
  id: FileId,
): Promise<StoredFile> {
  const file = await findFile(app.db.sql, id);
  if (file?.owner !== actor.id) throw fileGone();
  return file;
}

/** Deletes an upload that is part of no message. Refuses with `file_gone`. */
export async function discardUpload(app: Pick<FileNeeds, "db">, actor: Actor, id: FileId): Promise<void> {
  if (!(await deleteUnusedFile(app.db.sql, actor.id, id))) throw fileGone();
}

export function fileGone(): Refusal {
  return new Refusal("file_gone", (t) => t.fileGone);
}

/** Bytes for an upload. `onBytes` is called with how many came, as they come. */
export type Received = {
  offset: number;
  body: ReadableStream<Uint8Array> | null;
  onBytes: (count: number) => void;
};

/** Receives the bytes of uploads into the store. */
export class Receiver {
  readonly #app: FileNeeds;
  readonly #open = new Map<AccountId, number>();

  constructor(app: FileNeeds) {
    this.#app = app;
  }

  /**
   * Receives bytes from `offset` on, in pieces. Returns how far the file is then. What has arrived is kept when the
   * connection breaks, so the sender goes on from where `requireUpload` says.
   *
   * Refuses with `upload_offset` if the file is not as far as `offset`, or another request has added to it meanwhile; with
   * `file_too_large` if more comes than was announced; with `file_gone`, and with `unauthenticated` if the session ended.
   */
  async receive(actor: Actor, id: FileId, { offset, body, onBytes }: Received): Promise<number> {
    const file = await requireUpload(this.#app, actor, id);
    if (file.received !== offset) throw wrongOffset();
    const running = this.#open.get(actor.id) ?? 0;
    if (running >= atOncePerPersonMax)
      throw new Refusal("rate_limited", (t) => t.tooManyUploads, { retryInMs: 2000 });
    this.#open.set(actor.id, running + 1);
    const piece = new Piece(this.#app, actor, file);
    try {
      for await (const chunk of body ?? []) {
        if (piece.end + chunk.byteLength > file.size)
          throw new Refusal("file_too_large", "The upload is longer than its Upload-Length.");
        onBytes(chunk.byteLength);
        for (let rest = chunk; rest.byteLength > 0; ) {
          const part = rest.subarray(0, pieceBytes - piece.size);
          await piece.write(part);
          rest = rest.subarray(part.byteLength);
          if (piece.size === pieceBytes) await piece.keep();
        }
      }
      await piece.keep();
    } catch (error) {
      // A connection that broke; a refusal, and a fault of ours, keep nothing more.
      const isBroken = !(error instanceof Refusal) && !piece.hasFailed && piece.size >= pieceBytesMin;
      if (isBroken) await piece.keep();
      throw error;
    } finally {
      await piece.drop();
      const left = this.#open.get(actor.id)! - 1;
      if (left === 0) this.#open.delete(actor.id);
      else this.#open.set(actor.id, left);
    }
    return piece.end;
  }
}

function wrongOffset(): Refusal {
  return new Refusal("upload_offset", "Upload-Offset isn't where this upload is. Ask for it with HEAD.");
}

/** The piece of a file that is being received: first in a file of the spool folder, then in the store. */
class Piece {
  readonly #app: FileNeeds;
  readonly #actor: Actor;
  readonly #file: StoredFile;
  #handle: Awaited<ReturnType<typeof open>> | null = null;
  #path = "";
  #start: number;
  size = 0;
  /** Keeping it failed. */
  hasFailed = false;

  constructor(app: FileNeeds, actor: Actor, file: StoredFile) {
    this.#app = app;
    this.#actor = actor;
    this.#file = file;
    this.#start = file.received;
  }

  /** Where in the file the next byte belongs. */
  get end(): number {
    return this.#start + this.size;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!this.#handle) {
      this.#path = join(this.#app.blobs.spoolFolder, this.#app.random.uuid());
      this.#handle = await open(this.#path, "wx", 0o600);
    }
    // What was not written as a whole must not be kept: it would leave a hole.
    const couldFail = this.hasFailed;
    this.hasFailed = true;
    try {
      for (let done = 0; done < bytes.byteLength; ) {
        const { bytesWritten } = await this.#handle.write(bytes, done, bytes.byteLength - done);
        done += bytesWritten;
      }
    } catch (error) {
      if (isDiskFull(error)) throw new Refusal("storage_full", (t) => t.diskFull);
      throw error;
    }
    this.size += bytes.byteLength;
    this.hasFailed = couldFail;
  }

  /** Moves it into the store and counts it. Does nothing if it is empty. */
  async keep(): Promise<void> {
    if (this.size === 0) return;
    const { db, clock, random } = this.#app;
    const { id: file, size: whole } = this.#file;
    this.hasFailed = true;
    await this.#handle!.close();
    this.#handle = null;
    const blob = random.uuid();
    const piecesMax = Math.ceil(whole / pieceBytes) + brokenPiecesMax;
    const named = {
      id: blob,
      file,
      part: "original",
      start: this.#start,
      now: clock.now(),
      piecesMax,
    } as const;
    if (!(await insertBlob(db.sql, named))) throw fileGone();
    await putBlob(this.#app, blob, this.#path);
    const { sessionId: session } = this.#actor;
    if (!(await takePiece(db, { blob, file, session, start: this.#start, size: this.size }))) {
      await assertLiveSession(db.sql, this.#actor);
      throw (await findFile(db.sql, file)) ? wrongOffset() : fileGone();
    }
    this.#start += this.size;
    this.size = 0;
    this.hasFailed = false;
  }

  /** Deletes what was not kept. */
  async drop(): Promise<void> {
    await this.#handle?.close();
    this.#handle = null;
    if (this.#path !== "") await rm(this.#path, { force: true });
  }
}
