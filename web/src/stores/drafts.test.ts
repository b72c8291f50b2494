import { describe, expect, jest, test } from "bun:test";
import { generalRoomId as room } from "@novax/protocol/general-room";
import type { AccountId } from "@novax/protocol/ids";
import { Drafts } from "./drafts.ts";

function setUp(options: { known?: Record<string, string>; isReached?: boolean } = {}) {
  const kept = new Map<string, string>();
  const saved: string[] = [];
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
  const drafts = new Drafts(storage, "a" as AccountId, options.known ?? {}, async (_room, text) => {
    saved.push(text);
    return options.isReached ?? true;
  });
  return { drafts, kept, saved };
}

describe("drafts", () => {
  test("what another device wrote is there; what this one wrote and could not hand over goes before it", () => {
    const { drafts, kept } = setUp({ known: { [room]: "from the phone" } });
    expect(drafts.read(room)).toBe("from the phone");
    kept.set(`draft:a:${room}`, "written in a tunnel");
    expect(drafts.read(room)).toBe("written in a tunnel");
  });

  test("an emptied field is told at once, and no longer kept here once the server knows", async () => {
    const { drafts, kept, saved } = setUp();
    drafts.write(room, "half a thought");
    expect(kept.get(`draft:a:${room}`)).toBe("half a thought");
    expect(drafts.texts.value.has(room)).toBe(true);
    drafts.write(room, "");
    await Bun.sleep(5);
    expect(saved).toEqual([""]);
    expect(kept.size).toBe(0);
    expect(drafts.texts.value.has(room)).toBe(false);
  });

  test("without the server a draft stays in this browser", async () => {
    const { drafts, kept } = setUp({ isReached: false });
    drafts.write(room, "");
    await Bun.sleep(5);
    expect(kept.get(`draft:a:${room}`)).toBe("");
  });

  test("what could not be saved is saved with the next connection", async () => {
    const options = { isReached: false };
    const { drafts, kept, saved } = setUp(options);
    drafts.write(room, "");
    await Bun.sleep(5);
    options.isReached = true;
    drafts.saveAgain();
    await Bun.sleep(5);
    expect(saved).toEqual(["", ""]);
    expect(kept.size).toBe(0);
    drafts.saveAgain();
    await Bun.sleep(5);
    expect(saved).toHaveLength(2);
  });

  test("[T1] a draft that is longer than the server takes is kept here and never sent", async () => {
    jest.useFakeTimers();
    try {
      const { drafts, kept, saved } = setUp();
      const long = "x".repeat(70_000);
      drafts.write(room, long);
      jest.advanceTimersByTime(60_000);
      drafts.saveAgain();
      jest.advanceTimersByTime(60_000);
      expect(saved).toEqual([]);
      expect(kept.get(`draft:a:${room}`)).toBe(long);
      expect(drafts.read(room)).toBe(long);
      // Shortened, it is saved.
      drafts.write(room, "short");
      jest.advanceTimersByTime(60_000);
      expect(saved).toEqual(["short"]);
    } finally {
      jest.useRealTimers();
    }
  });

  test("what was sent in the moment in which it was saved does not come back into the field", async () => {
    jest.useFakeTimers();
    const answers: ((isSaved: boolean) => void)[] = [];
    const storage = { getItem: () => null, setItem: () => {}, removeItem: () => {} };
    const drafts = new Drafts(
      storage,
      "a" as AccountId,
      {},
      () => new Promise((resolve) => answers.push(resolve)),
    );
    try {
      drafts.write(room, "just sent");
      jest.advanceTimersByTime(1500);
      drafts.write(room, "");
      jest.advanceTimersByTime(1);
    } finally {
      jest.useRealTimers();
    }
    answers[0]!(true);
    await Bun.sleep(0);
    // The server tells all pages, this one too, and maybe late.
    expect(drafts.hear(room, "just sent")).toBe(false);
    answers[1]!(true);
    await Bun.sleep(0);
    expect(drafts.hear(room, "")).toBe(false);
    expect(drafts.texts.value.has(room)).toBe(false);
    expect(drafts.hear(room, "from the phone")).toBe(true);
  });

  test("what is being written here is not replaced by what comes from elsewhere", () => {
    const { drafts } = setUp();
    expect(drafts.hear(room, "from the phone")).toBe(true);
    expect(drafts.read(room)).toBe("from the phone");
    drafts.write(room, "from here");
    expect(drafts.hear(room, "from the phone again")).toBe(false);
    expect(drafts.read(room)).toBe("from here");
  });
});
