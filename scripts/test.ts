// Runs everything: checks, build, then every test file against real services. The last lines say what failed, and what
// was skipped and why; with CI=true a skipped test is a failure.
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import {
  findChromium,
  findHeadlessChromium,
  installHint,
  installMissing,
  isPresent,
  type Part,
  startPostgres,
  startRedis,
} from "../tests/support/services.ts";
import { makeTemplates } from "../tests/support/templates.ts";

const root = resolve(import.meta.dir, "..");
const isCi = process.env.CI === "true";
const given = process.argv.slice(2);

const failureLinesMax = 60;

type TestRun = { title: string; jobs: number; paths: string[] };
type Totals = { passed: number; failed: number; skipped: number };

installMissing();
const startedAt = Date.now();
const postgres = process.env.NOVAX_TEST_POSTGRES_URL ? null : await startPostgres({ isDurable: false });
const redis = process.env.NOVAX_TEST_REDIS_URL ? null : await startRedis();
const chromium = findChromium();
const env: Record<string, string | undefined> = {
  ...process.env,
  NOVAX_TEST_POSTGRES_URL: process.env.NOVAX_TEST_POSTGRES_URL ?? postgres?.url,
  NOVAX_TEST_REDIS_URL: process.env.NOVAX_TEST_REDIS_URL ?? redis?.url,
  NOVAX_TEST_CHROMIUM: chromium ?? undefined,
  // A browser that was named is used for everything.
  NOVAX_TEST_CHROMIUM_HEADLESS:
    process.env.NOVAX_TEST_CHROMIUM ?? findHeadlessChromium() ?? chromium ?? undefined,
};
const missing = (
  [
    ["postgres", env.NOVAX_TEST_POSTGRES_URL],
    ["redis", env.NOVAX_TEST_REDIS_URL],
    ["chromium", chromium],
  ] as const
).flatMap(([part, value]): Part[] => (value ? [] : [part]));

let isOk = true;
let templates: Awaited<ReturnType<typeof makeTemplates>> | null = null;
const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
try {
  if (given.length === 0) isOk = run("format, lint, types", ["run", "scripts/check.ts"]);
  isOk = run("build", ["run", "scripts/build.ts", "--if-stale"]) && isOk;
  templates = await makeTemplates(env.NOVAX_TEST_POSTGRES_URL);
  Object.assign(env, templates.env);
  isOk =
    (await runTests(given.length === 0 ? allTests() : [{ title: "tests", jobs: 2, paths: given }])) && isOk;
} finally {
  templates?.remove();
  await Promise.all([postgres?.stop(), redis?.stop()]);
}

if (failures.length > 0) console.log(`\n== what failed\n${failures.join("\n\n")}`);
console.log(`\nTook ${Math.round((Date.now() - startedAt) / 1000)} s.`);
for (const part of ["webkit", "firefox"] as const)
  if (!isPresent(part))
    console.log(`Left out the tests in ${part}, which isn't installed (${installHint(part)}).`);
for (const part of missing)
  console.log(`Skipped tests that need ${part}, which isn't installed (${installHint(part)}).`);
if (isCi && (totals.skipped > 0 || missing.length > 0)) {
  console.log("No tests can be skipped here, so this run failed.");
  isOk = false;
}
console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(isOk ? 0 : 1);

function run(title: string, args: string[]): boolean {
  console.log(`\n== ${title}`);
  const result = Bun.spawnSync([process.execPath, "--no-env-file", ...args], {
    cwd: root,
    env,
    stdout: "inherit",
    stderr: "inherit",
  });
  return result.exitCode === 0;
}

/**
 * All tests, in two runs at the same time. A browser keeps a core busy; a test of the server mostly waits, for a database or for time
 * to pass, so that two at once use the other one.
 */
function allTests(): TestRun[] {
  const others = readdirSync(resolve(root, "tests"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "e2e")
    .map((entry) => `./tests/${entry.name}`);
  return [
    { title: "tests", jobs: 2, paths: ["./protocol", "./server", "./web", ...others] },
    { title: "tests in browsers", jobs: 1, paths: ["./tests/e2e"] },
  ];
}

/** Runs all at once. What the first one says is printed as it comes, what the others say when it has ended. */
async function runTests(runs: TestRun[]): Promise<boolean> {
  let isOk = true;
  const started = runs.map(({ jobs, paths }, index) => {
    const command = [process.execPath, "--no-env-file", "test", `--parallel=${jobs}`, "--timeout", "60000"];
    const child = Bun.spawn([...command, ...paths], { cwd: root, env, stdout: "inherit", stderr: "pipe" });
    return { child, text: read(child.stderr, index === 0) };
  });
  for (const [index, { child, text: reading }] of started.entries()) {
    console.log(`\n== ${runs[index]!.title}`);
    const text = await reading;
    if (index > 0) process.stderr.write(text);
    failures.push(...failuresIn(text));
    const count = (word: string) => Number(new RegExp(`^\\s*(\\d+) ${word}$`, "m").exec(text)?.[1] ?? 0);
    totals.passed += count("pass");
    totals.failed += count("fail");
    totals.skipped += count("skip") + count("todo");
    isOk = (await child.exited) === 0 && count("pass") > 0 && isOk;
  }
  return isOk;
}

async function read(stream: ReadableStream<Uint8Array>, isPrinted: boolean): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    if (isPrinted) process.stderr.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

/** Each failed test with what was printed for it, which a long run has long scrolled away. */
function failuresIn(text: string): string[] {
  const lines = text.slice(0, text.search(/^\d+ tests? failed:$/m)).split("\n");
  return lines.flatMap((line, index) => {
    if (!line.startsWith("(fail)")) return [];
    const before = lines
      .slice(0, index)
      .findLastIndex((other) => /^\((pass|fail|skip)\)|^\S+\.test\.tsx?:$/.test(other));
    return [lines.slice(Math.max(before + 1, index - failureLinesMax), index + 1).join("\n")];
  });
}
