// npm run schemathesis: holds the OpenAPI document against what a server answers. Schemathesis makes requests from the
// document, right ones and wrong ones, and fails if an answer is a fault, or is not in the document. It is installed with
// pip into node_modules/.cache.

import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Person, registerOrFail } from "../tests/support/person.ts";
import { createTestData, startServer } from "../tests/support/server.ts";

const version = "4.32.5";
const root = resolve(import.meta.dir, "..");
const tool = join(root, "node_modules", ".cache", `schemathesis-${version}`);
/** They end the session, or leave nothing to ask about. */
const left = [
  "/logout",
  "/account/data",
  "/account/devices/.*",
  "/account/password",
  "/login.*",
  "/account/two-factor.*",
];
const seed = process.argv[2] ?? "1";

if (!existsSync(join(tool, "bin", "st"))) {
  run("python3", ["-m", "venv", tool]);
  run(join(tool, "bin", "pip"), ["install", "--quiet", `schemathesis==${version}`]);
}
const data = await createTestData("embedded", { isUnmade: true });
const server = await startServer(data, {
  env: { MESSAGES_PER_SECOND: "1000000", VISITOR_REQUESTS_PER_SECOND: "1000000" },
});
const alice = new Person(server, "alice");
await registerOrFail(alice);
const document = join(data.env.DATA_DIR!, "openapi.json");
writeFileSync(document, await (await alice.fetch("/api/openapi.json")).text());
const { status } = spawnSync(
  join(tool, "bin", "st"),
  [
    ...["run", document, "--url", server.origin, "--seed", seed],
    ...[
      "--checks",
      "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
    ],
    ...[
      "--phases",
      "examples,coverage,fuzzing",
      "-n",
      "20",
      "--continue-on-failure",
      "--no-color",
      "--warnings",
      "off",
    ],
    ...["-H", `Cookie: ${alice.cookieHeader}`, "-H", `Origin: ${server.origin}`],
    ...["--suppress-health-check", "all"],
    // It has no words of its own for bytes; the tests of files have.
    ...["--exclude-method", "PATCH"],
    ...left.flatMap((path) => ["--exclude-path-regex", `^${path}$`]),
  ],
  { cwd: data.env.DATA_DIR!, stdio: "inherit" },
);
await server.stop();
await data.remove();
process.exit(status ?? 1);

function run(command: string, args: readonly string[]): void {
  const result = spawnSync(command, args, { stdio: "inherit" });
  if (result.status !== 0) throw new Error(`${command} failed`);
}
