import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";

/** One measured value per round. A round with faults reports them and does not count. */
export type Round = { value: number; faults: string[]; facts?: Record<string, number | string> };

export type Line = {
  figure: string;
  what: string;
  unit: string;
  durability: string;
  rounds: Round[];
  /** The floor this line is compared with; their rounds alternated. */
  floor?: { name: string; rounds: Round[] };
};

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const results: object[] = [];

/** Prints one line, and keeps it for the JSON file. */
export function report(line: Line): void {
  const values = line.rounds.map((round) => round.value);
  const faults = [...line.rounds, ...(line.floor?.rounds ?? [])].flatMap((round) => round.faults);
  const summary = { median: median(values), min: Math.min(...values), max: Math.max(...values) };
  const ratio = line.floor
    ? median(line.rounds.map((round, index) => round.value / line.floor!.rounds[index]!.value))
    : null;
  const parts = [
    line.figure.padEnd(4),
    line.what.padEnd(44),
    `${show(summary.median)} ${line.unit}`.padStart(20),
    `(${show(summary.min)} .. ${show(summary.max)})`.padEnd(24),
    ratio === null ? "" : `${ratio.toFixed(2)} of ${line.floor!.name}`.padEnd(26),
    line.durability,
    faults.length > 0 ? `DOES NOT COUNT: ${[...new Set(faults)].join(", ")}` : "",
  ];
  console.log(parts.join(" ").trimEnd());
  results.push({ ...line, summary, ratio, faults });
}

export function show(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value.toFixed(2);
}

/** Writes everything reported so far, with a description of the machine. */
export function writeResults(): void {
  const folder = resolve(import.meta.dir, "../results");
  mkdirSync(folder, { recursive: true });
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, bun: Bun.version };
  const path = join(folder, `${new Date().toISOString().replaceAll(":", "-")}.json`);
  writeFileSync(path, JSON.stringify({ machine, results }, null, 2));
  console.log(`\n${path}`);
}
