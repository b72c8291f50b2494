import type { MessageBody } from "@novax/protocol/entities";
import type { RoomChanges } from "@novax/protocol/events";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { filesOf } from "@novax/protocol/text";
import { type Word, wordsOf } from "./words.ts";

/** A message, or a change of a room that its timeline shows, as it is read from the database. */
export type Searchable = {
  room: RoomId;
  seq: number;
  sender: AccountId;
  sentAt: number;
  /** Null if it is a change of the room, or is gone. */
  body: MessageBody | null;
  changes: RoomChanges | null;
  /** In a thread, or the beginning of one. */
  isThread: boolean;
  isPinned: boolean;
};

/** What can be asked of a message beside its words. */
export const messageKeys = ["link", "file", "image", "poll", "thread", "pinned", "change"] as const;
export type MessageKey = (typeof messageKeys)[number];

const link = /\bhttps?:\/\/[^\s]/i;

/** Returns the texts in which a message is found. Null if there is nothing to find. */
export function textsOf({ body, changes }: Pick<Searchable, "body" | "changes">): string[] | null {
  if (changes) {
    const { name, topic, description } = changes;
    const texts = [name, topic, description].filter((text) => text !== undefined && text !== "");
    return texts.length > 0 ? (texts as string[]) : null;
  }
  if (!body || body.kind === "deleted") return null;
  if (body.kind === "poll") return [body.question, ...body.choices];
  const files = filesOf(body).flatMap((file) => [file.name, ...(file.alt === undefined ? [] : [file.alt])]);
  return [body.text, ...files];
}

/** Returns what can be asked of a message beside its words. */
export function keysOf({ body, changes, isThread, isPinned }: Searchable): Set<MessageKey> {
  const keys = new Set<MessageKey>();
  if (changes) keys.add("change");
  if (isThread) keys.add("thread");
  if (isPinned) keys.add("pinned");
  if (body?.kind === "poll") keys.add("poll");
  if (body?.kind !== "text") return keys;
  if (link.test(body.text)) keys.add("link");
  const files = filesOf(body);
  if (files.length > 0) keys.add("file");
  if (files.some((file) => file.kind === "picture")) keys.add("image");
  return keys;
}

/** Returns the words of several texts, with a gap between two of them, so that no phrase is found across it. */
export function wordsOfTexts(texts: readonly string[]): (Word & { field: number })[] {
  return texts.flatMap((text, field) => wordsOf(text).map((word) => ({ ...word, field })));
}
