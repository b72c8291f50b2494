// F11, the other side: what the index costs those who write. F1, F3 and F4 with it and without it, in turns.
import { percentile, type Round, report } from "../lib/report.ts";
import { noLimits, type TargetKind } from "../lib/target.ts";
import { measureNovax as measureFanOut } from "./fan-out.ts";
import { measureSends } from "./ingest.ts";
import { measureNovax as measureLatency } from "./latency.ts";

type Options = { rounds: number; seconds: number; kinds: TargetKind[]; postgresUrl: string };

export async function runSearchCost(options: Options): Promise<void> {
  for (const kind of options.kinds) {
    const measured = new Map<string, Record<"on" | "off", Round[]>>();
    const add = (what: string, search: "on" | "off", round: Round) => {
      const rounds = measured.get(what) ?? { on: [], off: [] };
      rounds[search].push(round);
      measured.set(what, rounds);
    };
    for (let round = 0; round < options.rounds; round++) {
      // The first of a pair has the quieter machine, so they take turns.
      for (const search of round % 2 === 0 ? (["off", "on"] as const) : (["on", "off"] as const)) {
        const given = { ...options, settings: { ...noLimits, SEARCH: search } };
        add("F1 one hot room, deliveries/s", search, await measureFanOut(kind, given));
        const { sorted, faults } = await measureLatency(kind, given);
        add("F3 50 rooms x 20, p50 ms", search, { value: percentile(sorted, 0.5), faults });
        add("F3 50 rooms x 20, p99 ms", search, { value: percentile(sorted, 0.99), faults });
        for (const [rooms, where] of [
          [1, "one room"],
          [64, "64 rooms"],
        ] as const) {
          const sends = await measureSends(kind, rooms, given);
          add(`F4 ${where}, messages/s`, search, sends);
          // What the machine does beside it changes how fast it is, and hardly how much work it is.
          const micros = (Number(sends.facts?.serverShare) / sends.value) * 1e6;
          add(`F4 ${where}, processor us a message`, search, { value: micros, faults: sends.faults });
        }
      }
    }
    for (const [what, { on, off }] of measured) {
      const base = { figure: "F11c", unit: "", durability: "fsync per commit" };
      report({ ...base, what: `${what}, without search (${kind})`, rounds: off });
      report({
        ...base,
        what: `${what}, with search (${kind})`,
        rounds: on,
        floor: { name: "without", rounds: off },
      });
    }
  }
}
