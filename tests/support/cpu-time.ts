/**
 * The processor time that `work` takes, in ms: of several runs the least, or the first that takes less than `enoughMs`. What else runs
 * on the machine makes no difference to it, and what makes one run slow, such as a garbage collection, none to all of them.
 */
export function leastCpuMs(work: () => unknown, { enoughMs = 0, runs = 5 } = {}): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < runs && least >= enoughMs; run++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}
