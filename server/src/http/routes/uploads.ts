// Uploads that go on after an interruption, by tus 1.0 (https://tus.io/protocols/resumable-upload): any tus client can send
// a file. What the page asks besides, what the file is, is a GET.
import { fileIdSchema, filePurposes, fileSchema } from "@novax/protocol/files";
import { z } from "zod";
import { beginUpload, discardUpload, requireUpload } from "../../files/receive-file.ts";
import { Refusal } from "../../lib/refusal.ts";
import { defineRoute, defineSessionRoute, type Route } from "../route.ts";
import { bytesPerCost, parseFileId } from "./files.ts";

const version = { "tus-resumable": "1.0.0", "cache-control": "no-store" };
const bytesType = "application/offset+octet-stream";
const metadataCharsMax = 4000;
const describedBytesPerCost = 4 * 1024 * 1024;

const metadataSchema = z.looseObject({
  filename: z.string().max(1000).default("file"),
  purpose: z.enum(filePurposes).default("message"),
  /** Of a poster: the video that it is for. */
  of: fileIdSchema.optional(),
  /** "1": keep it as it is, also if it is a picture. */
  plain: z.enum(["0", "1"]).default("0"),
});

const tusHeader = {
  name: "Tus-Resumable",
  description: "The version of tus.",
  schema: { type: "string", enum: ["1.0.0"] },
};
const countHeader = (name: string, description: string) => ({
  name,
  required: true,
  description,
  schema: { type: "integer", minimum: 0, maximum: 999_999_999_999_999 },
});

const discoverRoute = defineRoute({
  method: "OPTIONS",
  path: "/api/uploads",
  summary: "Say what uploads can do (tus 1.0).",
  access: "public",
  isUndocumented: true,
  handle: ({ app }) =>
    new Response(null, {
      status: 204,
      headers: {
        ...version,
        "tus-version": "1.0.0",
        "tus-extension": "creation,termination",
        "tus-max-size": String(app.fileLimits.fileBytesMax),
      },
    }),
});

const beginRoute = defineSessionRoute({
  method: "POST",
  path: "/api/uploads",
  summary:
    "Begin an upload (tus 1.0) of Upload-Length bytes. Upload-Metadata: filename; plain 1 to keep a picture as it is.",
  cost: 1,
  headers: [
    tusHeader,
    countHeader("Upload-Length", "How many bytes the file has."),
    {
      name: "Upload-Metadata",
      description: "Keys, each with a value in base64, separated by commas.",
      schema: { type: "string", pattern: "^filename [A-Za-z0-9+/]{4,40}$" },
    },
  ],
  answers: { 201: { description: "Begun; Location is the upload's address." } },
  handle: async ({ app, actor, request }) => {
    assertVersion(request.headers);
    const size = parseCount(request.headers, "upload-length");
    const metadata = parseMetadata(request.headers.get("upload-metadata") ?? "");
    const { filename: name, purpose, plain, of: posterOf = null } = metadata;
    if ((purpose === "poster") !== (posterOf !== null))
      throw new Refusal("malformed", "Upload-Metadata: of is for posters");
    const id = await beginUpload(app, actor, { name, size, purpose, posterOf, isPlain: plain === "1" });
    return new Response(null, { status: 201, headers: { ...version, location: `/api/uploads/${id}` } });
  },
});

const offsetRoute = defineSessionRoute({
  method: "HEAD",
  path: "/api/uploads/:file",
  summary: "Say how much of an upload has arrived (tus 1.0).",
  headers: [tusHeader],
  answers: { 200: { description: "Upload-Offset and Upload-Length." } },
  handle: async ({ app, actor, request, params }) => {
    assertVersion(request.headers);
    const { received, size } = await requireUpload(app, actor, parseFileId(params.file));
    return new Response(null, {
      headers: { ...version, "upload-offset": String(received), "upload-length": String(size) },
    });
  },
});

const uploadRoute = defineSessionRoute({
  method: "GET",
  path: "/api/uploads/:file",
  summary: "Get how much of an upload has arrived, and once it is complete what the file is.",
  result: z.strictObject({ received: z.int(), size: z.int(), file: fileSchema.nullable() }),
  handle: async ({ app, actor, params }) => {
    const file = await requireUpload(app, actor, parseFileId(params.file));
    const { received, size, details } = file;
    // It may have to be read, and decoded.
    if (received === size && !details)
      app.sessionBudgets.of(actor.sessionId).charge(size / describedBytesPerCost, app.clock.now());
    return Response.json({
      received,
      size,
      file: received === size ? await app.uploads.describe(file) : null,
    });
  },
});

const receiveRoute = defineSessionRoute({
  method: "PATCH",
  path: "/api/uploads/:file",
  summary: "Add bytes to an upload at Upload-Offset (tus 1.0).",
  headers: [tusHeader, countHeader("Upload-Offset", "How many bytes have arrived before.")],
  answers: { 204: { description: "Upload-Offset is how many bytes have arrived." } },
  bodyType: bytesType,
  body: "stream",
  bodyBytesMax: null,
  handle: async ({ app, actor, request, params }) => {
    assertVersion(request.headers);
    if (request.headers.get("content-type") !== bytesType)
      throw new Refusal("unsupported_media_type", `Send ${bytesType}.`);
    const id = parseFileId(params.file);
    const offset = await app.uploads.receive(actor, id, {
      offset: parseCount(request.headers, "upload-offset"),
      body: request.body,
      onBytes: (count) =>
        app.sessionBudgets.of(actor.sessionId).charge(count / bytesPerCost, app.clock.now()),
    });
    return new Response(null, { status: 204, headers: { ...version, "upload-offset": String(offset) } });
  },
});

const discardRoute = defineSessionRoute({
  method: "DELETE",
  path: "/api/uploads/:file",
  summary: "Give up an upload that is part of no message (tus 1.0).",
  headers: [tusHeader],
  answers: { 204: { description: "Given up." } },
  handle: async ({ app, actor, request, params }) => {
    assertVersion(request.headers);
    await discardUpload(app, actor, parseFileId(params.file));
    return new Response(null, { status: 204, headers: version });
  },
});

export const uploadRoutes: readonly Route[] = [
  discoverRoute,
  beginRoute,
  offsetRoute,
  uploadRoute,
  receiveRoute,
  discardRoute,
];

function assertVersion(headers: Headers): void {
  const asked = headers.get("tus-resumable");
  if (asked !== null && asked !== "1.0.0") throw new Refusal("malformed", "Use version 1.0.0 of tus.");
}

function parseCount(headers: Headers, name: string): number {
  const text = headers.get(name) ?? "";
  if (!/^\d{1,15}$/.test(text)) throw new Refusal("malformed", `${name}: is a whole number`);
  return Number(text);
}

/** Keys, each with a value in base64 that may be missing, separated by commas. Refuses with `malformed`. */
function parseMetadata(header: string): z.infer<typeof metadataSchema> {
  if (header.length > metadataCharsMax) throw new Refusal("malformed", "Upload-Metadata: is too long");
  const pairs = header
    .split(",")
    .filter((pair) => pair.trim() !== "")
    .map((pair) => {
      const [key = "", value = ""] = pair.trim().split(" ");
      return [key, Buffer.from(value, "base64").toString("utf8")] as const;
    });
  if (new Set(pairs.map(([key]) => key)).size < pairs.length)
    throw new Refusal("malformed", "Upload-Metadata: names something twice");
  const parsed = metadataSchema.safeParse(Object.fromEntries(pairs));
  if (!parsed.success)
    throw new Refusal("malformed", `Upload-Metadata: ${parsed.error.issues[0]!.path.join(".")} isn't valid`);
  return parsed.data;
}
