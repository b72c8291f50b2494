import type { FileId } from "@novax/protocol/files";
import { type AccountId, accountIdSchema, type RoomId } from "@novax/protocol/ids";
import { peopleAskedMax } from "@novax/protocol/limits";
import type { ReadInput, ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import { listKnownTo } from "../people/queries.ts";
import { findRoomPicture, listPictures } from "./queries.ts";

/** Returns the pictures of those of these people whom the actor can know of. */
export async function readPictures(
  app: { db: Database },
  actor: Actor,
  { ids }: ReadInput<"people.pictures">,
): Promise<ReadResult<"people.pictures">> {
  const parsed = accountIdSchema
    .array()
    .max(peopleAskedMax)
    .safeParse(ids === "" ? [] : ids.split(","));
  if (!parsed.success) throw new Refusal("malformed", "ids: are up to 50 ids, separated by commas");
  const people = await listKnownTo(app.db.sql, actor, parsed.data);
  return {
    pictures: await listPictures(
      app.db.sql,
      people.map((person) => person.id),
    ),
  };
}

/** A person's picture, or null if they have none or the viewer cannot know of them. */
export async function findPictureOf(
  app: { db: Database },
  viewer: Actor,
  person: AccountId,
): Promise<FileId | null> {
  const { pictures } = await readPictures(app, viewer, { ids: person });
  return pictures[0]?.picture ?? null;
}

/** A room's picture, or null if it has none or the viewer cannot know of it. */
export function findPictureOfRoom(
  app: { db: Database },
  viewer: Actor,
  room: RoomId,
): Promise<FileId | null> {
  return findRoomPicture(app.db.sql, viewer.id, room);
}
