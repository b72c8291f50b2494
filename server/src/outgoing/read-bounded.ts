import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";

/** A body is longer than it may be. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

type Bounds = { bytesMax: number; isCut: boolean };

/**
 * Reads at most `bytesMax` bytes of a stream, and of what it unpacks to if it is gzip, and lets go of the rest unread.
 * Throws `TooLarge` if there are more, unless they are to be cut off.
 */
export async function readBounded(
  stream: ReadableStream<Uint8Array>,
  { isGzip, ...bounds }: Bounds & { isGzip: boolean },
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  const received = bounded(stream, bounds);
  for await (const part of isGzip ? bounded(unzip(received), bounds) : received) parts.push(part);
  return Buffer.concat(parts);
}

async function* bounded(
  stream: AsyncIterable<Uint8Array>,
  { bytesMax, isCut }: Bounds,
): AsyncGenerator<Uint8Array> {
  let left = bytesMax;
  for await (const part of stream) {
    if (part.byteLength > left) {
      if (!isCut) throw new TooLarge();
      yield part.subarray(0, left);
      return;
    }
    left -= part.byteLength;
    yield part;
  }
}

async function* unzip(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const source = Readable.from(stream, { objectMode: false });
  const flow = pipeline(source, gunzip);
  // Its error is thrown by the loop too.
  flow.catch(() => {});
  try {
    for await (const part of gunzip) yield part as Uint8Array;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}
