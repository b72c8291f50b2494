import type { LinkPreview, TextBody } from "@novax/protocol/entities";
import type { RoomId } from "@novax/protocol/ids";
import type { FileNeeds } from "../files/file-store.ts";
import { keepFetchedPicture } from "../files/keep-fetched-picture.ts";
import { claimPreviews } from "../files/queries.ts";
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

/** Within a job's lease, even if no server answers. */
export const previewMessagesMax = 8;
/** A message that is older is read already. */
export const previewWithinMs = 10 * 60_000;
/** A smaller picture is for counting visitors. */
const pictureSidePxMin = 16;

type TextMessage = StoredMessage & { body: TextBody };

/** Makes previews of the links in some messages of a room. What cannot be fetched gets none and is not tried again. */
export const makePreviewsJob = defineJob(
  "previews.make",
  async (app: PreviewNeeds, { room, seqs }: { room: RoomId; seqs: readonly number[] }) => {
    for (const seq of seqs) await previewMessage(app, room, seq);
  },
  { isOutside: true },
);

async function previewMessage(app: PreviewNeeds, room: RoomId, seq: number): Promise<void> {
  const before = await findPreviewable(app, app.db.sql, { room, seq });
  if (!before) return;
  const links = missingLinks(app.linkPreviews, before.body).filter((link) => app.linkPreviews.mayFetch(link));
  const fetched = await Promise.all(links.map((link) => fetchAllowed(app, link)));
  const made: LinkPreview[] = [];
  for (const preview of fetched) if (preview) made.push(await keepPicture(app, before, preview));
  if (made.length === 0) return;
  await transact(app, async ({ sql, record }) => {
    await lockRoom(sql, room);
    // It may have been edited or deleted, or the room have turned previews off, since it was looked at.
    const message = await findPreviewable(app, sql, { room, seq });
    if (!message) return;
    const missing = missingLinks(app.linkPreviews, message.body);
    const added = made.filter(({ url }) => missing.includes(url));
    if (added.length === 0) return;
    const known = [...(message.body.previews ?? []), ...added];
    const order = app.linkPreviews.linksOf(message.body.text);
    const previews = order.flatMap((link) => known.find(({ url }) => url === link) ?? []);
    const ids = added.flatMap(({ picture }) => picture?.id ?? []);
    await claimPreviews(sql, { room, seq, owner: message.sender.id, ids });
    const body = { ...message.body, previews };
    await setPreviews(sql, { room, seq, body });
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

function missingLinks(previews: LinkPreviews, { text, previews: known = [] }: TextBody): string[] {
  return previews.linksOf(text).filter((link) => !known.some(({ url }) => url === link));
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
): Promise<LinkPreview> {
  const kept = picture && (await keepFetchedPicture(app, sender.id, picture));
  const { id, width = 0, height = 0 } = kept ?? {};
  const isShown = id !== undefined && Math.min(width, height) >= pictureSidePxMin;
  return { url, title, text, ...(isShown ? { picture: { id, width, height } } : {}) };
}
