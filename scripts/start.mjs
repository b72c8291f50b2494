// npm start: installs and builds what is missing, then runs the server, or a command of it such as admin.
import { spawn, spawnSync } from "node:child_process";
import { bunPath, fail, install, root } from "./prepare.mjs";

const bun = ["--no-env-file"];
/** Commands start from the sources, which needs no build. */
const isCommand = /^[a-z]/.test(process.argv[2] ?? "");
const isHelp = process.argv.includes("--help");

install("run");
const binary = bunPath();
if (!isHelp && !isCommand) {
  const built = spawnSync(binary, [...bun, "scripts/build.ts", "--if-stale"], {
    cwd: root,
    stdio: "inherit",
  });
  if (built.status !== 0) fail("the build failed. See the message above.");
}
// Settings and relative paths are resolved in the folder where the command was typed.
const program = [...serverProgram(), ...process.argv.slice(2)];
function serverProgram() {
  if (process.argv.includes("--dev")) return ["--watch", "server/src/cli.ts"];
  return [isHelp || isCommand ? "server/src/cli.ts" : "build/server/cli.js"];
}

const child = spawn(binary, [...bun, ...program], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, NOVAX_STARTED_BY: String(process.pid) },
});
// A shell that ends sends SIGHUP. nohup has it ignored, which a process can't see; under npm, or on a terminal, it ends us.
const ownsTerminal = process.env.npm_lifecycle_event !== undefined || process.stdin.isTTY;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"]) {
  process.on(signal, () => {
    if (signal === "SIGHUP" && !ownsTerminal) return;
    // Ctrl-C in a terminal also reaches the child directly; a second signal does no harm.
    child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
  });
}
// npm sends a signal only to the shell it started us in, and that shell ends without passing it on. Without npm, as in
// "nohup node scripts/start.mjs &", the shell ends and novaX goes on.
if (process.env.npm_lifecycle_event !== undefined) {
  const { ppid } = process;
  const watchParent = setInterval(() => {
    if (process.ppid !== ppid) child.kill("SIGTERM");
  }, 500);
  watchParent.unref();
}
child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
