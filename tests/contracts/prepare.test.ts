// What `npm start` and `npm test` install, and what they leave alone.
import { afterAll, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "novax-prepare-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const packages = {
  "": { name: "novax" },
  "node_modules/a": { version: "1.0.0" },
  "node_modules/b": { version: "2.0.0", dev: true },
  "node_modules/c": { version: "3.0.0", optional: true },
};

/** Runs the installation of `npm start` in a tree where these packages are. There is no npm to call. */
function installWith(there: Record<string, { version: string }>) {
  const root = mkdtempSync(join(folder, "tree-"));
  mkdirSync(join(root, "scripts"));
  mkdirSync(join(root, "node_modules"));
  cpSync(resolve(import.meta.dir, "../../scripts/prepare.mjs"), join(root, "scripts/prepare.mjs"));
  writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
  writeFileSync(join(root, "node_modules/.package-lock.json"), JSON.stringify({ packages: there }));
  const { exitCode } = Bun.spawnSync(
    [Bun.which("node")!, "-e", `import("./scripts/prepare.mjs").then(({ install }) => install("run"))`],
    { cwd: root, env: { PATH: "/nowhere" }, stderr: "ignore" },
  );
  const stamp = join(root, "node_modules/.novax-installed");
  return { exitCode, stamp: existsSync(stamp) ? readFileSync(stamp, "utf8").split(" ")[1] : null };
}

test("[V26] a tree that somebody has installed with all its packages is left alone", () => {
  const complete = { "node_modules/a": { version: "1.0.0" }, "node_modules/b": { version: "2.0.0" } };
  expect(installWith(complete)).toEqual({ exitCode: 0, stamp: "develop" });
});

test("[V26] one where a package is missing or old is installed", () => {
  for (const there of [
    { "node_modules/a": { version: "1.0.0" } },
    { "node_modules/a": { version: "0.9.0" }, "node_modules/b": { version: "2.0.0" } },
  ])
    expect(installWith(there)).toEqual({ exitCode: 1, stamp: null });
});
