// One trial: a world at work, something that breaks, and what is true afterwards.

import { waitUntil } from "../support/server.ts";
import { Cluster, type ClusterShape } from "./cluster.ts";
import { type CheckName, checkNames, type Violation } from "./history.ts";
import { seededRandom } from "./seeded-random.ts";
import { type Habits, World, type WorldSize } from "./world.ts";

export type Report = {
  acknowledged: number;
  /** Messages whose answer was lost, all of which were settled. */
  unknown: number;
  changes: number;
  /** From the end of the fault to the first answer, and until all clients had one, in ms. Null if there was no fault. */
  firstAnswerMs: number | null;
  allAnswersMs: number | null;
  /** The longest that any command took to be acknowledged, repeats included, in ms. */
  longestWaitMs: number;
  /** The longest that anybody waited for any answer, a refusal included, in ms. */
  longestAnswerMs: number;
  resyncs: number;
  violations: Violation[];
  /** Other figures of the fault. */
  figures: Record<string, number>;
};

export type TrialShape = ClusterShape &
  WorldSize & {
    seed: number;
    habits?: Habits;
    /** Those that make sense where data is lost on purpose; all if it is not given. */
    checks?: CheckName[];
  };

export type Context = {
  cluster: Cluster;
  world: World;
  random: () => number;
  figures: Record<string, number>;
};

const warmUpMs = 1500;
/** So much is acknowledged before anything breaks, however slow the machine is. */
const acknowledgedMin = 60;
const recoverWithinMs = 60_000;

/**
 * Runs a world, breaks something in it (`fault` resolves when it is whole again), lets it settle and checks everything.
 */
export async function runTrial(
  shape: TrialShape,
  fault: (context: Context) => Promise<void>,
): Promise<Report> {
  const random = seededRandom(shape.seed);
  const cluster = await Cluster.start(shape);
  try {
    const world = await World.create(cluster, random, shape);
    const figures: Record<string, number> = {};
    world.work(shape.habits);
    await Bun.sleep(warmUpMs);
    await waitUntil(() => world.acknowledged >= acknowledgedMin, recoverWithinMs);
    await fault({ cluster, world, random, figures });
    const healedAt = performance.now();
    const answers = await untilAnswered(world, healedAt);
    const found = await world.finish();
    const violations = found.filter(({ check }) => shape.checks?.includes(check) ?? true);
    world.stop();
    const { sends, changes } = world.history;
    return {
      acknowledged: world.acknowledged,
      unknown: sends.filter((send) => send.wasUnknown).length,
      changes: changes.filter(({ outcome }) => outcome === "ok").length,
      ...answers,
      longestWaitMs: Math.round(Math.max(...world.clients.map((client) => client.longestWaitMs))),
      longestAnswerMs: Math.round(Math.max(...world.clients.map((client) => client.longestAnswerMs))),
      resyncs: world.everybody.reduce((sum, client) => sum + client.resyncs, 0),
      violations,
      figures,
    };
  } finally {
    await cluster.stop();
  }
}

/** Waits until every client has had an answer after the fault. */
async function untilAnswered(
  world: World,
  healedAt: number,
): Promise<Pick<Report, "firstAnswerMs" | "allAnswersMs">> {
  const waiting = new Set(world.clients);
  let firstAnswerMs: number | null = null;
  let allAnswersMs: number | null = null;
  while (waiting.size > 0 && performance.now() - healedAt < recoverWithinMs) {
    for (const client of waiting) {
      if (client.lastAnswerAt <= healedAt) continue;
      waiting.delete(client);
      firstAnswerMs ??= Math.round(client.lastAnswerAt - healedAt);
      allAnswersMs = Math.round(client.lastAnswerAt - healedAt);
    }
    await Bun.sleep(5);
  }
  return { firstAnswerMs, allAnswersMs: waiting.size === 0 ? allAnswersMs : null };
}

/** How often each check was violated. */
export function countViolations({ violations }: Report): Record<string, number> {
  return Object.fromEntries(
    checkNames.map((name) => [name, violations.filter((violation) => violation.check === name).length]),
  );
}
