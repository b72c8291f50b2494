// Writes into SECURITY.md which requirements are proved: those whose id is in a test's name.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "..");
const marks = { begin: "<!-- proofs: made by npm run security-table -->", end: "<!-- end of proofs -->" };

export function renderTable(): string {
  const proofs = new Map<string, string[]>();
  for (const folder of ["protocol/src", "server/src", "web/src", "tests"]) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".test.ts")) continue;
      const path = `${folder}/${name}`;
      for (const [, title = ""] of readFileSync(join(root, path), "utf8").matchAll(
        /test\(\s*["`]((?:\[[^\]]+\] ?)+)/g,
      )) {
        for (const [, id = ""] of title.matchAll(/\[([A-Z]\d+)\]/g)) {
          proofs.set(id, [...new Set([...(proofs.get(id) ?? []), path])]);
        }
      }
    }
  }
  const rows = [...proofs].sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  return [
    "| id | proved in |",
    "|---|---|",
    ...rows.map(([id, paths]) => `| ${id} | ${paths.sort().join(", ")} |`),
  ].join("\n");
}

/** SECURITY.md with the table made from the current test names. */
export function withTable(document: string): string {
  const begin = document.indexOf(marks.begin) + marks.begin.length;
  const end = document.indexOf(marks.end);
  return `${document.slice(0, begin)}\n${renderTable()}\n${document.slice(end)}`;
}

if (import.meta.main) {
  const path = join(root, "SECURITY.md");
  writeFileSync(path, withTable(readFileSync(path, "utf8")));
}
