import type { RoomId } from "@novax/protocol/ids";
import { filesOf } from "@novax/protocol/text";
import { Refusal } from "../lib/refusal.ts";
import type { MessageDraft } from "./draft.ts";

export type Sent = { kind: "sent" | "duplicate"; seq: number };

/** A message that waits for its commit. */
export type Waiting = {
  readonly room: RoomId;
  readonly draft: MessageDraft;
  /** Whether steps concern it, so that its room has to be written to by itself. */
  readonly isAlone: boolean;
  /** By `performance.now()`. */
  readonly expiresAt: number;
  resolve(sent: Sent): void;
  reject(error: unknown): void;
};

type Lane = {
  waiting: Waiting[];
  /** What is being written; empty if the room can be taken from. */
  underWay: readonly Waiting[];
  /** Whether something else has locked the room, so that others must not wait with it. */
  isHeld: boolean;
};

const waitingMax = 20_000;
/** What has less time left than this is not begun. */
export const writeMs = 2000;

/**
 * The messages that wait, by room, in the order in which they came. A room is in one batch at a time, so that its messages are
 * written in that order.
 */
export class SendQueue {
  readonly #lanes = new Map<RoomId, Lane>();
  /** Rooms with something waiting and nothing under way, by how they are written to. The first is the next in turn. */
  readonly #together = new Set<RoomId>();
  readonly #alone = new Set<RoomId>();

  /** How many rooms are being written to. */
  get size(): number {
    return this.#lanes.size;
  }

  /** Whether messages wait that can be taken with {@link takeTogether}. */
  get hasTogether(): boolean {
    return this.#together.size > 0;
  }

  /** Refuses with `unavailable` if too much waits for this room. */
  add(waiting: Waiting): void {
    const lane = this.#lanes.get(waiting.room) ?? { waiting: [], underWay: [], isHeld: false };
    if (lane.waiting.length >= waitingMax)
      throw new Refusal("unavailable", (t) => t.roomBusy, { retryInMs: 1000 });
    this.#lanes.set(waiting.room, lane);
    lane.waiting.push(waiting);
    if (lane.underWay.length === 0 && lane.waiting.length === 1) this.#line(waiting.room, lane);
  }

  /** Takes the next messages, at most `max`, of all rooms that can be written to together. */
  takeTogether(max: number): Waiting[] {
    const batch: Waiting[] = [];
    for (const room of this.#together) {
      if (batch.length >= max) break;
      this.#together.delete(room);
      const lane = this.#lanes.get(room)!;
      batch.push(...take(lane, { max: max - batch.length, isTogether: true }));
    }
    return batch;
  }

  /** Takes the next messages, at most `max`, of a room that has to be written to by itself. Empty if there is none. */
  takeAlone(max: number): readonly Waiting[] {
    for (const room of this.#alone) {
      this.#alone.delete(room);
      return take(this.#lanes.get(room)!, { max, isTogether: false });
    }
    return [];
  }

  /** Puts messages back to where they were taken from: their rooms have to be written to by themselves. */
  putBack(messages: readonly Waiting[]): void {
    for (const [room, waiting] of Map.groupBy(messages, (message) => message.room)) {
      const lane = this.#lanes.get(room)!;
      lane.waiting = [...waiting, ...lane.waiting];
      lane.isHeld = true;
    }
  }

  /** Lets a room be taken from again, after its batch. `isFree`: whether it can be written to together with others. */
  release(room: RoomId, { isFree }: { isFree: boolean }): void {
    const lane = this.#lanes.get(room)!;
    lane.underWay = [];
    if (isFree) lane.isHeld = false;
    if (lane.waiting.length > 0) this.#line(room, lane);
    else this.#lanes.delete(room);
  }

  /**
   * Returns the messages that have had no answer for too long by `now`. What still waits and has little time left is among them:
   * it might be written only after its sender was refused. They are not taken any more.
   */
  expire(now: number): Waiting[] {
    const expired: Waiting[] = [];
    for (const [room, lane] of this.#lanes) {
      expired.push(...lane.underWay.filter((waiting) => waiting.expiresAt <= now));
      // The first are the oldest.
      const rest = lane.waiting.findIndex((waiting) => waiting.expiresAt > now + writeMs);
      const late = lane.waiting.splice(0, rest < 0 ? lane.waiting.length : rest);
      expired.push(...late);
      if (late.length === 0 || lane.underWay.length > 0) continue;
      this.#together.delete(room);
      this.#alone.delete(room);
      if (lane.waiting.length > 0) this.#line(room, lane);
      else this.#lanes.delete(room);
    }
    return expired;
  }

  #line(room: RoomId, lane: Lane): void {
    const isAlone = lane.isHeld || lane.waiting[0]!.isAlone;
    (isAlone ? this.#alone : this.#together).add(room);
  }
}

/**
 * Takes messages, in order, up to the first one whose sender and `sendId`, or one of its files, are already taken: one
 * statement cannot insert the same message twice, nor a file into two messages.
 */
function take(lane: Lane, { max, isTogether }: { max: number; isTogether: boolean }): readonly Waiting[] {
  const seen = new Set<string>();
  let count = 0;
  for (const { draft, isAlone } of lane.waiting) {
    const keys = keysOf(draft);
    if (count >= max || (isTogether && isAlone) || keys.some((key) => seen.has(key))) break;
    for (const key of keys) seen.add(key);
    count += 1;
  }
  lane.underWay = lane.waiting.splice(0, count);
  return lane.underWay;
}

function keysOf({ sender, sendId, body }: MessageDraft): string[] {
  return [`${sender.id} ${sendId.toLowerCase()}`, ...filesOf(body).map((file) => file.id)];
}
