// A real certificate authority on loopback: Debian's pebble, with the name server that belongs to it, for which every name is
// this machine.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCertificate } from "./certificates.ts";
import { waitUntil } from "./server.ts";
import { freePort } from "./services.ts";

export type Authority = {
  directoryUrl: string;
  /** A file of the certificate with which the authority itself answers, for NODE_EXTRA_CA_CERTS. */
  caFile: string;
  /** The root of the certificates that it gives, as PEM. */
  root(): Promise<string>;
  log(): string;
  stop(): void;
};

/** Starts an authority that asks on `httpPort`, and whose certificates end after `validSeconds`. */
export async function startAuthority({
  httpPort,
  validSeconds = 90 * 24 * 3600,
}: {
  httpPort: number;
  validSeconds?: number;
}): Promise<Authority> {
  const folder = mkdtempSync(join(tmpdir(), "novax-pebble-"));
  const [port, management, dns, dnsManagement] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const { certFile, keyFile } = createCertificate(folder, "localhost");
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: certFile,
    privateKey: keyFile,
    httpPort,
    tlsPort: await freePort(),
    certificateValidityPeriod: validSeconds,
  };
  writeFileSync(join(folder, "config.json"), JSON.stringify({ pebble }));
  let text = "";
  const start = (command: string, args: string[]) => {
    const child = spawn(command, args, { env: { ...process.env, PEBBLE_VA_NOSLEEP: "1" } });
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        text += chunk;
      });
    return child;
  };
  const none = ["-http01", "", "-https01", "", "-tlsalpn01", ""];
  const names = start("pebble-challtestsrv", [
    ...["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", `127.0.0.1:${dns}`],
    ...["-management", `127.0.0.1:${dnsManagement}`, ...none],
  ]);
  const authority = start("pebble", [
    "-config",
    join(folder, "config.json"),
    "-dnsserver",
    `127.0.0.1:${dns}`,
  ]);
  const directoryUrl = `https://127.0.0.1:${port}/dir`;
  const ca = readFileSync(certFile, "utf8");
  const isUp = () =>
    fetch(directoryUrl, { tls: { ca } }).then(
      (response) => response.ok,
      () => false,
    );
  if (!(await waitUntil(isUp, 10_000))) throw new Error(`pebble did not start:\n${text}`);
  return {
    directoryUrl,
    caFile: certFile,
    root: async () => (await fetch(`https://127.0.0.1:${management}/roots/0`, { tls: { ca } })).text(),
    log: () => text,
    stop: () => {
      names.kill();
      authority.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
