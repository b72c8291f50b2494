import type { FileInfo } from "@novax/protocol/files";
import { UploadRefused, type UploadRequest, uploadFile } from "../../client/upload.ts";
import { makePoster } from "./prepare-file.ts";

/** Uploads a file, and for a video the still picture that this page has made of it. */
export async function sendFile(blob: Blob, request: UploadRequest): Promise<FileInfo> {
  const file = await uploadFile(blob, request);
  if (file.kind !== "video" || file.hasPreview) return file;
  // Without one it is shown as well.
  const poster = await makePoster(blob).catch(() => null);
  if (!poster) return file;
  return uploadFile(poster, {
    ...{ name: "poster.jpg", isPlain: false, uploadId: null, purpose: "poster", posterOf: file.id },
    signal: request.signal,
    onBegun: () => {},
    onProgress: () => {},
  }).catch((error: unknown) => {
    if (error instanceof UploadRefused) return file;
    throw error;
  });
}
