// A trial of a novaX that is broken on purpose, in one place.
import { join } from "node:path";
import { type CheckName, checkNames } from "./history.ts";
import type { Planted } from "./plant.ts";
import { type Context, countViolations, runTrial, type TrialShape } from "./trial.ts";

const launch = { preload: join(import.meta.dir, "plant.ts") };
const triesMax = 4;

/**
 * Runs a broken novaX, with other seeds until one of the `expected` checks finds something: what goes wrong by chance does not
 * do so each time. Returns the checks that found something in the last try.
 */
export async function findPlanted(
  expected: readonly CheckName[],
  planted: Planted[],
  shape: Partial<TrialShape>,
  fault: (context: Context) => Promise<void>,
): Promise<CheckName[]> {
  const env = { NOVAX_PLANTED_FAULTS: JSON.stringify(planted) };
  let found: CheckName[] = [];
  for (let seed = 1; seed <= triesMax && !found.some((name) => expected.includes(name)); seed++) {
    const whole = { database: "postgres", nodes: 1, clients: 6, rooms: 2, seed, env } as const;
    const report = await runTrial({ ...whole, launch: () => launch, ...shape }, fault);
    const counts = countViolations(report);
    found = checkNames.filter((name) => counts[name]! > 0);
  }
  return found;
}
