import { z } from "zod";
import type { Sql } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { every } from "../lib/every.ts";
import { endOperation, insertOperation, type Operation, operationKinds, updateOperation } from "./queries.ts";

/** Where an operation is noted: in the database, or by the server that has it open. */
export type OperationNotes = {
  begin(operation: Pick<Operation, "id" | "kind" | "place">): Promise<void>;
  update(operation: Pick<Operation, "id" | "done" | "total">): Promise<void>;
  end(operation: Pick<Operation, "id" | "error">): Promise<void>;
};

const noteEveryMs = 2000;
const sentenceCharsMax = 300;

export function notesIn(sql: Sql, clock: Clock): OperationNotes {
  return {
    begin: (operation) => insertOperation(sql, operation, clock.now()),
    update: (operation) => updateOperation(sql, operation, clock.now()),
    end: (operation) => endOperation(sql, operation, clock.now()),
  };
}

/** What `notesThrough` sends. */
export const noteSchema = z.union([
  z.object({ begin: z.object({ id: z.uuid(), kind: z.enum(operationKinds), place: z.string() }) }),
  z.object({ update: z.object({ id: z.uuid(), done: z.number(), total: z.number() }) }),
  z.object({ end: z.object({ id: z.uuid(), error: z.string().nullable() }) }),
]);

export function notesThrough(send: (note: z.infer<typeof noteSchema>) => Promise<unknown>): OperationNotes {
  return {
    begin: async (begin) => void (await send({ begin })),
    update: async (update) => void (await send({ update })),
    end: async (end) => void (await send({ end })),
  };
}

/**
 * Runs `work` as an operation that owners can see, with how far it is. `report` may be called as often as one likes. A note that
 * can't be made while it is under way stops nothing. `problemWith` says what is wrong with a result that came after all.
 */
export async function runOperation<T>(
  notes: OperationNotes,
  { id, kind, place }: Pick<Operation, "id" | "kind" | "place">,
  work: (report: (done: number, total: number) => void) => Promise<T>,
  problemWith: (result: T) => string | null = () => null,
): Promise<T> {
  await notes.begin({ id, kind, place });
  const state = { id, done: 0, total: 0 };
  const noting = every({ fault: () => {} }, "operation.not_noted", noteEveryMs, () => notes.update(state));
  try {
    const result = await work((done, total) => Object.assign(state, { done, total }));
    await noting.stop();
    await notes.update(state).catch(() => {});
    await notes.end({ id, error: problemWith(result) });
    return result;
  } catch (error) {
    await noting.stop();
    await notes.end({ id, error: (error as Error).message.slice(0, sentenceCharsMax) }).catch(() => {});
    throw error;
  }
}
