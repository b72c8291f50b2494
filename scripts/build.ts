// Builds what the server serves: the web client into web/dist, and the ready-made empty database into build/.
// With --if-stale it does only what is out of date.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { createSeed } from "../server/src/db/embedded/seed.ts";

const root = resolve(import.meta.dir, "..");
const dist = join(root, "web/dist");
const isIfStale = process.argv.includes("--if-stale");
const lockFile = join(root, "package-lock.json");

await buildWeb();
await buildSeed();

async function buildWeb(): Promise<void> {
  const manifest = join(dist, "manifest.json");
  const sources = [join(root, "web"), join(root, "protocol/src"), lockFile, import.meta.path];
  if (isIfStale && existsSync(manifest) && statSync(manifest).mtimeMs > newestChange(sources)) return;
  console.log("Building the web client ...");
  rmSync(dist, { recursive: true, force: true });
  const scripts = await bundle(["web/src/pages/chat.tsx", "web/src/pages/sign-in.ts"]);
  const styles = await bundle(["web/src/styles/chat.css", "web/src/styles/sign-in.css"]);
  for (const name of readdirSync(join(root, "web/static"))) {
    writeFileSync(join(dist, name), readFileSync(join(root, "web/static", name)));
  }
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) compress(join(entry.parentPath, entry.name));
  }
  const page = (name: string) => ({ script: scripts.get(name)!, style: styles.get(name)!, preload: [] });
  writeFileSync(manifest, JSON.stringify({ chat: page("chat"), signIn: page("sign-in") }));
}

/** Bundles entry points; returns the path each is served under, by its name. */
async function bundle(entrypoints: string[]): Promise<Map<string, string>> {
  const result = await Bun.build({
    entrypoints: entrypoints.map((path) => join(root, path)),
    outdir: join(dist, "assets"),
    naming: "[name]-[hash].[ext]",
    target: "browser",
    minify: true,
    // Files that the server serves under their own names.
    external: ["/icon.svg"],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const entries = result.outputs.filter(
    (output) => output.kind === "entry-point" || output.path.endsWith(".css"),
  );
  return new Map(
    entries.map((output) => {
      const file = basename(output.path);
      return [file.replace(/-[a-z0-9]{8}\.(js|css)$/, ""), `/assets/${file}`];
    }),
  );
}

function compress(path: string): void {
  const bytes = readFileSync(path);
  const options = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, options));
}

async function buildSeed(): Promise<void> {
  const seed = join(root, "build/embedded-seed.tgz");
  const madeFrom = `${seed}.from`;
  // A seed opens only in the version of PostgreSQL that made it.
  const pglite = join(root, "node_modules/@electric-sql/pglite/package.json");
  const version = (JSON.parse(readFileSync(pglite, "utf8")) as { version: string }).version;
  if (isIfStale && existsSync(seed) && existsSync(madeFrom) && readFileSync(madeFrom, "utf8") === version)
    return;
  console.log("Preparing the embedded database ...");
  mkdirSync(join(root, "build"), { recursive: true });
  writeFileSync(seed, await createSeed());
  writeFileSync(madeFrom, version);
}

function newestChange(paths: string[]): number {
  let newest = 0;
  for (const path of paths) {
    const stat = statSync(path);
    if (!stat.isDirectory()) newest = Math.max(newest, stat.mtimeMs);
    else {
      for (const name of readdirSync(path)) {
        if (name !== "dist" && name !== "node_modules")
          newest = Math.max(newest, newestChange([join(path, name)]));
      }
    }
  }
  return newest;
}
