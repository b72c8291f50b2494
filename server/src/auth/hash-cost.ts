import type { Log } from "../log/log.ts";

/** OWASP's least for bcrypt, and what a fast machine takes. */
export const leastCost = 10;
const bestCost = 12;
/** A hash of a sign-in may take a core for so long. Each step of the cost doubles it. */
const hashMsMax = 300;
const measurements = 3;

/**
 * The cost of bcrypt that this machine can bear: the highest one up to 12 whose hash takes no more than 0.3 s, and at least 10. Where
 * a hash takes longer, a few people who sign in at once wait for many seconds. `hashMs` measures one hash, in ms.
 */
export async function fittingCost(
  log: Log,
  hashMs: (cost: number) => Promise<number> = measure,
): Promise<number> {
  let ms = Number.POSITIVE_INFINITY;
  // Whatever else the machine does makes it look slower than it is, never faster.
  for (let index = 0; index < measurements; index++) ms = Math.min(ms, await hashMs(leastCost));
  let cost = leastCost;
  while (cost < bestCost && ms * 2 <= hashMsMax) {
    cost += 1;
    ms *= 2;
  }
  log.info("passwords.cost", { bcryptCost: cost, hashMs: Math.round(ms) });
  return cost;
}

async function measure(cost: number): Promise<number> {
  const startedAt = performance.now();
  await Bun.password.hash(crypto.randomUUID(), { algorithm: "bcrypt", cost });
  return performance.now() - startedAt;
}
