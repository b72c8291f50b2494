// The short form of the fault suite, with a fixed seed; `npm run faults` has all of it.
import { describe, expect, test } from "bun:test";
import { isAvailable } from "../support/server.ts";
import { isPresent } from "../support/services.ts";
import { faults } from "./faults.ts";
import { runTrial } from "./trial.ts";

describe.skipIf(!isAvailable("postgres") || !isPresent("redis"))("when it breaks, nothing is lost", () => {
  // They wait most of the time, so they run side by side.
  for (const { id, title, shape, amount, run } of faults.filter((fault) => fault.isInTests))
    test.concurrent(`[${id}] ${title}`, async () => {
      const trial = { clients: 8, rooms: 3, ...shape, seed: 20261130 };
      const report = await runTrial(trial, (context) => run(context, amount.short));
      expect(report.violations).toEqual([]);
      expect(report.acknowledged).toBeGreaterThan(50);
      expect(report.allAnswersMs).not.toBeNull();
    }, 90_000);
});
