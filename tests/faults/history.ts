// What clients did and saw, and what must be true of it whatever broke meanwhile.
import type { RoomEvent } from "@novax/protocol/events";
import type { RoomId } from "@novax/protocol/ids";
import { textOf } from "@novax/protocol/text";

/** Milliseconds of the one process that all clients of a run live in (`performance.now()`). */
export type Moment = number;

/** A message that a client wanted to send: it is sent again until it is acknowledged or finally refused. */
export type SendRecord = {
  room: RoomId;
  client: string;
  /** The order in which this client sent to this room. */
  number: number;
  sendId: string;
  text: string;
  startedAt: Moment;
  /** Whether an answer was lost, so that nobody knew for a while whether it was stored. */
  wasUnknown: boolean;
  /** Null until it is acknowledged. */
  acknowledged: { seq: number; at: Moment } | null;
  /** The code of the refusal that ended it. */
  refused: string | null;
};

/** A change of a client's own message or reaction. One client makes them one after the other. */
export type ChangeRecord = {
  room: RoomId;
  seq: number;
  /** What the change makes of it. */
  change: { kind: "text"; text: string } | { kind: "deleted" } | { kind: "reaction"; isOn: boolean };
  client: string;
  /** `unknown`: the connection was lost before there was an answer. */
  outcome: "ok" | "refused" | "unavailable" | "unknown";
  endedAt: Moment;
};

/** A read of a room's newest page, on any node. */
export type ReadRecord = { room: RoomId; client: string; startedAt: Moment; headSeq: number };

/** Events that a client has received one after the other, from its attach or reload on. */
export type Stretch = { room: RoomId; client: string; events: RoomEvent[] };

/** A time in which an account was certainly no member of a room. */
export type Absence = { room: RoomId; client: string; from: Moment; to: Moment };

/**
 * The newest of the events that a client has received together. Who was a member then may see all that was before, and may
 * get it late.
 */
export type Sighting = { room: RoomId; client: string; seq: number; at: Moment };

/** A message as a client shows it, or as a fresh load shows it. */
export type Shown = { seq: number; text: string; reactions: string };

export type History = {
  sends: SendRecord[];
  changes: ChangeRecord[];
  reads: ReadRecord[];
  stretches: Stretch[];
  absences: Absence[];
  sightings: Sighting[];
};

/** How a room is at the end: its whole log, all of its messages, and what each client shows of its newest ones. */
export type FinalRoom = {
  room: RoomId;
  log: RoomEvent[];
  /** By `seq`. */
  messages: Map<number, Shown>;
  newest: Shown[];
  /** `shown` is null if a client shows nothing of the room, which only the guest may, who may be out of it. */
  clients: { client: string; shown: Shown[] | null; isGuest: boolean }[];
};

export type Violation = { check: CheckName; detail: string };

export const checkNames = [
  "acknowledged is stored",
  "no sendId twice",
  "one contiguous log for everybody",
  "order of each sender",
  "reads see what was acknowledged",
  "reads never go back",
  "every unknown is settled once",
  "nothing reaches outsiders",
  "what is shown is what is stored",
  "nothing is undone",
] as const;
export type CheckName = (typeof checkNames)[number];

/** Returns everything that is wrong. */
export function check(history: History, finals: readonly FinalRoom[]): Violation[] {
  const violations: Violation[] = [];
  const fail = (name: CheckName, detail: string) => violations.push({ check: name, detail });
  for (const final of finals) {
    const of = <T extends { room: RoomId }>(records: readonly T[]) =>
      records.filter(({ room }) => room === final.room);
    checkSends(of(history.sends), final, fail);
    checkStretches(of(history.stretches), final, fail);
    checkReads(of(history.reads), of(history.sends), fail);
    checkChanges(of(history.changes), final, fail);
    checkEdits(of(history.changes), of(history.stretches), fail);
    checkShown(final, fail);
    checkSightings(of(history.absences), of(history.sightings), final, fail);
  }
  return violations;
}

type Fail = (name: CheckName, detail: string) => void;

function checkSends(sends: readonly SendRecord[], { room, log }: FinalRoom, fail: Fail): void {
  const stored = new Map<string, number[]>();
  for (const event of log)
    if (event.type === "message.sent")
      stored.set(event.sendId, [...(stored.get(event.sendId) ?? []), event.seq]);
  for (const [sendId, seqs] of stored)
    if (seqs.length > 1) fail("no sendId twice", `${sendId} is at ${seqs.join(" and ")} of ${room}`);
  const lastOf = new Map<string, SendRecord & { seq: number }>();
  for (const send of sends) {
    const { sendId, acknowledged, client, wasUnknown, refused } = send;
    const [seq] = stored.get(sendId) ?? [];
    if (acknowledged && seq !== acknowledged.seq)
      fail("acknowledged is stored", `${client}: ${send.text} was to be at ${acknowledged.seq}, is ${seq}`);
    if (wasUnknown && !acknowledged && refused === null)
      fail("every unknown is settled once", `${client}: ${send.text}`);
    if (refused !== null && seq !== undefined)
      fail("nothing is undone", `${client}: ${send.text} was refused (${refused}) and is at ${seq}`);
    if (seq === undefined) continue;
    const before = lastOf.get(client);
    if (before && before.seq > seq)
      fail("order of each sender", `${client}: ${before.text} at ${before.seq}, then ${send.text} at ${seq}`);
    lastOf.set(client, { ...send, seq });
  }
}

function checkStretches(stretches: readonly Stretch[], { room, log }: FinalRoom, fail: Fail): void {
  const name = "one contiguous log for everybody";
  log.forEach((event, index) => {
    if (event.seq !== index + 1) fail(name, `${room} has ${event.seq} at ${index + 1}`);
  });
  for (const { client, events } of stretches) {
    const from = events[0]?.seq ?? 0;
    const wrong = events.findIndex(
      (event, index) => event.seq !== from + index || !isSame(event, log[event.seq - 1]),
    );
    if (wrong >= 0) fail(name, `${client} has another ${events[wrong]!.seq} of ${room} than the log`);
  }
}

/** Whether an event is the one in the log. A text may have been changed since it was received. */
function isSame(received: RoomEvent, stored: RoomEvent | undefined): boolean {
  if (received.type !== stored?.type || received.actor.id !== stored.actor.id) return false;
  if (received.type === "message.sent" && stored.type === "message.sent")
    return received.sendId === stored.sendId;
  if ("target" in received && "target" in stored) return received.target === stored.target;
  return true;
}

function checkReads(reads: readonly ReadRecord[], sends: readonly SendRecord[], fail: Fail): void {
  const acknowledged = sends.flatMap((send) => send.acknowledged ?? []).sort((a, b) => a.at - b.at);
  let next = 0;
  let highest = 0;
  const before = new Map<string, ReadRecord>();
  for (const read of [...reads].sort((a, b) => a.startedAt - b.startedAt)) {
    for (; next < acknowledged.length && acknowledged[next]!.at <= read.startedAt; next++)
      highest = Math.max(highest, acknowledged[next]!.seq);
    const { client, room, headSeq } = read;
    if (headSeq < highest)
      fail("reads see what was acknowledged", `${client} read ${room} up to ${headSeq} after ${highest}`);
    const last = before.get(client);
    if (last && last.headSeq > headSeq)
      fail("reads never go back", `${client} read ${room} up to ${last.headSeq}, then ${headSeq}`);
    before.set(client, read);
  }
}

/**
 * Nothing that was recorded while an account was no member has reached it before it was one again. What was recorded before
 * its removal may still arrive.
 */
function checkSightings(
  absences: readonly Absence[],
  sightings: readonly Sighting[],
  { room, log }: FinalRoom,
  fail: Fail,
): void {
  for (const [client, seen] of Map.groupBy(sightings, (sighting) => sighting.client)) {
    const wasMember: boolean[] = [];
    let isMember = false;
    for (const event of log) {
      if (event.type === "member.joined" && event.member.id === client) isMember = true;
      // The removal itself is told to whom it is about.
      wasMember[event.seq] = isMember;
      if (event.type === "member.removed" && event.member.id === client) isMember = false;
    }
    const isWrong = ({ seq, at }: Sighting) =>
      wasMember[seq] !== true &&
      absences.some((absence) => absence.client === client && at > absence.from && at < absence.to);
    const wrong = seen.filter(isWrong);
    for (const { seq } of wrong.slice(0, 3)) {
      const { type } = log[seq - 1] ?? {};
      const moves = log.filter((event) => "member" in event && event.member.id === client);
      const when = moves.map((event) => `${event.type} ${event.seq}`).join(", ");
      fail("nothing reaches outsiders", `${client} saw ${seq} of ${room}, ${type}; ${when}`);
    }
  }
}

/** The last change that was acknowledged holds, or a later one whose outcome nobody knows. */
function checkChanges(changes: readonly ChangeRecord[], { room, messages }: FinalRoom, fail: Fail): void {
  const keyOf = ({ client, seq, change }: ChangeRecord) =>
    `${client} ${seq} ${change.kind === "reaction" ? "reaction" : "text"}`;
  for (const [key, made] of Map.groupBy(changes, keyOf)) {
    const last = made.findLastIndex(({ outcome }) => outcome === "ok");
    if (last < 0) continue;
    const { seq, client } = made[last]!;
    const message = messages.get(seq);
    const holds = ({ change }: ChangeRecord) => {
      if (change.kind === "deleted") return message === undefined || message.text === "";
      if (change.kind === "text") return message?.text === change.text;
      return (message?.reactions.includes(client) ?? false) === change.isOn;
    };
    const isGone = message === undefined || message.text === "";
    if (made[last]!.change.kind === "reaction" && isGone) continue;
    // One that was answered with `unavailable` may have happened, but not after a newer one was acknowledged.
    const possible = made.slice(last).filter(({ outcome }) => outcome !== "refused");
    if (!possible.some(holds))
      fail("nothing is undone", `${key} of ${room}: acknowledged ${JSON.stringify(made[last]!.change)}`);
  }
}

/** The edits of a message were recorded in the order in which they were made, whatever their answers. */
function checkEdits(changes: readonly ChangeRecord[], stretches: readonly Stretch[], fail: Fail): void {
  const recordedAt = new Map<string, number>();
  for (const { events } of stretches)
    for (const event of events)
      if (event.type === "message.edited") recordedAt.set(textOf(event.body), event.seq);
  for (const [key, made] of Map.groupBy(changes, ({ client, seq }) => `${client} ${seq}`)) {
    let last = 0;
    for (const { change } of made) {
      const at = change.kind === "text" ? recordedAt.get(change.text) : undefined;
      if (at === undefined) continue;
      if (at < last)
        fail("nothing is undone", `${key}: an edit at ${last} that was given up before the one at ${at}`);
      last = Math.max(last, at);
    }
  }
}

function checkShown({ room, newest, clients }: FinalRoom, fail: Fail): void {
  const stored = newest.map((message) => JSON.stringify(message));
  for (const { client, shown, isGuest } of clients) {
    if (shown === null) {
      if (!isGuest) fail("what is shown is what is stored", `${client} shows nothing of ${room}`);
      continue;
    }
    const seen = shown.slice(-newest.length).map((message) => JSON.stringify(message));
    const wrong = stored.findLastIndex((text, index) => seen[index - stored.length + seen.length] !== text);
    // A client that has loaded less than a page shows less.
    if (wrong >= stored.length - seen.length)
      fail("what is shown is what is stored", `${client} in ${room}: ${seen[wrong]}, not ${stored[wrong]}`);
  }
}

/** A message without what may differ between two loads of it. */
export function toShown(message: {
  seq: number;
  body: Parameters<typeof textOf>[0] | { kind: "deleted" };
  reactions: readonly { emoji: string; by: readonly string[] }[];
}): Shown {
  const text = message.body.kind === "deleted" ? "" : textOf(message.body);
  const reactions = message.reactions.map(({ emoji, by }) => `${emoji} ${[...by].sort().join(" ")}`).sort();
  return { seq: message.seq, text, reactions: reactions.join(", ") };
}
