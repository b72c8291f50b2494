import type { LinkPreview, TextBody } from "@novax/protocol/entities";
import type { FileId } from "@novax/protocol/files";
import type { RoomId } from "@novax/protocol/ids";
import type { FileNeeds } from "../files/file-store.ts";
import { keepFetchedPicture } from "../files/keep-fetched-picture.ts";
import { claimPreviews, deleteUnusedFile } from "../files/queries.ts";
import { defineJob } from "../jobs/job.ts";
import { Refusal } from "../lib/refusal.ts";
import type { TextFilter } from "../lib/text-filter.ts";
import type { Outgoing } from "../outgoing/outgoing.ts";
import { type FetchedPreview, fetchPreview } from "../previews/fetch-preview.ts";
import type { LinkPreviews } from "../previews/link-previews.ts";
import { findRoom, lockRoom } from "../rooms/queries.ts";
import { type TransactionNeeds, transact } from "../transaction/transact.ts";
import { setPreviews } from "./change-queries.ts";
import { findMessage, type StoredMessage } from "./queries.ts";

type PreviewNeeds = TransactionNeeds &
  FileNeeds & { outgoing: Outgoing; linkPreviews: LinkPreviews; textFilter: TextFilter };

/** A message that is older is read already. */
export const previewWithinMs = 10 * 60_000;
/** A smaller picture is for counting visitors. */
const pictureSidePxMin = 16;

type TextMessage = StoredMessage & { body: TextBody };
type MadePreview = { preview: LinkPreview; pictureId: FileId | null };

/**
 * Makes previews of these links of a message, if it still has them. What their servers refuse gets none and is not asked again; after
 * a fault of ours the job is tried again.
 */
export const makePreviewsJob = defineJob(
  "previews.make",
  async (
    app: PreviewNeeds,
    { room, seq, links }: { room: RoomId; seq: number; links: readonly string[] },
  ) => {
    const message = await findPreviewable(app, app.db.sql, { room, seq });
    if (!message) return;
    const fetched = await Promise.all(missing(message, links).map((link) => fetchAllowed(app, link)));
    const made: MadePreview[] = [];
    try {
      for (const one of fetched) if (one) made.push(await keepPicture(app, message, one));
      if (made.length > 0) await addPreviews(app, { room, seq, made });
    } finally {
      // Those that became part of the message stay.
      for (const { pictureId } of made)
        if (pictureId !== null) await deleteUnusedFile(app.db.sql, message.sender.id, pictureId);
    }
  },
  { isOutside: true },
);

async function addPreviews(
  app: PreviewNeeds,
  { room, seq, made }: { room: RoomId; seq: number; made: readonly MadePreview[] },
): Promise<void> {
  await transact(app, async ({ sql, record }) => {
    await lockRoom(sql, room);
    // It may have been edited or deleted, or the room have turned previews off, since it was looked at.
    const message = await findPreviewable(app, sql, { room, seq });
    if (!message) return;
    const order = app.linkPreviews.linksOf(message.body.text);
    const wanted = missing(message, order);
    const added = made.filter(({ preview }) => wanted.includes(preview.url));
    if (added.length === 0) return;
    const ids = added.flatMap(({ pictureId }) => pictureId ?? []);
    const claimed = await claimPreviews(sql, { room, seq, owner: message.sender.id, ids });
    const whole = added.map(({ preview: { picture, ...words } }) =>
      picture && claimed.includes(picture.id) ? { ...words, picture } : words,
    );
    const known = [...(message.body.previews ?? []), ...whole];
    const previews = order.flatMap((link) => known.find(({ url }) => url === link) ?? []);
    if (!(await setPreviews(sql, { room, seq, text: message.body.text, previews }))) return;
    const body = { ...message.body, previews };
    await record({ room, type: "message.previewed", actor: message.sender, target: seq, body });
  });
}

/** Returns a message that can have previews now; null if it is gone, has no text, or its room wants none. */
async function findPreviewable(
  { linkPreviews }: PreviewNeeds,
  sql: PreviewNeeds["db"]["sql"],
  { room: id, seq }: { room: RoomId; seq: number },
): Promise<TextMessage | null> {
  const room = await findRoom(sql, id);
  const message = room && linkPreviews.areIn(room) ? await findMessage(sql, id, seq) : null;
  return message?.body.kind === "text" ? (message as TextMessage) : null;
}

/** Those of the links that the message has no preview of. */
function missing({ body }: TextMessage, links: readonly string[]): string[] {
  return links.filter((link) => !body.previews?.some(({ url }) => url === link));
}

/** As `fetchPreview`, without what the server's word filter forbids. */
async function fetchAllowed(app: PreviewNeeds, link: string): Promise<FetchedPreview | null> {
  const preview = await fetchPreview(app, link);
  try {
    if (preview) app.textFilter.assertAllowed(preview.title, preview.text);
    return preview;
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

async function keepPicture(
  app: PreviewNeeds,
  { sender }: TextMessage,
  { url, title, text, picture }: FetchedPreview,
): Promise<MadePreview> {
  const kept = picture && (await keepFetchedPicture(app, sender.id, picture));
  const { id, width = 0, height = 0 } = kept ?? {};
  const isShown = id !== undefined && Math.min(width, height) >= pictureSidePxMin;
  const preview = { url, title, text, ...(isShown ? { picture: { id, width, height } } : {}) };
  return { preview, pictureId: id ?? null };
}
