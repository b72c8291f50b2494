// npm run sealed [-- files]: runs the server's tests in a network namespace that has a loopback and no route to anything else, and
// counts the packets that had none. Linux, as root or where users may make namespaces; on the embedded database, because nothing else is
// inside.
import { resolve } from "node:path";

const root = resolve(import.meta.dir, "..");
const given = process.argv.slice(2);
const inside = "--inside";

if (given[0] === inside) await runInside(given.slice(1));
else {
  const self = [process.execPath, "--no-env-file", import.meta.path, inside, ...given];
  const own = process.getuid?.() === 0 ? ["--net"] : ["--net", "--map-root-user"];
  const child = Bun.spawnSync(["unshare", ...own, "--", ...self], {
    cwd: root,
    stdout: "inherit",
    stderr: "inherit",
  });
  process.exit(child.exitCode);
}

async function runInside(paths: readonly string[]): Promise<void> {
  Bun.spawnSync(["ip", "link", "set", "lo", "up"]);
  // What can't fail proves nothing: an attempt has to be counted.
  const before = await leaving();
  await fetch("http://198.51.100.1/").catch(() => {});
  if ((await leaving()) <= before) throw new Error("attempts to leave can't be counted here");
  const counted = await leaving();
  const files = paths.length > 0 ? paths : ["./protocol", "./server", "./web", "./tests/server"];
  const run = Bun.spawnSync(
    [process.execPath, "--no-env-file", "test", "--parallel=2", "--timeout", "60000", ...files],
    { cwd: root, env: withoutServices(), stdout: "inherit", stderr: "inherit" },
  );
  const attempts = (await leaving()) - counted;
  console.log(`\nPackets that had no route: ${attempts}`);
  process.exit(run.exitCode === 0 && attempts === 0 ? 0 : 1);
}

/** How many packets had no route, in this namespace. */
async function leaving(): Promise<number> {
  const [names, values] = (await Bun.file("/proc/net/snmp").text())
    .split("\n")
    .filter((line) => line.startsWith("Ip:"))
    .map((line) => line.split(" "));
  return Number(values![names!.indexOf("OutNoRoutes")]);
}

/** PostgreSQL, Redis and Chromium of a test run are outside. */
function withoutServices(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("NOVAX_TEST_")));
}
