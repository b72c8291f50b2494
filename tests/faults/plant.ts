// Faults of novaX itself, for the tests of the checker: a server is started with changed source text.
import { readFileSync } from "node:fs";
import { plugin } from "bun";

/** What is changed: in the file whose path ends so, this text becomes that. */
export type Planted = { file: string; from: string; to: string };

const planted = JSON.parse(process.env.NOVAX_PLANTED_FAULTS ?? "[]") as Planted[];

for (const { file, from, to } of planted)
  plugin({
    name: file,
    setup: (build) => {
      build.onLoad({ filter: new RegExp(`${file.replaceAll(".", "\\.")}$`) }, ({ path }) => {
        const source = readFileSync(path, "utf8");
        if (!source.includes(from)) throw new Error(`${file} has no ${from}`);
        return { contents: source.replace(from, to), loader: "ts" };
      });
    },
  });
