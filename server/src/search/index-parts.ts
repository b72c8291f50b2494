// What the parts of the index say to each other.
import type { Database as Sqlite } from "bun:sqlite";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { MatchKind } from "@novax/protocol/reads";
import type { MessageKey } from "./document.ts";
import type { Term } from "./parse-query.ts";
import type { WordList } from "./word-list.ts";

/** What is looked for, with names resolved. */
export type IndexQuery = {
  terms: readonly Term[];
  excluded: readonly Term[];
  keys: readonly MessageKey[];
  rooms: readonly RoomId[];
  /** By one of these; null: by anyone. */
  from: readonly AccountId[] | null;
  notFrom: readonly AccountId[];
  /** Only among these messages; null: among all. */
  among: readonly (readonly [RoomId, number])[] | null;
  /** Times in milliseconds since 1970: from the first on, and before the second. */
  since: number;
  until: number;
  /** How well it fits. */
  kind: MatchKind;
  /** How long a word must be to stand for similar ones. */
  similarCharsMin: number;
  /** Only what is before this one, newest first. */
  before: number;
  /** By how well they fit, of the newest `rankedMax`; otherwise the newest first. */
  isRanked: boolean;
  limit: number;
};

/** A message that fits. `id` is its place in the order of time. */
export type IndexHit = { id: number; room: RoomId; seq: number; kind: MatchKind };
export type IndexResult = {
  hits: IndexHit[];
  /** Where looking ended before everything was looked at, and can go on; null if there is nothing else. */
  end: [kind: MatchKind, before: number, skipped: number] | null;
  /** Asked for what has the words: whether others may have them inside of theirs. */
  canBeInside: boolean;
  /** The words that stand for each misspelt one. */
  similar: [string, string[]][];
  /** How long it took, in milliseconds. */
  ms: number;
};

/** A room by its number in the file, where it is indexed to, and how many of its messages are in the index. */
export type IndexedRoom = { no: number; seq: number; at: number; messages: number };

/** What a search needs to know of the index. Rooms and senders have numbers in it. */
export type IndexParts = {
  sqlite: Sqlite;
  words: WordList;
  messages: number;
  /** Another number after each change. */
  version: number;
  room(id: RoomId): IndexedRoom | undefined;
  roomId(no: number): RoomId;
  senderNo(id: AccountId): number | undefined;
};
