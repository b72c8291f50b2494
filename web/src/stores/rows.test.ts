import { describe, expect, test } from "bun:test";
import type { TimelineEntry } from "@novax/protocol/apply-event";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId, SendId } from "@novax/protocol/ids";
import type { OutboxItem } from "./outbox.ts";
import { layOutRows, type Row } from "./rows.ts";

const alice = { id: "a" as AccountId, username: "alice" };
const bob = { id: "b" as AccountId, username: "bob" };
const noon = new Date(2026, 10, 20, 12, 0).getTime();
const minute = 60_000;

const message = (seq: number, sender: typeof alice, at: number): TimelineEntry => ({
  kind: "message",
  seq,
  sendId: `s${seq}` as SendId,
  sender,
  sentAt: at,
  body: { kind: "text", text: `m${seq}` },
  asOf: seq,
  editedAt: null,
  quote: null,
  threadRoot: null,
  thread: null,
  reactions: [],
  isPinned: false,
  mentionsEveryone: false,
  poll: null,
});
const waiting = (sendId: string, createdAt: number): OutboxItem => ({
  sendId: sendId as SendId,
  room: generalRoomId,
  text: "on its way",
  createdAt,
  state: { kind: "waiting" },
});
const layOut = (timeline: TimelineEntry[], more: Partial<Parameters<typeof layOutRows>[0]> = {}): Row[] =>
  layOutRows({ timeline, pending: [], you: alice, dividerSeq: null, isAtStart: false, ...more });
const kinds = (rows: Row[]) => rows.map((row) => row.kind);
const firsts = (rows: Row[]) =>
  rows.flatMap((row) => (row.kind === "message" || row.kind === "pending" ? [row.isFirstOfGroup] : []));

describe("the rows of the message list", () => {
  test("a sender who changed their name begins a new group", () => {
    const renamed = { ...bob, displayName: "Bob Berg" };
    const rows = layOut([
      message(1, bob, noon),
      message(2, renamed, noon + 1),
      message(3, renamed, noon + 2),
    ]);
    expect(firsts(rows)).toEqual([true, true, false]);
  });

  test("messages of one author within five minutes are one group", () => {
    const rows = layOut([
      message(1, bob, noon),
      message(2, bob, noon + 4 * minute),
      message(3, bob, noon + 10 * minute),
      message(4, alice, noon + 10 * minute),
    ]);
    expect(firsts(rows)).toEqual([true, false, true, true]);
  });

  test("each day has its separator, and begins a group", () => {
    const rows = layOut([message(1, bob, noon), message(2, bob, noon + 24 * 60 * minute)]);
    expect(kinds(rows)).toEqual(["day", "message", "day", "message"]);
    expect(firsts(rows)).toEqual([true, true]);
  });

  test("the New line stands before the first unread message of somebody else", () => {
    const timeline = [
      message(1, bob, noon),
      message(2, alice, noon),
      message(3, bob, noon),
      message(4, bob, noon),
    ];
    expect(kinds(layOut(timeline, { dividerSeq: 1 }))).toEqual([
      "day",
      "message",
      "message",
      "unread",
      "message",
      "message",
    ]);
    expect(kinds(layOut(timeline, { dividerSeq: 4 }))).not.toContain("unread");
    expect(kinds(layOut(timeline))).not.toContain("unread");
  });

  test("what is on its way stands at the end, and is one row with its message when that arrives", () => {
    const before = layOut([message(1, bob, noon)], { pending: [waiting("s2", noon)] });
    const both = layOut([message(1, bob, noon), message(2, alice, noon)], { pending: [waiting("s2", noon)] });
    expect(kinds(before)).toEqual(["day", "message", "pending"]);
    expect(kinds(both)).toEqual(["day", "message", "message"]);
    expect(before.at(-1)!.key).toBe(both.at(-1)!.key);
  });

  test("every row has a key of its own", () => {
    const timeline = Array.from({ length: 50 }, (_, index) =>
      message(index + 1, index % 3 ? bob : alice, noon + index * 60 * minute),
    );
    const rows = layOut(timeline, { dividerSeq: 20, isAtStart: true, pending: [waiting("x", noon)] });
    expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
    expect(rows[0]!.kind).toBe("start");
  });
});
