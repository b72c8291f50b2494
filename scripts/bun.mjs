// Runs the project's own Bun: node scripts/bun.mjs <bun arguments>
import { spawn } from "node:child_process";
import { bunPath, install, root } from "./prepare.mjs";

install("develop");
const child = spawn(bunPath(), ["--no-env-file", ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
