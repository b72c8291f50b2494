// npm run faults:planted: more of checker.test.ts, each of which takes up to a minute.
import { describe, expect, test } from "bun:test";
import { findPlanted } from "./planted-trial.ts";

describe("the checker of the fault suite", () => {
  test("finds events that a node never repairs after the bus has lost them", async () => {
    const planted = {
      file: "realtime/room-feed.ts",
      from: "return headSeq > this.#last ? this.#catchUp() : undefined;",
      to: "return undefined;",
    };
    const found = await findPlanted(
      ["what is shown is what is stored"],
      [planted],
      { nodes: 2 },
      async ({ cluster }) => {
        cluster.nodes[0]!.redis!.cut();
        await Bun.sleep(1000);
      },
    );
    expect(found).toContain("what is shown is what is stored");
  }, 300_000);

  test("finds what happens although it was refused, because its caller had given up", async () => {
    const planted = {
      file: "db/database.ts",
      from: "if (isGivenUp || hasCallerGone())",
      to: "if (false)",
    };
    const habits = { send: 0.1, read: 0, edit: 0.9, react: 0, delete: 0, own: 1 };
    // In many rooms, so that many transactions have begun when the connections fall silent.
    const shape = { habits, clients: 12, rooms: 8 };
    const found = await findPlanted(["nothing is undone"], [planted], shape, async ({ cluster }) => {
      const [node] = cluster.nodes;
      node!.database!.silence();
      await Bun.sleep(13_000);
      node!.database!.heal();
      await Bun.sleep(2000);
    });
    expect(found).toContain("nothing is undone");
  }, 300_000);
});
