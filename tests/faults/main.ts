// npm run faults [-- --only K4,K8 --seed 7 --clients 24 --rooms 4 --short]: everything that breaks, one after the other, and
// what is true afterwards. Prints a table.
import { faults } from "./faults.ts";
import { checkNames } from "./history.ts";
import { countViolations, type Report, runTrial } from "./trial.ts";

const flag = (name: string) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};
const isShort = process.argv.includes("--short");
const only = flag("only")?.split(",");
const seed = Number(flag("seed") ?? Date.now() % 1_000_000);
const size = { clients: Number(flag("clients") ?? 24), rooms: Number(flag("rooms") ?? 4) };

console.log(`Seed ${seed}, ${size.clients} clients in ${size.rooms} rooms.\n`);
console.log(
  "| fault | times or seconds | acknowledged | unknown | wrong | first, all answers after it | longest wait | |",
);
console.log("|---|---|---|---|---|---|---|---|");
let isGood = true;
for (const fault of faults.filter(({ id }) => only?.includes(id) ?? true)) {
  const amount = isShort ? fault.amount.short : fault.amount.long;
  const report = await runTrial({ ...size, ...fault.shape, seed }, (context) => fault.run(context, amount));
  const late = Object.entries(fault.limits).flatMap(([name, limit]) => {
    const value = report[name as keyof typeof fault.limits];
    return value === null || value > limit ? [`${name} is over ${limit / 1000} s`] : [];
  });
  for (const [name, limit] of Object.entries(fault.figureLimits ?? {}))
    if (!((report.figures[name] ?? Number.NaN) <= limit)) late.push(`${name}: over ${limit}`);
  isGood &&= report.violations.length === 0 && late.length === 0;
  console.log(row(`${fault.id} ${fault.title}`, amount, report, late));
  for (const { check, detail } of report.violations.slice(0, 10)) console.log(`  ${check}: ${detail}`);
}
console.log(`\n${checkNames.length} checks: ${checkNames.join(", ")}.`);
process.exit(isGood ? 0 : 1);

function row(name: string, amount: number, report: Report, late: string[]): string {
  const wrong = Object.entries(countViolations(report)).filter(([, count]) => count > 0);
  const ms = (value: number | null) => (value === null ? "never" : `${(value / 1000).toFixed(1)} s`);
  const more = [...Object.entries(report.figures).map(([figure, value]) => `${figure}: ${value}`), ...late];
  const cells = [
    name,
    amount,
    report.acknowledged,
    report.unknown,
    wrong.length === 0 ? 0 : wrong.map(([check, count]) => `${check} ${count}`).join("; "),
    `${ms(report.firstAnswerMs)}, ${ms(report.allAnswersMs)}`,
    ms(report.longestWaitMs),
    more.join("; "),
  ];
  return `| ${cells.join(" | ")} |`;
}
