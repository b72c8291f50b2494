import type { FileId, FileInfo, FilePurpose } from "@novax/protocol/files";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { AccountData } from "../accounts/account-data.ts";
import type { Database, Sql } from "../db/database.ts";

/** A file as it is stored. */
export type StoredFile = {
  id: FileId;
  owner: AccountId;
  purpose: FilePurpose;
  /** Of a poster: the video that it is for. */
  posterOf: FileId | null;
  name: string;
  /** Kept as it is, without a picture of it. */
  isPlain: boolean;
  size: number;
  received: number;
  /** Null until it is complete and was looked at. */
  details: FileInfo | null;
  /** The message that it is part of. */
  message: { room: RoomId; seq: number } | null;
};

/** What is kept of a file: as it was uploaded, or what was made of it. */
export type FilePart = "original" | "picture" | "preview";

/** A piece of a part, in the store under `id`. */
export type StoredBlob = { id: string; start: number; size: number };

type FileRow = {
  id: FileId;
  owner_id: AccountId;
  purpose: FilePurpose;
  poster_of: FileId | null;
  name: string;
  is_plain: boolean;
  size: number;
  received: number;
  details: FileInfo | null;
  room_id: RoomId | null;
  seq: number | null;
};

/** Adds a file of which nothing has arrived. It counts with its whole size. */
export async function insertFile(
  tx: Sql,
  file: Pick<StoredFile, "id" | "owner" | "purpose" | "posterOf" | "name" | "isPlain" | "size">,
  now: number,
): Promise<void> {
  await tx`
    insert into files (id, owner_id, purpose, poster_of, name, is_plain, size, stored, created_at)
    values (${file.id}, ${file.owner}, ${file.purpose}, ${file.posterOf}::uuid, ${file.name}, ${file.isPlain}, ${file.size}, ${file.size}, ${now})`;
}

export async function findFile(sql: Sql, id: FileId): Promise<StoredFile | null> {
  const [row] = await sql<FileRow>`
    select id, owner_id, purpose, poster_of, name, is_plain, size, received, details, room_id, seq from files where id = ${id}`;
  return row ? toFile(row) : null;
}

/** Returns the files with these ids that belong to a person, in no order. */
export async function listFilesOf(sql: Sql, owner: AccountId, ids: readonly FileId[]): Promise<StoredFile[]> {
  const rows = await sql<FileRow>`
    select id, owner_id, purpose, poster_of, name, is_plain, size, received, details, room_id, seq from files
    where owner_id = ${owner} and id = any(${sql.array(ids, "uuid")})`;
  return rows.map(toFile);
}

function toFile(row: FileRow): StoredFile {
  const { id, purpose, name, size, received, details } = row;
  const message = row.room_id === null ? null : { room: row.room_id, seq: row.seq! };
  return {
    ...{ id, owner: row.owner_id, purpose, posterOf: row.poster_of, name, isPlain: row.is_plain },
    ...{ size, received, details, message },
  };
}

/**
 * Returns how many bytes a person keeps, and all people together; how many of the person's uploads are unfinished; and how
 * many bytes of all unfinished uploads are still to come.
 */
export async function readStorageUse(
  sql: Sql,
  owner: AccountId,
): Promise<{ own: number; all: number; unfinished: number; promised: number }> {
  const [row] = await sql<{ own: number; total: number; unfinished: number; promised: number }>`
    select
      coalesce((select bytes from storage_use where owner_id = ${owner}), 0)::bigint as own,
      coalesce((select sum(bytes) from storage_use), 0)::bigint as total,
      (select count(*) from files where owner_id = ${owner} and seq is null and details is null) as unfinished,
      coalesce((
        select sum(size - received) from files where seq is null and not is_used and details is null
      ), 0)::bigint as promised`;
  return { own: row!.own, all: row!.total, unfinished: row!.unfinished, promised: row!.promised };
}

/** Names a blob before its bytes are written. Returns false if the file is gone or has `piecesMax` pieces. */
export async function insertBlob(
  sql: Sql,
  blob: { id: string; file: FileId; part: FilePart; start: number; now: number; piecesMax: number },
): Promise<boolean> {
  const rows = await sql`
    insert into blobs (id, file_id, part, start, created_at)
    select ${blob.id}, f.id, ${blob.part}, ${blob.start}, ${blob.now}
    from files f
    where f.id = ${blob.file}
      and (select count(*) from blobs b where b.file_id = f.id and b.part = ${blob.part}) < ${blob.piecesMax}
    for key share of f
    returning 1`;
  return rows.length === 1;
}

/**
 * Counts a piece that was written, if it is the next one of the file and its owner's session has not ended. Returns
 * whether it was; if not, the piece belongs to nothing any more.
 */
export async function takePiece(
  db: Database,
  piece: { blob: string; file: FileId; session: string; start: number; size: number },
): Promise<boolean> {
  return db.transact(async (tx) => {
    const taken = await tx`
      update files f set received = f.received + ${piece.size}
      where f.id = ${piece.file} and f.received = ${piece.start}
        and exists (
          select 1 from sessions s where s.id = ${piece.session} and s.account_id = f.owner_id and s.ended_at is null
        )
      returning 1`;
    if (taken.length === 1) await tx`update blobs set size = ${piece.size} where id = ${piece.blob}`;
    else await dropBlob(tx, piece.blob);
    return taken.length === 1;
  });
}

/** Leaves a blob that was written without a file, so that it is removed. */
async function dropBlob(sql: Sql, blob: string): Promise<void> {
  await sql`update blobs set file_id = null, size = coalesce(size, 0) where id = ${blob}`;
}

/** Returns the pieces of one part of a file, in order. */
export async function listBlobs(sql: Sql, file: FileId, part: FilePart): Promise<StoredBlob[]> {
  return sql<StoredBlob>`
    select id, start, size from blobs
    where file_id = ${file} and part = ${part} and size is not null
    order by start`;
}

/**
 * Says what a file is, with the blobs that were made of it. `keepsOriginal` false drops what was uploaded. Returns what is
 * now said of it: another process may have said it before, and then this one's blobs are dropped. Null if it is gone.
 */
export async function describeFile(
  db: Database,
  details: FileInfo,
  { blobs, keepsOriginal }: { blobs: readonly { id: string; size: number }[]; keepsOriginal: boolean },
): Promise<FileInfo | null> {
  return db.transact(async (tx) => {
    const [known] = await tx<{ details: FileInfo | null }>`
      select details from files where id = ${details.id} for no key update`;
    if (!known || known.details !== null) {
      for (const { id } of blobs) await dropBlob(tx, id);
      return known?.details ?? null;
    }
    for (const { id, size } of blobs) await tx`update blobs set size = ${size} where id = ${id}`;
    if (!keepsOriginal)
      await tx`update blobs set file_id = null where file_id = ${details.id} and part = 'original'`;
    await tx`
      update files set details = ${JSON.stringify(details)}::text::jsonb,
        stored = (select coalesce(sum(size), 0) from blobs where file_id = ${details.id})
      where id = ${details.id}`;
    return details;
  });
}

/**
 * Makes a poster the still picture of its video, and deletes the rest of it. Returns what is now said of the video; null if
 * it is gone, is none of the owner's, is no video, or has a still picture or a message already.
 */
export async function givePoster(
  db: Database,
  poster: Pick<StoredFile, "id" | "owner"> & {
    video: FileId;
    blob: { id: string; size: number };
    placeholder: string;
  },
): Promise<FileInfo | null> {
  return db.transact(async (tx) => {
    const more = JSON.stringify({ hasPreview: true, placeholder: poster.placeholder });
    const [row] = await tx<{ details: FileInfo }>`
      update files set details = details || ${more}::text::jsonb, stored = stored + ${poster.blob.size}
      where id = ${poster.video} and owner_id = ${poster.owner} and seq is null and details->>'kind' = 'video'
        and not details ? 'hasPreview'
      returning details`;
    if (row)
      await tx`
        update blobs set file_id = ${poster.video}, part = 'preview', size = ${poster.blob.size}
        where id = ${poster.blob.id}`;
    await tx`delete from files where id = ${poster.id}`;
    return row?.details ?? null;
  });
}

/** Deletes a file that is part of no message. Returns whether there was one. Its blobs are removed later. */
export async function deleteUnusedFile(sql: Sql, owner: AccountId, id: FileId): Promise<boolean> {
  const rows = await sql`
    delete from files where id = ${id} and owner_id = ${owner} and seq is null and not is_used returning 1`;
  return rows.length === 1;
}

/** Deletes the files of a message, or all but `except`. */
export async function deleteFilesOf(
  tx: Sql,
  { room, seq }: { room: RoomId; seq: number },
  { except = [] }: { except?: readonly FileId[] } = {},
): Promise<void> {
  await tx`
    delete from files where room_id = ${room} and seq = ${seq} and not id = any(${tx.array(except, "uuid")})`;
}

/** Locks files in the order in which every transaction locks them. */
export async function lockFiles(tx: Sql, ids: readonly FileId[]): Promise<void> {
  await tx`select 1 from files where id = any(${tx.array(ids, "uuid")}) order by id for update`;
}

/** Makes files part of their owners' messages in a room. Returns how many of them were ready and part of none. */
export async function claimFiles(
  tx: Sql,
  room: RoomId,
  claims: readonly { id: FileId; seq: number; owner: AccountId }[],
): Promise<number> {
  const column = (name: "id" | "owner") =>
    tx.array(
      claims.map((claim) => claim[name]),
      "uuid",
    );
  const seqs = tx.array(
    claims.map((claim) => claim.seq),
    "bigint",
  );
  const rows = await tx`
    update files f set room_id = ${room}, seq = c.seq
    from unnest(${column("id")}, ${column("owner")}, ${seqs}) as c (id, owner_id, seq)
    where f.id = c.id and f.owner_id = c.owner_id and f.seq is null and f.details is not null and f.purpose = 'message'
    returning 1`;
  return rows.length;
}

/** Makes the pictures of previews part of a message of their owner. Returns those that were there and part of none. */
export async function claimPreviews(
  tx: Sql,
  { room, seq, owner, ids }: { room: RoomId; seq: number; owner: AccountId; ids: readonly FileId[] },
): Promise<FileId[]> {
  const rows = await tx<{ id: FileId }>`
    update files set room_id = ${room}, seq = ${seq}
    where id = any(${tx.array(ids, "uuid")}) and owner_id = ${owner} and purpose = 'preview' and seq is null
      and details is not null
    returning id`;
  return rows.map((row) => row.id);
}

/** Takes a picture of its owner into use. Returns false if it is not ready, is for something else, or in use already. */
export async function usePicture(
  tx: Sql,
  owner: AccountId,
  { id, purpose }: { id: FileId; purpose: FilePurpose },
): Promise<boolean> {
  const rows = await tx`
    update files set is_used = true
    where id = ${id} and owner_id = ${owner} and purpose = ${purpose} and details is not null and not is_used
    returning 1`;
  return rows.length === 1;
}

/** Deletes a picture that is no longer in use. */
export async function deletePicture(tx: Sql, id: FileId): Promise<void> {
  await tx`delete from files where id = ${id} and seq is null`;
}

/**
 * Deletes some uploads that were begun before a time and are part of no message and no picture in use. Returns how many.
 */
export async function deleteForgottenFiles(sql: Sql, before: number, limit: number): Promise<number> {
  const rows = await sql`
    delete from files where id in (
      select id from files where seq is null and not is_used and created_at < ${before} ${sql.limit(limit)}
    ) and seq is null and not is_used
    returning 1`;
  return rows.length;
}

/**
 * Returns some blobs that belong to nothing: complete ones without a file, and those that were begun before a time and never
 * completed. One that is being written is left alone, also without a file: its bytes would come after it was removed.
 */
export async function listUnusedBlobs(sql: Sql, before: number, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }>`
    select id from blobs
    where (file_id is null and size is not null) or (size is null and created_at < ${before})
    order by created_at ${sql.limit(limit)}`;
  return rows.map((row) => row.id);
}

export async function deleteBlobs(sql: Sql, ids: readonly string[]): Promise<void> {
  await sql`delete from blobs where id = any(${sql.array(ids, "uuid")})`;
}

/** Files that a person uploaded, in the order of their ids, after one: those that are complete. */
export async function listFilesAfter(
  sql: Sql,
  owner: AccountId,
  after: FileId | null,
  { limit }: { limit: number },
): Promise<(FileInfo & { createdAt: number })[]> {
  const rows = await sql<{ details: FileInfo; created_at: number }>`
    select details, created_at from files
    where owner_id = ${owner} and details is not null and purpose <> 'preview' and (${after}::uuid is null or id > ${after}::uuid)
    order by id ${sql.limit(limit)}`;
  return rows.map((row) => ({ ...row.details, createdAt: row.created_at }));
}

export type StorageSummary = {
  files: number;
  bytes: number;
  byPurpose: { purpose: FilePurpose; files: number; bytes: number }[];
  /** Uploads that are not complete, or part of nothing yet. */
  pending: number;
  /** Blobs that belong to nothing and are removed next. */
  unused: number;
  people: { username: string; bytes: number }[];
};

/** What is kept, for an operator. Reads all rows. */
export async function summarizeStorage(sql: Sql, { people }: { people: number }): Promise<StorageSummary> {
  const byPurpose = await sql<{ purpose: FilePurpose; files: number; bytes: number }>`
    select purpose, count(*) as files, coalesce(sum(stored), 0)::bigint as bytes
    from files group by purpose order by 3 desc`;
  const [counts] = await sql<{ pending: number; unused: number }>`
    select (select count(*) from files where seq is null and not is_used) as pending,
      (select count(*) from blobs where file_id is null) as unused`;
  const largest = await sql<{ username: string; bytes: number }>`
    select a.username, u.bytes from storage_use u join accounts a on a.id = u.owner_id
    where u.bytes > 0 order by u.bytes desc, a.username_key ${sql.limit(people)}`;
  return {
    files: byPurpose.reduce((sum, row) => sum + row.files, 0),
    bytes: byPurpose.reduce((sum, row) => sum + row.bytes, 0),
    byPurpose,
    ...counts!,
    people: largest,
  };
}

/** The files that a person keeps, for an export of their data. */
export const fileData: AccountData = {
  name: "files",
  read: (sql, account) => sql`
    select id, name, purpose, size, room_id as room, seq, created_at as "createdAt" from files
    where owner_id = ${account} order by id`,
};
