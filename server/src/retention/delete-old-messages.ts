import type { RoomId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import type { Clock } from "../lib/clock.ts";
import { deleteStored } from "../messages/delete-message.ts";
import { findMessage } from "../messages/queries.ts";
import { findRoom, lockRoom } from "../rooms/queries.ts";
import { type TransactionNeeds, transact } from "../transaction/transact.ts";
import { findOld, hidePlaceholders, listRoomsWithOld, setKeptFrom } from "./queries.ts";

/** Of one room in one transaction: who writes there meanwhile waits for that. */
const messagesAtOnce = 20;
const roomsAtOnce = 100;
/** Between two steps, so that people come first. */
const pauseMs = 20;
/** What is left is deleted the next time. */
const stepsMax = 2000;

/**
 * Deletes messages that are older than their room keeps them, with their files, texts before an edit, reactions and mentions, as their
 * senders could: nothing of them is left but a gap. The oldest first, in small steps, until `isStopping`. Returns how many were deleted.
 */
export async function deleteOldMessages(
  app: TransactionNeeds & { clock: Clock },
  { isStopping = () => false }: { isStopping?: () => boolean } = {},
): Promise<number> {
  let deleted = 0;
  let steps = 0;
  /** Rooms in which it failed: the others go on, and these are tried the next time. */
  const failed: RoomId[] = [];
  while (steps < stepsMax && !isStopping()) {
    const rooms = await listRoomsWithOld(app.db.sql, {
      now: app.clock.now(),
      except: failed,
      limit: roomsAtOnce,
    });
    if (rooms.length === 0) break;
    for (const room of rooms) {
      if (steps++ >= stepsMax || isStopping()) break;
      try {
        deleted += await deleteSome(app, room);
      } catch (error) {
        app.log.fault("retention.failed", error, { room });
        failed.push(room);
      }
      await Bun.sleep(pauseMs);
    }
  }
  if (deleted > 0) app.log.info("retention.deleted", { messages: deleted });
  return deleted;
}

async function deleteSome(app: TransactionNeeds & { clock: Clock }, id: RoomId): Promise<number> {
  const now = app.clock.now();
  return transact(app, async (transaction) => {
    const { sql } = transaction;
    await lockRoom(sql, id);
    const [room, old] = [await findRoom(sql, id), await findOld(sql, id, { now, limit: messagesAtOnce })];
    if (!room || !old) return 0;
    const roots: number[] = [];
    for (const seq of old.seqs) {
      const message = await findMessage(sql, id, seq);
      if (!message) continue;
      if (message.threadRoot !== null) roots.push(message.threadRoot);
      const inRoom = { ...transaction, room: { ...room, leavesMark: false }, actor: message.sender };
      await deleteStored(inRoom, message, now);
    }
    // A placeholder would say for ever who wrote when. One with replies stays until they are gone.
    for (const { seq, ...sender } of await hidePlaceholders(sql, id, [
      ...old.gone,
      ...old.rootsOfGone,
      ...roots,
    ])) {
      const actor = toPerson(sender.id, sender.username, sender.display_name);
      await transaction.record({ room: id, type: "message.deleted", actor, target: seq, leavesMark: false });
    }
    await setKeptFrom(sql, id, old.upTo);
    return old.seqs.length;
  });
}
