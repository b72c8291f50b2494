// The bytes of files, for those who may read them at that moment.
import { type FileId, type FileInfo, fileIdSchema } from "@novax/protocol/files";
import { attachmentHeader } from "../../files/file-name.ts";
import { readFrom } from "../../files/file-store.ts";
import { openFile } from "../../files/read-file.ts";
import { fileGone } from "../../files/receive-file.ts";
import { parseRange } from "../byte-range.ts";
import { defineSessionRoute, type Route, type SignedIn } from "../route.ts";

/** This many bytes cost as much as a message. */
export const bytesPerCost = 16 * 1024 * 1024;
/** A player asks for all the rest of a film and takes what it needs, so it gets a piece at a time, and pays for that. */
const playedBytesMax = 4 * 1024 * 1024;

/** No script, no form, nothing else that a document can do; and a site of its own, if a browser shows it anyway. */
const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

const fileAnswers = {
  200: { description: "The file.", type: "*/*" },
  206: { description: "The part of it that was asked for.", type: "*/*" },
  304: { description: "It is what you have." },
  416: { description: "It has no such part." },
};

const fileRoute = defineSessionRoute({
  method: "GET",
  path: "/api/files/:file",
  summary: "Download a file that you can read. Takes a Range.",
  answers: fileAnswers,
  handle: (exchange) => sendFile(exchange, { wantsPreview: false }),
});

const previewRoute = defineSessionRoute({
  method: "GET",
  path: "/api/files/:file/preview",
  summary: "Get the small still picture of a picture or video that you can read.",
  answers: fileAnswers,
  handle: (exchange) => sendFile(exchange, { wantsPreview: true }),
});

export const fileRoutes: readonly Route[] = [fileRoute, previewRoute];

export function parseFileId(text: string | undefined): FileId {
  const parsed = fileIdSchema.safeParse(text);
  if (!parsed.success) throw fileGone();
  return parsed.data;
}

async function sendFile(
  { app, actor, request, params }: SignedIn<unknown, unknown>,
  { wantsPreview }: { wantsPreview: boolean },
): Promise<Response> {
  const id = parseFileId(params.file);
  const { details, part } = await openFile(app, actor, { id, wantsPreview });
  const tag = `"${id}${wantsPreview ? "-preview" : ""}"`;
  const headers = new Headers({
    ...headersOf(details, wantsPreview),
    etag: tag,
    "accept-ranges": "bytes",
    // Kept by the browser alone, and asked for again each time: whether one may read it can change, and so can the account.
    "cache-control": "private, no-cache",
  });
  if (request.headers.get("if-none-match")?.includes(tag))
    return new Response(null, { status: 304, headers });
  const condition = request.headers.get("if-range");
  const asked = condition === null || condition === tag ? request.headers.get("range") : null;
  const range = parseRange(asked, part.size);
  if (range === "unsatisfiable") {
    headers.set("content-range", `bytes */${part.size}`);
    return new Response(null, { status: 416, headers });
  }
  const isPlayed = details.kind === "video" || details.kind === "audio";
  const { start, end } =
    range && isPlayed
      ? { start: range.start, end: Math.min(range.end, range.start + playedBytesMax) }
      : (range ?? { start: 0, end: part.size });
  const isHead = request.method === "HEAD";
  if (!isHead) app.sessionBudgets.of(actor.sessionId).charge((end - start) / bytesPerCost, app.clock.now());
  if (range) headers.set("content-range", `bytes ${start}-${end - 1}/${part.size}`);
  headers.set("content-length", String(end - start));
  const body = isHead ? null : await readFrom(app, part, { start, end });
  return new Response(body, { status: range ? 206 : 200, headers });
}

function headersOf(details: FileInfo, isPreview: boolean): Record<string, string> {
  // Only what browsers show as a picture or play: never a document or a script.
  const type = isPreview ? "image/webp" : details.kind === "file" ? "application/octet-stream" : details.type;
  return {
    "content-type": type,
    // Pictures and players show it all the same; a page that was opened by its address is saved.
    "content-disposition": attachmentHeader(isPreview ? `${details.name}.webp` : details.name),
    "content-security-policy": filePolicy,
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
  };
}
