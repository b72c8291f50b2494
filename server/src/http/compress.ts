import { randomInt } from "node:crypto";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

/** Below this a header costs as much as is saved. */
const compressedFromBytes = 1024;
/** Level 4 takes 1 ms for a page of 30 kB, and is 4 % larger than the level for files that are compressed once. */
const brotliQuality = 4;
/** So that who sees the network can't compare sizes without very many of them. */
const paddingCharsMax = 256;
const compressBrotli = promisify(brotliCompress);
const compressGzip = promisify(gzip);

/**
 * Compresses the pages of the chat and what the API reads; other answers stay as they are. The size of a compressed answer
 * says whether two parts of it are alike (BREACH). So it is never done for what another site asked for, and
 * never for pages with secrets (docs/decisions/0039-compression.md).
 */
export async function compress(request: Request, response: Response): Promise<Response> {
  const { pathname } = new URL(request.url);
  const encoding = acceptedEncoding(request.headers.get("accept-encoding") ?? "");
  if (
    !encoding ||
    request.method !== "GET" ||
    response.status !== 200 ||
    !isAskedByOwnPage(request.headers) ||
    !isCompressible(pathname, response.headers)
  )
    return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  headers.append("vary", "accept-encoding, sec-fetch-site");
  if (bytes.byteLength < compressedFromBytes) return new Response(bytes, { headers });
  headers.set("content-encoding", encoding);
  headers.delete("content-length");
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: brotliQuality,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.byteLength,
  };
  const packed = encoding === "br" ? await compressBrotli(bytes, { params }) : await compressGzip(bytes);
  headers.set("padding", "x".repeat(randomInt(paddingCharsMax)));
  return new Response(new Uint8Array(packed), { headers });
}

/** Programs send no cookie, so nobody can make them ask. A browser that says nothing about who asked is not answered for. */
function isAskedByOwnPage(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  return site === null ? !headers.has("cookie") : site === "same-origin" || site === "none";
}

function isCompressible(pathname: string, headers: Headers): boolean {
  // A file of a person has ranges, and is not held in memory.
  if (headers.has("content-encoding") || headers.has("accept-ranges")) return false;
  // The audit log as JSON lines is a stream of any length.
  const type = (headers.get("content-type") ?? "").split(";")[0]!.trim();
  return pathname.startsWith("/api/")
    ? type === "application/json"
    : /^\/chat(?:\/|$)/.test(pathname) && type === "text/html";
}

function acceptedEncoding(accepted: string): "br" | "gzip" | null {
  const names = accepted
    .toLowerCase()
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => !/;\s*q=0(?:\.0*)?$/.test(entry))
    .map((entry) => entry.split(";")[0]!.trim());
  return names.includes("br") ? "br" : names.includes("gzip") ? "gzip" : null;
}
