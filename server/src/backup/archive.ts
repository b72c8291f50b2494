// The file that a backup is: a tar, compressed with zstd, which can be unpacked without novaX. Its last entry has the hashes of
// all others, as sha256sum writes them, so a file that was cut off or changed is noticed.
import { createHash } from "node:crypto";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createZstdCompress, createZstdDecompress } from "node:zlib";
import { extract, pack } from "tar-stream";

export const hashesName = "SHA256SUMS";
const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** What is wrong with a backup, for the operator. */
export class BackupUnusable extends Error {
  override readonly name = "BackupUnusable";
}

/** Writes a backup into `target`, an entry after the other. Nothing is complete before `finish`. */
export class ArchiveWriter {
  readonly #tar = pack();
  readonly #hash = createHash("sha256");
  readonly #hashes: string[] = [];
  readonly #written: Promise<void>;
  readonly #mtime: Date;
  #failure: unknown = null;
  /** Ends what waits for the target at this moment. */
  #giveUp: (error: unknown) => void = () => {};
  /** How many bytes were written to the target. */
  bytes = 0;

  constructor(target: Writable, { createdAt }: { createdAt: number }) {
    this.#mtime = new Date(createdAt);
    const zstd = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    const count = async function* (this: ArchiveWriter, chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        this.bytes += chunk.byteLength;
        this.#hash.update(chunk);
        yield chunk;
      }
    }.bind(this);
    this.#written = pipeline(Readable.from(this.#tar), zstd, count, target);
    this.#written.catch((error: unknown) => {
      this.#failure = error;
      this.#tar.destroy(error as Error);
      this.#giveUp(error);
    });
  }

  /** Adds an entry of `size` bytes. Throws if its bytes are more or fewer, or if the target takes no more. */
  async add(name: string, size: number, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#assertWritable();
    const hash = createHash("sha256");
    const header = { name, size, mode: 0o600, mtime: this.#mtime };
    const entry = this.#tar.entry(header) as unknown as Writable;
    let written = 0;
    for await (const chunk of body) {
      written += chunk.byteLength;
      if (written > size) break;
      hash.update(chunk);
      if (!entry.write(chunk)) await this.#until(entry, "drain");
      this.#assertWritable();
    }
    if (written !== size) throw new BackupUnusable(`${name} has ${written} bytes instead of ${size}`);
    entry.end();
    if (size > 0) await this.#until(entry, "close");
    this.#hashes.push(`${hash.digest("hex")}  ${name}\n`);
    this.#assertWritable();
  }

  async addText(name: string, text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await this.add(name, bytes.byteLength, [bytes]);
  }

  /** Ends the file. Returns its hash, as sha256sum prints it. */
  async finish(): Promise<string> {
    const hashes = this.#hashes.join("");
    await this.addText(hashesName, hashes);
    this.#tar.finalize();
    await this.#written;
    return this.#hash.digest("hex");
  }

  /** Gives up, and leaves the target as it is. */
  abort(): void {
    this.#tar.destroy(new Error("the backup was given up"));
  }

  /** Waits for an event of an entry, or throws when the target fails. One waits at a time. */
  async #until(entry: Writable, event: "drain" | "close"): Promise<void> {
    this.#assertWritable();
    await new Promise<void>((resolve, reject) => {
      this.#giveUp = reject;
      entry.once(event, () => resolve());
    });
  }

  #assertWritable(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}

export type ArchiveEntry = { name: string; size: number; body: AsyncIterable<Uint8Array> };

/**
 * Reads the entries of a backup in their order; each body has to be read before the next entry. Throws
 * {@link BackupUnusable} if it isn't one, was cut off, or has an entry that is not as it was written: at its end at the latest, so
 * nothing that was read is to be relied on before.
 */
export async function* readArchive(source: AsyncIterable<Uint8Array>): AsyncGenerator<ArchiveEntry> {
  const tar = extract();
  const reading = pipeline(Readable.from(assertZstd(source)), createZstdDecompress(), tar).catch(
    (error: Error) => tar.destroy(error),
  );
  const hashes = new Map<string, string>();
  let isWhole = false;
  try {
    for await (const entry of tar) {
      const { name, size = 0 } = entry.header;
      if (isWhole) throw new BackupUnusable(`the backup goes on after its end, with ${JSON.stringify(name)}`);
      if (name === hashesName) {
        assertSameHashes(await readText(entry as AsyncIterable<Uint8Array>), hashes);
        isWhole = true;
        continue;
      }
      const hash = createHash("sha256");
      let isRead = false;
      const body = async function* () {
        for await (const chunk of entry as AsyncIterable<Uint8Array>) {
          hash.update(chunk);
          yield chunk;
        }
        isRead = true;
      };
      yield { name, size, body: body() };
      if (!isRead) throw new Error(`${name} was not read to its end`);
      hashes.set(name, hash.digest("hex"));
    }
  } catch (error) {
    throw toUnusable(error);
  } finally {
    tar.destroy();
    await reading;
  }
  if (!isWhole) throw new BackupUnusable("the end of the backup is missing");
}

export async function readText(body: AsyncIterable<Uint8Array>, bytesMax = 64_000_000): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new BackupUnusable("the backup has an entry that is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function* assertZstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Buffer | null = Buffer.alloc(0);
  for await (const chunk of source) {
    if (start === null) {
      yield chunk;
      continue;
    }
    start = Buffer.concat([start, chunk]);
    if (start.byteLength < zstdMagic.byteLength) continue;
    if (!start.subarray(0, zstdMagic.byteLength).equals(zstdMagic))
      throw new BackupUnusable("the file isn't a backup of novaX");
    yield start;
    start = null;
  }
  if (start !== null) throw new BackupUnusable("the file isn't a backup of novaX");
}

function assertSameHashes(text: string, hashes: ReadonlyMap<string, string>): void {
  const listed = new Map(
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );
  for (const [name, hash] of hashes)
    if (listed.get(name) !== hash) throw new BackupUnusable(`${name} in the backup was changed`);
  const missing = [...listed.keys()].find((name) => !hashes.has(name));
  if (missing !== undefined) throw new BackupUnusable(`${missing} is missing in the backup`);
}

/** What the readers of tar and zstd say of bytes that are none. */
function toUnusable(error: unknown): unknown {
  const { message = "", code = "" } = error as Error & { code?: string };
  const isDamage =
    /^Z/.test(code) || /end of (?:data|file)|checksum|tar header|prematurely|premature|zstd/i.test(message);
  return isDamage ? new BackupUnusable("the backup is damaged, or was cut off") : error;
}
