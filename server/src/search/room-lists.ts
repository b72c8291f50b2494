// The links and the files of a room, by the words around them.
import { linksIn } from "@novax/protocol/markdown";
import { toPerson } from "@novax/protocol/person";
import type { ReadInput, ReadResult, RoomFile, RoomLink } from "@novax/protocol/reads";
import { filesOf } from "@novax/protocol/text";
import type { Actor } from "../auth/sessions.ts";
import { readRoomFiles as listRoomFiles } from "../messages/read-room-files.ts";
import type { MessageKey } from "./document.ts";
import { findMessages, type SearchNeeds } from "./find-messages.ts";
import { matchTexts } from "./match.ts";
import { parseQuery, type Query } from "./parse-query.ts";
import type { HitRow } from "./queries.ts";

const pageMessages = 30;
const linksPerMessageMax = 20;

/** Returns a page of the links that were sent to a room, the newest first: all, or those of messages with these words. */
export async function readRoomLinks(
  app: SearchNeeds,
  actor: Actor,
  { room, q = "", after, limit = pageMessages }: ReadInput<"room.links">,
): Promise<ReadResult<"room.links">> {
  const query = withKey(parseWords(app, q), "link");
  const { page, next } = await findMessages(app, actor, { query, room, order: "newest", after, limit });
  const links = page.flatMap(({ row }) => linksOf(row).map((link) => ({ ...link, ...about(row) })));
  return { links, next };
}

/**
 * Returns a page of the files that were sent to a room, the newest first: all, those of one kind, or those with these words in
 * their name or in what their sender said they show.
 */
export async function readRoomFiles(
  app: SearchNeeds,
  actor: Actor,
  { q = "", ...input }: ReadInput<"room.files">,
): Promise<ReadResult<"room.files">> {
  if (q.trim() === "") return listRoomFiles(app, actor, input);
  const { room, kind, after, limit = pageMessages } = input;
  const query = withKey(parseWords(app, q), "file");
  const { page, next } = await findMessages(app, actor, { query, room, order: "newest", after, limit });
  const files = page.flatMap(({ row, match }) =>
    filesOf(row.body!)
      .filter((file) => isOfKind(file.kind, kind))
      // The words may also be in the text of the message.
      .filter(
        (file) =>
          matchTexts(query, [file.name, file.alt ?? ""], match === "word" ? "word" : "inside") !== null,
      )
      .map((file) => ({ file, ...about(row) })),
  );
  return { files, next };
}

const parseWords = ({ clock }: SearchNeeds, q: string) => parseQuery(q, { zone: "UTC", now: clock.now() });

const withKey = (query: Query, key: MessageKey): Query => ({ ...query, keys: [...query.keys, key] });

function isOfKind(kind: RoomFile["file"]["kind"], list: ReadInput<"room.files">["kind"]): boolean {
  return list === undefined || (list === "media" ? kind === "audio" || kind === "video" : kind === list);
}

function about(row: HitRow): Omit<RoomFile, "file"> {
  const { seq, threadRoot, sentAt } = row;
  return { seq, threadRoot, sender: toPerson(row.sender, row.username, row.displayName), sentAt };
}

function linksOf({ body }: HitRow): Pick<RoomLink, "url" | "label">[] {
  if (body?.kind !== "text") return [];
  return linksIn(body.text).slice(0, linksPerMessageMax);
}
