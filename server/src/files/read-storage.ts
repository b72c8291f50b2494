import type { ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import type { FileNeeds } from "./file-store.ts";
import { readStorageUse } from "./queries.ts";

/** Returns how much the actor's files take up; for owners and admins also those of everybody. */
export async function readStorage(
  app: Pick<FileNeeds, "db" | "blobs" | "fileLimits">,
  actor: Actor,
): Promise<ReadResult<"me.storage">> {
  const { own, all } = await readStorageUse(app.db.sql, actor.id);
  const { perPersonBytes: maxBytes, fileBytesMax, totalBytesMax } = app.fileLimits;
  const seesAll = actor.serverRole === "owner" || actor.serverRole === "admin";
  const server = seesAll
    ? { usedBytes: all, maxBytes: totalBytesMax, freeBytes: await app.blobs.freeBytes().catch(() => null) }
    : null;
  return { usedBytes: own, maxBytes, fileBytesMax, server };
}
