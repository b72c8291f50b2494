import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { applyEvents, type RoomSnapshot, toTimelineEntry } from "./apply-event.ts";
import type { Room } from "./entities.ts";
import type { RoomEvent } from "./events.ts";
import { generalRoomId } from "./general-room.ts";
import type { AccountId, SendId } from "./ids.ts";

const alice = { id: "a" as AccountId, username: "alice" };
const bob = { id: "b" as AccountId, username: "bob" };
const room: Room = {
  id: generalRoomId,
  kind: "public",
  name: "General",
  topic: "",
  description: "",
  icon: "",
  colour: null,
  picture: null,
  isArchived: false,
  posting: "everybody",
  slowModeSeconds: 0,
  keepDays: 0,
  leavesMark: true,
  hasLinkPreviews: true,
  memberCount: 1,
  headSeq: 0,
};
const empty: RoomSnapshot = { room, timeline: [] };

const sent = (seq: number, text: string): RoomEvent => ({
  seq,
  at: 1000 + seq,
  actor: alice,
  type: "message.sent",
  sendId: `send-${seq}` as SendId,
  body: { kind: "text", text },
});
const joined = (seq: number): RoomEvent => ({ seq, at: seq, actor: bob, type: "member.joined", member: bob });
const removed = (seq: number): RoomEvent => ({
  seq,
  at: seq,
  actor: alice,
  type: "member.removed",
  member: bob,
});

describe("applyEvents", () => {
  test("adds events to the timeline in order", () => {
    const after = applyEvents(empty, [joined(1), sent(2, "hello"), removed(3)]);
    expect(after.room.headSeq).toBe(3);
    expect(after.timeline.map((entry) => entry.kind)).toEqual(["member", "message", "member"]);
    expect(after.room.memberCount).toBe(1);
    expect(applyEvents(empty, [joined(1)]).room.memberCount).toBe(2);
  });

  test("[Q10] an event that is already applied changes nothing", () => {
    const once = applyEvents(empty, [joined(1), sent(2, "hello")]);
    expect(applyEvents(once, [joined(1), sent(2, "hello")])).toBe(once);
    expect(applyEvents(once, [sent(2, "hello"), sent(3, "again")]).timeline).toHaveLength(3);
  });

  test("a gap in seq throws", () => {
    expect(() => applyEvents(empty, [sent(2, "hello")])).toThrow("gap");
    expect(() => applyEvents(empty, [sent(1, "a"), sent(3, "c")])).toThrow("gap");
  });

  test("[Q9] an old snapshot plus its later events equals the new snapshot, however the log is split", () => {
    const log = [
      joined(1),
      ...Array.from({ length: 18 }, (_, index) => sent(index + 2, `m${index}`)),
      removed(20),
    ];
    const whole = applyEvents(empty, log);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 8 }), (sizes) => {
        let snapshot = empty;
        let position = 0;
        for (const size of [...sizes, 20]) {
          // Each slice overlaps the one before it, as a replay after a reconnect does.
          snapshot = applyEvents(snapshot, log.slice(Math.max(0, position - 2), position + size));
          position = Math.min(20, position + size);
        }
        expect(snapshot).toEqual(whole);
      }),
    );
    expect(whole.timeline).toEqual(log.flatMap((event) => toTimelineEntry(event) ?? []));
  });
});
