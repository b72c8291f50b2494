/** Which bytes of a blob: from `start` up to, and not including, `end`. */
export type ByteRange = { start: number; end: number };

/**
 * Keeps the bytes of files under random ids, in a folder or in an S3-compatible service. Knows nothing of files; a row of
 * the database names every id that is in use.
 *
 * Guarantees: once `put` has resolved, the bytes survive a crash of this process, and of the machine if they are in a
 * folder of it; every process that uses the same store can read and delete them.
 */
export type BlobStore = {
  /** For the log and the operator's commands. Names no secret. */
  readonly place: string;
  /** The folder in which this process prepares what it puts. */
  readonly spoolFolder: string;
  /** Keeps a file of `spoolFolder` under this id. The file is gone afterwards, also if it fails. */
  put(id: string, path: string): Promise<void>;
  /**
   * Returns bytes of a blob, read as they are taken. What is missing shows when they are read: fails then, or ends early.
   */
  read(id: string, range: ByteRange): Blob | ReadableStream<Uint8Array>;
  /** Deletes a blob. One that is not there is no error. */
  remove(id: string): Promise<void>;
  /** Writes and deletes a small blob. Resolves with what is wrong, or with null. */
  check(): Promise<string | null>;
  /** How many bytes are free, or null if the store does not say. */
  freeBytes(): Promise<number | null>;
};
