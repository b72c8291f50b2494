// Files as people send them.
import type { FileId, FileInfo } from "@novax/protocol/files";
import sharp from "sharp";
import { type Person, problemOf } from "./person.ts";

export type UploadOptions = { name?: string; purpose?: string; of?: string; isPlain?: boolean };

const encode = (text: string) => Buffer.from(text).toString("base64");

export function uploadHeaders(size: number, options: UploadOptions = {}): Record<string, string> {
  const { name = "file.bin", purpose = "message", of, isPlain = false } = options;
  return {
    "tus-resumable": "1.0.0",
    "upload-length": String(size),
    "upload-metadata": `filename ${encode(name)},purpose ${encode(purpose)},plain ${encode(isPlain ? "1" : "0")}${of === undefined ? "" : `,of ${encode(of)}`}`,
  };
}

/** Begins an upload. Fails the test if it is refused. */
export async function beginUpload(
  person: Person,
  size: number,
  options: UploadOptions = {},
): Promise<FileId> {
  const response = await person.fetch("/api/uploads", {
    method: "POST",
    headers: uploadHeaders(size, options),
  });
  if (response.status !== 201) throw new Error(`upload: ${response.status} ${await response.text()}`);
  return response.headers.get("location")!.split("/").at(-1) as FileId;
}

/** Begins an upload that must be refused. Returns its status and code. */
export async function uploadRefusal(
  person: Person,
  size: number,
  options: UploadOptions = {},
): Promise<[status: number, code: string]> {
  const response = await person.fetch("/api/uploads", {
    method: "POST",
    headers: uploadHeaders(size, options),
  });
  return [response.status, response.status === 201 ? "" : (await problemOf(response)).code];
}

export function sendBytes(
  person: Person,
  id: FileId,
  offset: number,
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | Blob,
): Promise<Response> {
  return person.fetch(`/api/uploads/${id}`, {
    method: "PATCH",
    headers: {
      "tus-resumable": "1.0.0",
      "content-type": "application/offset+octet-stream",
      "upload-offset": String(offset),
    },
    body,
  });
}

/** Uploads a file and returns what the server says of it. Fails the test if it is refused. */
export async function upload(
  person: Person,
  bytes: Uint8Array<ArrayBuffer> | Blob,
  options: UploadOptions = {},
): Promise<FileInfo> {
  const id = await beginUpload(person, bytes instanceof Blob ? bytes.size : bytes.byteLength, options);
  const response = await sendBytes(person, id, 0, bytes);
  if (response.status !== 204) throw new Error(`upload: ${response.status} ${await response.text()}`);
  return (await person.read<{ file: FileInfo }>(`/api/uploads/${id}`)).file;
}

/** Uploads a file that is refused once it is complete. Returns the status and the code. */
export async function refusedFile(
  person: Person,
  bytes: Uint8Array<ArrayBuffer>,
  options: UploadOptions = {},
): Promise<[status: number, code: string]> {
  const id = await beginUpload(person, bytes.byteLength, options);
  await sendBytes(person, id, 0, bytes);
  const response = await person.fetch(`/api/uploads/${id}`);
  return [response.status, response.status === 200 ? "" : (await problemOf(response)).code];
}

/** A picture with some detail in it. */
export async function picture(
  format: "jpeg" | "png" | "webp" | "gif" | "avif",
  { width = 640, height = 480 }: { width?: number; height?: number } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const noise = sharp({
    create: {
      width,
      height,
      channels: 3,
      background: "#336",
      noise: { type: "gaussian", mean: 120, sigma: 30 },
    },
  });
  // What is tested is how they are read; making them well takes seconds.
  const effort = { jpeg: {}, png: {}, webp: { effort: 0 }, gif: { effort: 1 }, avif: { effort: 0 } }[format];
  return new Uint8Array(await noise.toFormat(format, effort).toBuffer());
}

export const text = (words: string) => new TextEncoder().encode(words);
