import type { EventsFrame, RoomEvent } from "@novax/protocol/events";
import type { RoomId } from "@novax/protocol/ids";
import { eventsFrameBytesMax, resumeEventsMax } from "@novax/protocol/limits";
import type { Resync, ServerFrame } from "@novax/protocol/replies";
import type { Delivery, Opening } from "./subscriber.ts";

/** A replay must fit the send buffer of a reader on a slow line; up to three bytes a character. */
const replayCharsMax = 200_000;

/** The topic of a room's events. */
export function roomTopic(room: RoomId): string {
  return `room:${room}`;
}

/** Publishes each frame once, to the topic that the sockets of `novax.v1` are subscribed to. */
export const novaxDelivery: Delivery = {
  deliver: ({ room, events, publishToSockets }) => {
    const topic = roomTopic(room);
    for (const frame of encodeFrames(room, events)) publishToSockets(topic, frame);
  },
  restart: (log, publishToSockets) =>
    publishToSockets(roomTopic(log.room), JSON.stringify({ type: "resync", ...log } satisfies Resync)),
};

type FrameReceiver = { send(frame: ServerFrame): void; sendText(text: string): void };

export type ResumePoint = {
  /** Null: the client's position is in a log that is not ours. */
  afterSeq: number | null;
  epoch: string;
  /** Called before the first frame is sent, if the subscriber is still a member. */
  begin?: (() => void) | undefined;
};

/**
 * Replays what a client missed after `afterSeq`. Too far back, or in another log or epoch, the client gets a `resync` with
 * the head to start from.
 */
export function resume(receiver: FrameReceiver, { afterSeq, epoch, begin }: ResumePoint): Opening {
  return async ({ room, epoch: currentEpoch, last, read }) => {
    const isInReach =
      afterSeq !== null && epoch === currentEpoch && afterSeq <= last && last - afterSeq <= resumeEventsMax;
    const replayed = isInReach ? encodeFrames(room, await read(afterSeq)) : [];
    return (missed) => {
      begin?.();
      const frames = isInReach ? [...replayed, ...encodeFrames(room, missed)] : [];
      const size = frames.reduce((sum, frame) => sum + frame.length, 0);
      if (isInReach && size <= replayCharsMax) {
        for (const frame of frames) receiver.sendText(frame);
      } else {
        receiver.send({ type: "resync", room, epoch: currentEpoch, headSeq: last + missed.length });
      }
      return true;
    };
  };
}

/** Each event as JSON. Those that a feed keeps are sent to everybody who resumes. */
const encoded = new WeakMap<RoomEvent, string>();

function encode(event: RoomEvent): string {
  let text = encoded.get(event);
  if (text === undefined) {
    text = JSON.stringify(event);
    encoded.set(event, text);
  }
  return text;
}

/** Contiguous events as frames of at most about {@link eventsFrameBytesMax}. */
function encodeFrames(room: RoomId, events: readonly RoomEvent[]): string[] {
  const frames: string[] = [];
  let parts: string[] = [];
  let size = 0;
  let from = 0;
  const finish = (to: number) => {
    const head = { type: "events", room, from, to } satisfies Omit<EventsFrame, "events">;
    frames.push(`${JSON.stringify(head).slice(0, -1)},"events":[${parts.join(",")}]}`);
    parts = [];
    size = 0;
  };
  for (const event of events) {
    const part = encode(event);
    if (size > 0 && size + part.length > eventsFrameBytesMax) finish(event.seq - 1);
    if (size === 0) from = event.seq;
    parts.push(part);
    size += part.length + 1;
  }
  if (parts.length > 0) finish(events.at(-1)!.seq);
  return frames;
}
