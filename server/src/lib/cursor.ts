import { z } from "zod";
import { Refusal } from "./refusal.ts";

/** Where a page of a list ends: the values that its order is by, of its last row. */
export type Cursor = readonly (string | number)[];

/** A page of a list, of rows that were read with one more than `limit`: that one says whether there is a next page. */
export function toPage<Row>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => Cursor,
): { page: Row[]; next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const next = rows.length > limit && last !== undefined ? encodeCursor(cursorOf(last)) : null;
  return { page, next };
}

/** The values of a cursor, or null for the first page. Refuses with `malformed` what is none of ours. */
export function parseCursor<T>(text: string | undefined, schema: z.ZodType<T>): T | null {
  if (text === undefined) return null;
  const parsed = schema.safeParse(decode(text));
  if (!parsed.success) throw new Refusal("malformed", "after: isn't the cursor of a page");
  return parsed.data;
}

const storable = z.string().refine((text) => !text.includes("\0") && text.isWellFormed());

/** Where a list across rooms is, newest first. */
export type ListCursor = { at: number; room: string; seq: number };

/** Before it is everything. */
const listStart: ListCursor = { at: Number.MAX_SAFE_INTEGER, room: "", seq: Number.MAX_SAFE_INTEGER };

/** A list by name: the name, and the id among rows of the same name. */
export const nameCursorSchema = z.tuple([storable, storable]);
/** A list by time: the time, and the id among rows of the same time. */
export const timeCursorSchema = z.tuple([z.int(), z.uuid()]);

export function parseListCursor(text: string | undefined): ListCursor {
  const values = parseCursor(text, z.tuple([z.int(), storable, z.int()]));
  return values === null ? listStart : { at: values[0], room: values[1], seq: values[2] };
}

/** The cursor of a message in a list across rooms. */
export function listCursorOf({ at, room, seq }: ListCursor): Cursor {
  return [at, room, seq];
}

/** A cursor as clients get it: a text that they give back. */
export function encodeCursor(cursor: Cursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString("base64url");
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, "base64url").toString());
  } catch {
    return null;
  }
}
