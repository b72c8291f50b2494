import { expect, test } from "bun:test";
import { generalRoomId } from "@novax/protocol/general-room";
import { problemOf } from "../support/person.ts";
import { untilIndexed } from "../support/search.ts";
import { describeServer } from "../support/use-server.ts";

describeServer("what a search costs", { only: "postgres" }, ({ alice, bob }) => {
  test("somebody who searches without end is told to wait, and nobody else is", async () => {
    await alice.say(generalRoomId, "a needle, and some hay");
    await untilIndexed(alice, [generalRoomId]);
    const asks = Array.from({ length: 30 }, (_, index) => alice.fetch(`/api/search?q=hay+${index}`));
    const answers = await Promise.all([
      ...asks,
      ...Array.from({ length: 90 }, () => alice.fetch("/api/search?q=hay")),
    ]);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect((await problemOf(refused[0]!)).code).toBe("rate_limited");
    expect(Number(refused[0]!.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await bob.fetch("/api/search?q=hay")).status).toBe(200);
  });
});
