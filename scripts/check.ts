// Checks format, lint and types of the whole project. Exits with 1 if anything is wrong.
import { resolve } from "node:path";

const root = resolve(import.meta.dir, "..");
const bin = (name: string) => resolve(root, "node_modules/.bin", name);
const projects = ["protocol", "server", "web", "."];

const commands = [
  [bin("biome"), "check", "--error-on-warnings", "."],
  ...projects.map((project) => [bin("tsc"), "-p", project]),
];
let hasFailed = false;
for (const command of commands) {
  const result = Bun.spawnSync(command, { cwd: root, stdout: "inherit", stderr: "inherit" });
  if (result.exitCode !== 0) hasFailed = true;
}
process.exit(hasFailed ? 1 : 0);
