// npm test: installs what is missing, then hands over to Bun. Arguments name test files or folders.
import { spawn } from "node:child_process";
import { bunPath, install, root } from "./prepare.mjs";

install("develop");
const child = spawn(bunPath(), ["--no-env-file", "scripts/test.ts", ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
