import { expect, test } from "bun:test";
import { simulate } from "./simulation.ts";

// `npm run simulate` runs as many as one likes.
test("[K7] [K10] in a thousand courses that things can take, nothing is lost, doubled or reordered, and everybody shows the same", async () => {
  const failed: string[] = [];
  for (let seed = 1; seed <= 1000; seed++) {
    const problem = await simulate(seed);
    if (problem !== null) failed.push(`seed ${seed}: ${problem.slice(0, 500)}`);
  }
  expect(failed).toEqual([]);
}, 60_000);
