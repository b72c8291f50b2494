import type { Bus } from "../bus/bus.ts";
import type { Budgets } from "../lib/budgets.ts";
import { every, type Repeating } from "../lib/every.ts";
import type { Log } from "../log/log.ts";

const shareEveryMs = 1000;

/**
 * Tells the other processes every second what was spent of these budgets, and takes in what was spent there, so that nobody has
 * as many budgets as there are processes. The names are the same in all of them.
 */
export function shareBudgets(
  { bus, log, processId }: { bus: Bus; log: Log; processId: string },
  budgets: Record<string, Budgets>,
): Pick<Repeating, "stop"> {
  if (!bus.isShared) return { stop: async () => {} };
  let sharedAt = performance.now();
  const stopListening = bus.on("spent", ({ process, spent }) => {
    if (process === processId) return;
    for (const [name, ofKeys] of Object.entries(spent)) budgets[name]?.chargeElsewhere(ofKeys);
  });
  const sharing = every(log, "budgets.not_shared", shareEveryMs, async () => {
    const now = performance.now();
    const elapsedMs = now - sharedAt;
    sharedAt = now;
    const spent: Record<string, [string, number][]> = {};
    for (const [name, budget] of Object.entries(budgets)) {
      const ofKeys = budget.takeSpent(elapsedMs);
      if (ofKeys.length > 0) spent[name] = ofKeys;
    }
    if (Object.keys(spent).length > 0) bus.publish({ kind: "spent", process: processId, spent });
  });
  return {
    stop: async () => {
      stopListening();
      await sharing.stop();
    },
  };
}
