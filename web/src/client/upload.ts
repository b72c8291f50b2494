// The sending side of an upload by tus 1.0. Fetch reports no progress of what it sends, so bytes go by XMLHttpRequest.
import type { FileInfo, FilePurpose } from "@novax/protocol/files";
import type { RefusalCode } from "@novax/protocol/replies";
import { backoffMs } from "./backoff.ts";

const pieceBytes = 8 * 1024 * 1024;
/** Without any progress for this long, the connection is taken to be dead. */
const stalledMs = 20_000;
const answerWithinMs = 30_000;

export type UploadRequest = {
  name: string;
  purpose: FilePurpose;
  isPlain: boolean;
  /** Of a poster: the video that it is for. */
  posterOf?: string;
  /** The id of an upload that was begun before, to go on with it. */
  uploadId: string | null;
  signal: AbortSignal;
  onBegun: (uploadId: string) => void;
  /** Called with how many bytes have arrived or are on their way. */
  onProgress: (sent: number) => void;
};

/** The server refused an upload for good. `message` is its reason, in the viewer's language. */
export class UploadRefused extends Error {
  readonly code: RefusalCode | "unknown";
  constructor(code: RefusalCode | "unknown", detail: string) {
    super(detail);
    this.code = code;
  }
}

/** Something that passes: no connection, a restart, a full budget. */
class Interrupted extends Error {
  readonly retryInMs: number | undefined;
  /** The server answered with a fault of its own. */
  readonly isFault: boolean;
  constructor({
    retryInMs,
    detail,
    isFault = false,
  }: { retryInMs?: number; detail?: string; isFault?: boolean } = {}) {
    super(detail ?? "interrupted");
    this.retryInMs = retryInMs;
    this.isFault = isFault;
  }
}

/** Refusals after which the same request may be taken. */
const passingCodes: readonly RefusalCode[] = [
  "upload_offset",
  "file_unfinished",
  "unavailable",
  "rate_limited",
  "internal",
];
/** A fault of the server that comes again and again will not pass. */
const attemptsMax = 60;
/** An upload that is gone each time is deleted by somebody. */
const beginningsMax = 3;

type Problem = { code?: RefusalCode; detail?: string };

/**
 * Uploads a file and resolves with what the server says it is. It goes on after every interruption, for as long as it
 * takes. Rejects with {@link UploadRefused}, or with an AbortError when `signal` is aborted.
 */
export async function uploadFile(blob: Blob, request: UploadRequest): Promise<FileInfo> {
  let { uploadId } = request;
  let offset: number | null = null;
  let beginnings = 0;
  for (let attempt = 0; ; ) {
    try {
      if (uploadId === null) {
        uploadId = await begin(blob, request);
        beginnings += 1;
      }
      request.onBegun(uploadId);
      const path = `/api/uploads/${uploadId}`;
      offset ??= await readOffset(path, blob.size, request.signal);
      if (offset === null) {
        // The server has forgotten it: it was begun more than a day ago.
        uploadId = null;
        continue;
      }
      while (offset < blob.size) {
        const from: number = offset;
        const piece = blob.slice(from, from + pieceBytes);
        offset = await sendPiece(path, piece, {
          from,
          signal: request.signal,
          onProgress: (count) => {
            attempt = 0;
            request.onProgress(from + count);
          },
        });
        request.onProgress(offset);
      }
      return await readFile(path, request.signal);
    } catch (error) {
      offset = null;
      if (error instanceof UploadRefused && error.code === "file_gone" && beginnings < beginningsMax) {
        // Deleted by another page, or because it is older than a day.
        uploadId = null;
        continue;
      }
      if (!(error instanceof Interrupted)) throw error;
      if (attempt >= attemptsMax && error.isFault) throw new UploadRefused("internal", error.message);
      await pause(error.retryInMs ?? backoffMs(attempt, Math.random), request.signal);
      attempt += 1;
    }
  }
}

/** Gives up an upload. Never rejects: what is left is deleted by the server after a day. */
export async function discardUpload(uploadId: string): Promise<void> {
  await fetch(`/api/uploads/${uploadId}`, { method: "DELETE" }).catch(() => {});
}

async function begin(
  blob: Blob,
  { name, purpose, isPlain, posterOf, signal }: UploadRequest,
): Promise<string> {
  const metadata = { filename: name, purpose, plain: isPlain ? "1" : "0", ...(posterOf && { of: posterOf }) };
  const response = await ask("/api/uploads", signal, {
    method: "POST",
    headers: {
      "tus-resumable": "1.0.0",
      "upload-length": String(blob.size),
      "upload-metadata": Object.entries(metadata)
        .map(([key, value]) => `${key} ${toBase64(value)}`)
        .join(","),
    },
  });
  return response.headers.get("location")!.split("/").at(-1)!;
}

/** How much the server has. Null if it does not know the upload, or as one of another size. */
async function readOffset(path: string, size: number, signal: AbortSignal): Promise<number | null> {
  try {
    const { headers } = await ask(path, signal, { method: "HEAD" });
    // Begun with other bytes than these: before a picture was made smaller, or of another page.
    if (Number(headers.get("upload-length")) !== size) return null;
    return Number(headers.get("upload-offset"));
  } catch (error) {
    if (error instanceof UploadRefused) return null;
    throw error;
  }
}

async function readFile(path: string, signal: AbortSignal): Promise<FileInfo> {
  const response = await ask(path, signal);
  const answer = await response.json().catch(() => null);
  signal.throwIfAborted();
  const { file } = (answer ?? {}) as { file?: FileInfo | null };
  // The answer broke off, or not all bytes are there.
  if (!file) throw new Interrupted();
  return file;
}

/** Rejects with {@link Interrupted} for what passes, and with {@link UploadRefused} for what does not. */
async function ask(path: string, signal: AbortSignal, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    const within = AbortSignal.timeout(answerWithinMs);
    response = await fetch(path, { ...init, signal: AbortSignal.any([signal, within]) });
  } catch {
    signal.throwIfAborted();
    throw new Interrupted();
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as Problem;
  throw toError(response.status, response.headers.get("retry-after"), problem);
}

function toError(status: number, retryAfter: string | null, { code, detail }: Problem): Error {
  const isPassing = code === undefined ? status === 429 || status >= 500 : passingCodes.includes(code);
  if (isPassing)
    return new Interrupted({
      ...(retryAfter === null ? {} : { retryInMs: Number(retryAfter) * 1000 }),
      ...(detail === undefined ? {} : { detail }),
      isFault: code === "internal",
    });
  return new UploadRefused(code ?? "unknown", detail ?? `${status}`);
}

/** Sends a piece. Resolves with how far the upload is then. */
function sendPiece(
  path: string,
  piece: Blob,
  { from, signal, onProgress }: { from: number; signal: AbortSignal; onProgress: (count: number) => void },
): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    let stalled = setTimeout(stop, stalledMs);
    const end = (settle: () => void) => {
      clearTimeout(stalled);
      signal.removeEventListener("abort", stop);
      settle();
    };
    request.upload.onprogress = ({ loaded }) => {
      clearTimeout(stalled);
      // All of it is on its way; the server may still be at work on it.
      stalled = setTimeout(stop, loaded >= piece.size ? 3 * stalledMs : stalledMs);
      onProgress(loaded);
    };
    request.onload = () => {
      const { status } = request;
      if (status === 204) end(() => resolve(Number(request.getResponseHeader("upload-offset"))));
      else
        end(() =>
          reject(toError(status, request.getResponseHeader("retry-after"), parse(request.responseText))),
        );
    };
    request.onerror = () => end(() => reject(new Interrupted()));
    request.onabort = () => end(() => reject(signal.aborted ? (signal.reason as Error) : new Interrupted()));
    request.open("PATCH", path);
    request.setRequestHeader("tus-resumable", "1.0.0");
    request.setRequestHeader("content-type", "application/offset+octet-stream");
    request.setRequestHeader("upload-offset", String(from));
    signal.addEventListener("abort", stop);
    request.send(piece);
  });
}

function parse(text: string): Problem {
  try {
    return JSON.parse(text) as Problem;
  } catch {
    return {};
  }
}

/** Waits, but not beyond the moment when the browser is online again. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}

function toBase64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
