// Runs the single executable where nothing is installed: in a fresh Debian 12 in a folder, as a user who may nothing, with a
// certificate of Debian's own test authority, and lets two people write in Chromium while the certificate is renewed:
// npm run package:bare. As root, because it makes another root folder (debootstrap, chroot).
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { connect } from "node:tls";
import { chromium, type Page } from "playwright-core";
import { say, waitForText, waitUntilOpen } from "../tests/support/browser.ts";
import { startAuthority } from "../tests/support/pebble.ts";
import { password } from "../tests/support/person.ts";
import { waitUntil } from "../tests/support/server.ts";
import { findChromium, freePort } from "../tests/support/services.ts";

const root = resolve(import.meta.dir, "..");
const bare = join(root, "build/bare-debian");
const host = "chat.example.org";
/** The certificate is renewed after two thirds of it. */
const validSeconds = 45;
const readyWithinMs = 60_000;

if (process.getuid?.() !== 0) throw new Error("this has to run as root, which makes the bare folder");
if (!existsSync(join(bare, "etc/debian_version"))) {
  if (Bun.which("debootstrap") === null)
    spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "debootstrap"], {
      stdio: "inherit",
    });
  rmSync(bare, { recursive: true, force: true });
  const made = spawnSync("debootstrap", ["--variant=minbase", "bookworm", bare], { stdio: "inherit" });
  if (made.status !== 0) throw new Error("there is no bare Debian");
}
const home = join(bare, "var/lib/novax");
rmSync(home, { recursive: true, force: true });
inBare("userdel novax || true");
followContainerfile();

// Every system has it, and Bun ends without it.
const proc = join(bare, "proc");
if (spawnSync("mount", ["--bind", "/proc", proc]).status !== 0) throw new Error("/proc can't be mounted");
const [httpPort, port] = [await freePort(), await freePort()];
const authority = await startAuthority({ httpPort, validSeconds });
copyFileSync(authority.caFile, join(home, "authority.crt"));
const origin = `https://${host}:${port}`;
const startedAt = performance.now();
const server = Bun.spawn(
  ["/usr/sbin/chroot", "--userspec=novax", bare, "/bin/sh", "-c", "cd /var/lib/novax && exec novax"],
  {
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      ...{
        PUBLIC_URL: origin,
        HTTPS: "auto",
        PORT: String(port),
        HTTP_PORT: String(httpPort),
        HOST: "127.0.0.1",
      },
      ...{ ACME_URL: authority.directoryUrl, NODE_EXTRA_CA_CERTS: "/var/lib/novax/authority.crt" },
    },
    stdout: "pipe",
    stderr: "pipe",
  },
);
let output = "";
for (const stream of [server.stdout, server.stderr])
  void (async () => {
    for await (const chunk of stream) output += new TextDecoder().decode(chunk);
  })();
const browser = await chromium.launch({
  executablePath: findChromium()!,
  // No browser knows the test authority. That its chain is right is checked below.
  args: ["--no-sandbox", "--ignore-certificate-errors", `--host-resolver-rules=MAP ${host} 127.0.0.1`],
});
try {
  if (!(await waitUntil(() => output.includes("server.started"), 30_000)))
    throw new Error("it did not start");
  const setupCode = /setup code: (\S+)/.exec(output)![1]!;
  const alice = await register("alice", setupCode);
  const bob = await register("bob");
  await say(alice, "Hello bob.");
  await waitForText(bob, "Hello bob.");
  await say(bob, "Hello alice.");
  await waitForText(alice, "Hello alice.");
  const tookMs = performance.now() - startedAt;
  console.log(`Two people have read each other ${(tookMs / 1000).toFixed(1)} s after the start.`);
  if (tookMs > readyWithinMs) throw new Error("that is more than a minute");
  const caRoot = await authority.root();
  const first = await serial(caRoot);
  let sent = 0;
  while (!output.includes("https.renewed")) {
    await say(sent % 2 === 0 ? alice : bob, `Line ${sent}.`);
    sent += 1;
    await Bun.sleep(250);
    if (performance.now() - startedAt > 180_000) throw new Error("it was not renewed");
  }
  if ((await serial(caRoot)) === first) throw new Error("the old certificate is still served");
  await say(alice, "The last one.");
  for (const page of [alice, bob]) {
    await waitForText(page, "The last one.");
    const texts = await page.locator(".message-text").allInnerTexts();
    const last = texts
      .filter((text) => text.startsWith("Line "))
      .map((text) => Number(text.match(/\d+/)![0]));
    const isWhole = last.every((line, index) => index === 0 || line === last[index - 1]! + 1);
    if (!isWhole || last.at(-1) !== sent - 1) throw new Error(`lines are missing: ${last.join(" ")}`);
  }
  console.log(`Renewed while they wrote ${sent} lines; every line was read by both, in order.`);
} catch (error) {
  console.error(output, authority.log().split("\n").slice(-20).join("\n"));
  throw error;
} finally {
  await browser.close();
  server.kill("SIGTERM");
  await server.exited;
  authority.stop();
  spawnSync("umount", [proc]);
}

/** Does what docs/service/Containerfile does, for which no engine is needed here. */
function followContainerfile(): void {
  const lines = readFileSync(join(root, "docs/service/Containerfile"), "utf8").split("\n");
  for (const line of lines) {
    const [instruction, ...rest] = line.split(" ");
    if (instruction === "RUN" && inBare(rest.join(" ")) !== 0) throw new Error(`this failed: ${line}`);
    if (instruction === "COPY") copyFileSync(join(root, rest[0]!), join(bare, rest[1]!));
  }
}

function inBare(command: string): number | null {
  return spawnSync("/usr/sbin/chroot", [bare, "/bin/sh", "-c", command], { stdio: "inherit" }).status;
}

async function register(username: string, setupCode?: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${origin}/register`);
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Email").fill(`${username}@example.org`);
  await page.getByLabel("Password", { exact: true }).fill(password);
  if (setupCode !== undefined) await page.getByLabel("Setup code").fill(setupCode);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL("**/chat**");
  await waitUntilOpen(page);
  return page;
}

/** The serial number of the certificate that a new connection gets, if the authority's root has signed it. */
function serial(ca: string): Promise<string> {
  return new Promise((done, fail) => {
    const socket = connect({ port, host: "127.0.0.1", servername: host, ca }, () => {
      done(socket.getPeerCertificate().serialNumber);
      socket.end();
    });
    socket.on("error", fail);
  });
}
