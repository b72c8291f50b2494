// Files that people upload, as messages carry them.
import { z } from "zod";
import { fileAltCharsMax, fileNameCharsMax, filesPerMessageMax, voicePeaksMax } from "./limits.ts";

/** How a file is shown. It is told by its bytes, never by its name. */
export const fileKinds = ["picture", "video", "audio", "file"] as const;
export type FileKind = (typeof fileKinds)[number];

export const fileIdSchema = z.uuid().toLowerCase().brand<"FileId">();
export type FileId = z.infer<typeof fileIdSchema>;

/** What an upload is for. */
export const filePurposes = ["message", "poster", "person", "room", "server", "emoji"] as const;
/** What a file is for: an upload, or the picture of a link's preview, which the server fetched. */
export type FilePurpose = (typeof filePurposes)[number] | "preview";

const px = z.int().positive().max(100_000);
const durationMs = z
  .int()
  .nonnegative()
  .max(24 * 3_600_000);
const altSchema = z
  .string()
  .overwrite((text) => text.trim())
  .max(fileAltCharsMax, `use at most ${fileAltCharsMax} characters`)
  .refine((text) => !/[\p{Control}--[\n]]|\p{Surrogate}/v.test(text), "use no control characters");

/** Loudness from 0 to 255, evenly spread over a recording, in base64. */
const peaks = z
  .string()
  .max(Math.ceil(voicePeaksMax / 3) * 4)
  .regex(/^[A-Za-z0-9+/]*={0,2}$/);

/** A file that is part of a message. */
export const fileSchema = z.strictObject({
  id: fileIdSchema,
  kind: z.enum(fileKinds),
  name: z.string().max(fileNameCharsMax),
  /** The media type that the server sends it with. */
  type: z.string(),
  size: z.int().nonnegative(),
  /** Of pictures and videos, in pixels, turned as it is shown. */
  width: px.optional(),
  height: px.optional(),
  /** A ThumbHash in base64, to be shown while it is loading. */
  placeholder: z.string().optional(),
  /** Whether it has a small still picture, at `/api/files/<id>/preview`. */
  hasPreview: z.literal(true).optional(),
  isAnimated: z.literal(true).optional(),
  durationMs: durationMs.optional(),
  peaks: peaks.optional(),
  /** What it shows, in words. */
  alt: altSchema.optional(),
});
export type FileInfo = z.infer<typeof fileSchema>;

/**
 * A file to be sent with a message: its id, and what only its sender knows. The server cannot measure videos and
 * recordings; what the sender says of them is shown and nothing else.
 */
export const draftFileSchema = z.strictObject({
  id: fileIdSchema,
  alt: altSchema.optional(),
  width: px.optional(),
  height: px.optional(),
  durationMs: durationMs.optional(),
  peaks: peaks.optional(),
});
export type DraftFile = z.infer<typeof draftFileSchema>;

export const draftFilesSchema = z
  .array(draftFileSchema)
  .max(filesPerMessageMax)
  .refine((files) => new Set(files.map((file) => file.id)).size === files.length, "a file is there twice");
