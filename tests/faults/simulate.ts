// npm run simulate [-- --seeds 5000 --from 1]: runs so many seeds, and prints those that fail.
import { simulate } from "./simulation.ts";

const flag = (name: string, fallback: number) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};
const from = flag("from", 1);
const seeds = flag("seeds", 5000);
const startedAt = performance.now();
let failed = 0;
for (let seed = from; seed < from + seeds; seed++) {
  const problem = await simulate(seed);
  if (problem === null) continue;
  failed += 1;
  if (failed <= 20) console.log(`seed ${seed}: ${problem.slice(0, 400)}`);
}
console.log(`${seeds} seeds, ${failed} failed, ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
process.exit(failed > 0 ? 1 : 0);
