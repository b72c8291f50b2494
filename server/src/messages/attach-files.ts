import type { DraftBody, PollBody, TextBody } from "@novax/protocol/entities";
import type { DraftFile, FileInfo } from "@novax/protocol/files";
import type { AccountId } from "@novax/protocol/ids";
import type { Database } from "../db/database.ts";
import { listFilesOf } from "../files/queries.ts";
import { fileGone } from "../files/receive-file.ts";
import type { Uploads } from "../files/uploads.ts";
import type { TextFilter } from "../lib/text-filter.ts";

type AttachNeeds = { db: Database; uploads: Pick<Uploads, "describe">; textFilter: TextFilter };

/**
 * Returns a body with its files described. Whether they are still free is checked when the message is inserted. Refuses
 * with `file_gone`, with `message_filtered` for their names, and as `Uploads.describe` does.
 */
export async function attachFiles(
  app: AttachNeeds,
  sender: { id: AccountId },
  body: DraftBody,
): Promise<TextBody | PollBody> {
  if (body.kind !== "text") return body;
  const { kind, text, files = [] } = body;
  return files.length === 0 ? { kind, text } : { kind, text, files: await readFiles(app, sender, files) };
}

/** Returns files of the sender as messages carry them, in the order of `drafts`. Refuses as {@link attachFiles} does. */
export async function readFiles(
  app: AttachNeeds,
  sender: { id: AccountId },
  drafts: readonly DraftFile[],
): Promise<FileInfo[]> {
  const ids = drafts.map((draft) => draft.id);
  const stored = new Map((await listFilesOf(app.db.sql, sender.id, ids)).map((file) => [file.id, file]));
  const files: FileInfo[] = [];
  for (const draft of drafts) {
    const file = stored.get(draft.id);
    if (file?.purpose !== "message") throw fileGone();
    app.textFilter.assertAllowed(file.name);
    files.push(withClaims(await app.uploads.describe(file), draft));
  }
  return files;
}

/** Adds what only the sender knows. What the server measured itself is not theirs to say. */
function withClaims(details: FileInfo, { alt, width, height, durationMs, peaks }: DraftFile): FileInfo {
  const isPlayed = details.kind === "video" || details.kind === "audio";
  return {
    ...details,
    // A recording of sound alone is in the same containers as a video.
    ...(details.kind === "video" && peaks !== undefined ? { kind: "audio" as const } : {}),
    ...(details.kind === "video" && width !== undefined && height !== undefined ? { width, height } : {}),
    ...(isPlayed && durationMs !== undefined ? { durationMs } : {}),
    ...(isPlayed && peaks !== undefined ? { peaks } : {}),
    ...(alt === undefined || alt === "" ? {} : { alt }),
  };
}
