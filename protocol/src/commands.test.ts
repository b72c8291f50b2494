import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseCommand } from "./commands.ts";

const sendId = "0f9b2d52-52a4-4c5e-9f0e-0d5f5c0b7a11";
const send = { id: 1, type: "message.send", room: "general", sendId, body: { kind: "text", text: "hello" } };

describe("parseCommand", () => {
  test("returns a valid command unchanged", () => {
    expect(parseCommand(JSON.stringify(send))).toEqual({ kind: "command", command: send as never });
  });

  test("[W09] an extra key, anywhere, is malformed", () => {
    const withKey = { ...send, isAdmin: true };
    const withInnerKey = { ...send, body: { kind: "text", text: "hello", html: "<b>" } };
    const withSender = { ...send, sender: "bob", timestamp: 1 };
    for (const command of [withKey, withInnerKey, withSender]) {
      expect(parseCommand(JSON.stringify(command))).toMatchObject({ kind: "malformed", id: 1 });
    }
  });

  test("[T1] a value that is too long or of another type is refused, and the frame is a command all the same", () => {
    const topic = { id: 3, type: "room.set_topic", room: "general" };
    const reminder = { id: 4, type: "reminder.set", room: "general", seq: 1, at: 1 };
    for (const command of [
      { ...topic, topic: "x".repeat(260) },
      { ...topic, topic: "two\nlines" },
      { ...topic, topic: 7 },
      { ...reminder, note: "x\ud83d" },
      { id: 5, type: "draft.save", room: "general", text: "x".repeat(9000) },
    ])
      expect(parseCommand(JSON.stringify(command)), JSON.stringify(command)).toMatchObject({
        kind: "refused",
        id: command.id,
      });
  });

  test("returns the frame's id if it can be read, otherwise null", () => {
    expect(parseCommand('{"id":7,"type":"nonsense"}')).toMatchObject({ kind: "malformed", id: 7 });
    for (const frame of ["", "[]", "null", "7", '"x"', '{"id":-1}', '{"id":"7"}', '{"id":1e400}']) {
      expect(parseCommand(frame)).toMatchObject({ kind: "malformed", id: null });
    }
  });

  test("the name of a built-in object property is not a command type", () => {
    for (const type of ["constructor", "__proto__", "toString"]) {
      expect(parseCommand(JSON.stringify({ id: 1, type }))).toMatchObject({ kind: "malformed" });
    }
  });

  test("refuses any JSON that is not a command, and never throws", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const parsed = parseCommand(JSON.stringify(value));
        expect(parsed.kind).toBe("malformed");
      }),
    );
  });

  test("never throws for any text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000, unit: "binary" }), (text) => parseCommand(text) !== undefined),
    );
  });

  test("a command with one field replaced is refused or keeps its type", () => {
    const keys = Object.keys(send) as (keyof typeof send)[];
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
        const parsed = parseCommand(JSON.stringify({ ...send, [key]: value }));
        if (parsed.kind === "command") {
          expect(parsed.command.type).toBe("message.send");
        }
      }),
    );
  });
});
