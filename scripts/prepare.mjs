// What commands need before Bun can run: installed packages and the Bun binary. Plain Node, without packages.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const stamp = join(root, "node_modules", ".novax-installed");

/** Exits with a message instead of a stack trace. */
export function fail(sentence) {
  console.error(`novaX can't start: ${sentence}`);
  process.exit(1);
}

/** Installs exactly what the lock file lists, unless that is done already. `scope`: "run" or "develop". */
export function install(scope) {
  if (Number(process.versions.node.split(".")[0]) < 20) {
    fail(`it needs Node 20 or newer; you have ${process.versions.node}.`);
  }
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const done = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
  if (done === `${lock} develop` || done === `${lock} ${scope}`) return;
  // What somebody has installed by hand, with the packages for development, is left as it is.
  if (isComplete()) {
    writeFileSync(stamp, `${lock} develop`);
    return;
  }
  console.error("Installing packages (only once, takes about half a minute) ...");
  // Nobody's packages for development are taken away.
  const omit = scope === "run" && !hasDevelopment() ? ["--omit=dev"] : ["--include=dev"];
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const result = spawnSync(
    npm,
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", ...omit],
    {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      // All workspaces are needed, whatever npm settings we inherited.
      env: { ...process.env, npm_config_workspace: "", NODE_ENV: "" },
    },
  );
  if (result.error?.code === "EACCES") fail(`the folder ${root} isn't writable.`);
  if (result.status !== 0) fail("the packages couldn't be installed. See npm's message above.");
  writeFileSync(stamp, `${lock} ${omit[0] === "--omit=dev" ? "run" : "develop"}`);
}

/** Whether all packages of the lock file are there, in its versions: npm keeps a copy of it of what it has installed. */
function isComplete() {
  const installed = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const there = JSON.parse(readFileSync(installed, "utf8")).packages;
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  return Object.entries(packages).every(
    ([path, { version, optional, devOptional, link }]) =>
      path === "" ||
      link ||
      !path.includes("node_modules/") ||
      optional ||
      devOptional ||
      there[path]?.version === version,
  );
}

/** Whether a package that only developers need is installed. */
function hasDevelopment() {
  return existsSync(join(root, "node_modules", "typescript", "package.json"));
}

/**
 * Finds the Bun binary in the installed packages. There is one package per platform with the ready binary, so no
 * install script is needed.
 */
export function bunPath() {
  const { platform, arch } = process;
  const cpu = { x64: "x64", arm64: "aarch64" }[arch];
  const os = { linux: "linux", darwin: "darwin", win32: "windows", freebsd: "freebsd" }[platform];
  const isMusl = platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
  const name = `@oven/bun-${os}-${cpu}${isMusl ? "-musl" : ""}`;
  try {
    const folder = dirname(createRequire(join(root, "package.json")).resolve(`${name}/package.json`));
    return join(folder, "bin", platform === "win32" ? "bun.exe" : "bun");
  } catch {
    return fail(`Bun isn't available for this machine (${name}).`);
  }
}
