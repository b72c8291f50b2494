// Certificates that sign themselves, made by openssl.
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Makes a certificate for a host, valid for `days`, and its key, in a folder. */
export function createCertificate(
  folder: string,
  host: string,
  { days = 30, name = host }: { days?: number; name?: string } = {},
): { certFile: string; keyFile: string } {
  const [certFile, keyFile] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-keyout", keyFile, "-out", certFile, "-days", String(days), "-subj", `/CN=${host}`],
    ...["-addext", `subjectAltName=DNS:${host}${host === "localhost" ? ",IP:127.0.0.1" : ""}`],
  ]);
  if (made.status !== 0) throw new Error(String(made.stderr));
  return { certFile, keyFile };
}
