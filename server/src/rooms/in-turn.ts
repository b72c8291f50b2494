import type { RoomId } from "@novax/protocol/ids";
import type { Database } from "../db/database.ts";
import { WorkQueue } from "../lib/work-queue.ts";

/** One that has the room's row, and one that is ready to follow. Sends have their own, one for each room. */
const atOnce = 2;
const waitingMax = 200;
/** As long as a statement waits for a lock. */
const waitMs = 4000;

type Queue = { queue: WorkQueue; users: number };

const queues = new WeakMap<Database, Map<RoomId, Queue>>();

/**
 * Runs work that locks a room's row, few at a time for each room. If something holds the row, only this many of the
 * process's connections wait for it, and the other rooms keep theirs. Refuses with `unavailable` what would wait too long.
 */
export async function inTurn<T>(db: Database, room: RoomId, work: () => Promise<T>): Promise<T> {
  const ofDatabase = queues.get(db) ?? new Map<RoomId, Queue>();
  queues.set(db, ofDatabase);
  const entry = ofDatabase.get(room) ?? {
    queue: new WorkQueue({ parallel: atOnce, waitingMax, waitMs }),
    users: 0,
  };
  ofDatabase.set(room, entry);
  entry.users += 1;
  try {
    return await entry.queue.run(work);
  } finally {
    entry.users -= 1;
    if (entry.users === 0) ofDatabase.delete(room);
  }
}
