import { expect, test } from "bun:test";
import type { RoomEvent } from "@novax/protocol/events";
import { generalRoomId } from "@novax/protocol/general-room";
import type { AccountId, SendId } from "@novax/protocol/ids";
import { type BasicSubscriber, basicDelivery } from "./basic-subscriber.ts";

const alice = { id: "01a00000-0000-7000-8000-000000000001" as AccountId, username: "alice" };
const sendId = "01a00000-0000-7000-8000-00000000000a" as SendId;

function createSubscriber(sentIds: SendId[] = []) {
  const texts: string[] = [];
  const subscriber: BasicSubscriber = {
    actor: alice,
    isOpen: true,
    delivery: basicDelivery,
    sentIds: new Set(sentIds),
    sendText: (text) => texts.push(text),
    attached: () => {},
    detached: () => {},
  };
  return { subscriber, texts };
}

test("a basic client gets messages and no other event, and not the message that it sent itself", () => {
  const sender = createSubscriber([sendId]);
  const other = createSubscriber();
  const subscribers = new Set([sender.subscriber, other.subscriber]);
  const deliver = (events: RoomEvent[]) =>
    basicDelivery.deliver({ room: generalRoomId, events, publishToSockets: () => {} }, subscribers);
  const event = { at: 0, actor: alice };
  const sent = { ...event, type: "message.sent", sendId, body: { kind: "text", text: "hello" } } as const;
  deliver([
    { ...sent, seq: 1 },
    { ...event, seq: 2, type: "message.pinned", target: 1 },
  ]);
  expect(sender.texts).toEqual([]);
  expect(other.texts).toHaveLength(1);
  expect(JSON.parse(other.texts[0]!)).toMatchObject({ sender: "alice", text: "hello" });
  expect(sender.subscriber.sentIds.size).toBe(0);
});
