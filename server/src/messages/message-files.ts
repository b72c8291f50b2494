import type { MessageBody } from "@novax/protocol/entities";
import type { FileId } from "@novax/protocol/files";
import { filesOf } from "@novax/protocol/text";

/** The ids of all files that a message has: those that were sent with it, and the pictures of its previews. */
export function fileIdsIn(body: MessageBody): FileId[] {
  const previews = (body.kind === "text" && body.previews) || [];
  return [...filesOf(body).map(({ id }) => id), ...previews.flatMap(({ picture }) => picture?.id ?? [])];
}
