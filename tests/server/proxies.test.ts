// The examples for proxies in docs/proxies, as they are, but for names, ports and certificates.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { password } from "../support/person.ts";
import { isAvailable, type TestServer, waitUntil } from "../support/server.ts";
import { freePort, isPresent } from "../support/services.ts";
import { useServer } from "../support/use-server.ts";

const examples = resolve(import.meta.dir, "../../docs/proxies");

/** Where Debian has Apache's modules. */
const modules = "/usr/lib/apache2/modules";

describe.skipIf(!isAvailable("postgres") || !isPresent("proxies"))(
  "behind the proxies of the examples",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "novax-proxies-"));
    const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    const ports: Record<"nginx" | "caddy" | "apache", number> = { nginx: 0, caddy: 0, apache: 0 };
    const { server, sql } = useServer("postgres", {
      env: async () => {
        for (const name of ["nginx", "caddy", "apache"] as const) ports[name] = await freePort();
        return {
          PUBLIC_URL: `https://localhost:${ports.nginx}`,
          ALLOWED_ORIGINS: `https://localhost:${ports.caddy},https://localhost:${ports.apache}`,
          TRUSTED_PROXIES: "127.0.0.1,::1",
        };
      },
      people: [],
    });
    const running: Bun.Subprocess[] = [];

    /** An example with the names, ports and files of this test put in. */
    const example = (file: string, port: number, target: TestServer) =>
      readFileSync(join(examples, file), "utf8")
        .replaceAll("127.0.0.1:8000", `127.0.0.1:${target.port}`)
        .replaceAll("chat.example.org", "localhost")
        .replaceAll("/etc/letsencrypt/live/localhost/fullchain.pem", certificate)
        .replaceAll("/etc/letsencrypt/live/localhost/privkey.pem", key)
        .replaceAll(/\b443\b/g, String(port));
    const start = (...command: string[]) => {
      running.push(
        Bun.spawn(command, {
          stdout: "ignore",
          stderr: "ignore",
          cwd: folder,
          env: { ...process.env, HOME: folder },
        }),
      );
    };

    beforeAll(async () => {
      Bun.spawnSync(
        `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout ${key} -out ${certificate}`.split(
          " ",
        ),
      );
      mkdirSync(join(folder, "temp"));
      const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
        (name) => `${name}_temp_path ${folder}/temp/${name};`,
      );
      const spare = await freePort();
      writeFileSync(
        join(folder, "nginx.conf"),
        `daemon off; pid ${folder}/nginx.pid; error_log ${folder}/nginx.log; events {}
       http { access_log off; ${temp.join(" ")} ${example("nginx.conf", ports.nginx, server).replace("listen 80;", `listen ${spare};`)} }`,
      );
      start("nginx", "-c", join(folder, "nginx.conf"), "-p", folder, "-e", join(folder, "nginx.log"));
      writeFileSync(
        join(folder, "Caddyfile"),
        `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${example(
          "Caddyfile",
          ports.caddy,
          server,
        ).replace("localhost {", `https://localhost:${ports.caddy} {\n\ttls ${certificate} ${key}`)}`,
      );
      start("caddy", "run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile");
      const loaded = [
        "mpm_event",
        "authz_core",
        "ssl",
        "proxy",
        "proxy_http",
        "proxy_wstunnel",
        "rewrite",
        "headers",
        "socache_shmcb",
      ];
      writeFileSync(
        join(folder, "apache.conf"),
        `${loaded.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join("\n")}
ServerName localhost
ServerRoot ${folder}
PidFile ${folder}/apache.pid
ErrorLog ${folder}/apache.log
Listen ${ports.apache}
${process.getuid?.() === 0 ? "User www-data\nGroup www-data" : ""}
${example("apache.conf", ports.apache, server)}`,
      );
      start("apache2", "-f", join(folder, "apache.conf"), "-DFOREGROUND");
    }, 30_000);

    afterAll(async () => {
      for (const child of running) child.kill();
      await Promise.all(running.map((child) => child.exited));
      rmSync(folder, { recursive: true, force: true });
    });

    for (const name of ["nginx", "caddy", "apache"] as const)
      test(`[B25] ${name}: people sign up, chat over the socket, send large files, and have addresses of their own`, async () => {
        const origin = `https://localhost:${ports[name]}`;
        const tls = { rejectUnauthorized: false };
        const cookies = new Map<string, string>();
        const cookie = () => [...cookies].map(([key, value]) => `${key}=${value}`).join("; ");
        const ask = async (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) => {
          // Somebody who claims to be elsewhere.
          const headers = { origin, cookie: cookie(), "x-forwarded-for": "203.0.113.9", ...init.headers };
          const response = await fetch(origin + path, { redirect: "manual", tls, ...init, headers });
          for (const set of response.headers.getSetCookie()) {
            const [pair = ""] = set.split(";");
            cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
          }
          return response;
        };
        const isUp = () =>
          ask("/healthz").then(
            (response) => response.ok,
            () => false,
          );
        expect(await waitUntil(isUp, 10_000)).toBe(true);
        const json = { "content-type": "application/json" };
        const setupCode = /"setupCode":"([^"]+)"/.exec(server.output())![1]!;
        const body = JSON.stringify({
          ...{ username: name, email: `${name}@example.org`, password, confirm_password: password },
          ...(name === "nginx" ? { setup_code: setupCode } : {}),
        });
        expect((await ask("/register", { method: "POST", body, headers: json })).status).toBe(200);
        const [session] = await sql`
        select s.address from sessions s join accounts a on a.id = s.account_id where a.username = ${name}`;
        expect(session.address).toMatch(/^(127\.0\.0\.1|::1)$/);

        const socket = new WebSocket(`wss://localhost:${ports[name]}/ws/${name}`, {
          headers: { origin, cookie: cookie() },
          tls,
        } as unknown as string[]);
        const first = await new Promise<string>((resolve, reject) => {
          socket.onerror = () => reject(new Error("the socket did not open"));
          socket.onmessage = ({ data }) => resolve(String(data));
        });
        expect(JSON.parse(first)).toMatchObject({ type: "history" });
        socket.send(
          JSON.stringify({ sender: name, text: `through ${name}`, timestamp: "2026-01-01T00:00:00Z" }),
        );
        const hasArrived = async () =>
          (await (await ask("/api/messages")).text()).includes(`through ${name}`);
        expect(await waitUntil(hasArrived)).toBe(true);
        socket.close();

        const bytes = new Uint8Array(3_000_000).fill(7);
        const begun = await ask("/api/uploads", {
          method: "POST",
          headers: {
            "tus-resumable": "1.0.0",
            "upload-length": String(bytes.length),
            "upload-metadata": `filename ${btoa("large.bin")}`,
          },
        });
        expect(begun.status).toBe(201);
        const sent = await ask(new URL(begun.headers.get("location")!, origin).pathname, {
          method: "PATCH",
          body: bytes,
          headers: {
            "tus-resumable": "1.0.0",
            "upload-offset": "0",
            "content-type": "application/offset+octet-stream",
          },
        });
        expect(sent.status).toBe(204);
      }, 30_000);
  },
);
