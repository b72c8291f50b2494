// Builds the server and what it serves: the web client into web/dist, the server and the prebuilt empty database into build/.
// With --if-stale it builds only what is out of date.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import type { BunPlugin } from "bun";
import sharp from "sharp";
import { createSeed } from "../server/src/db/embedded/seed.ts";
import { builtFolder } from "../server/src/lib/paths.ts";
import { starPath } from "../server/src/lib/star.ts";

const root = resolve(import.meta.dir, "..");
const dist = join(root, "web/dist");
/** What the server runs in threads and processes of their own, by `scriptPath`. */
const ownScripts = ["search/index-worker", "files/picture-process", "db/embedded/worker"];
const isIfStale = process.argv.includes("--if-stale");
const lockFile = join(root, "package-lock.json");

async function buildWeb(): Promise<void> {
  const manifest = join(dist, "manifest.json");
  const sources = [join(root, "web"), join(root, "protocol/src"), lockFile, import.meta.path];
  if (isIfStale && existsSync(manifest) && statSync(manifest).mtimeMs > newestChange(sources)) return;
  console.error("Building the web client ...");
  rmSync(dist, { recursive: true, force: true });
  const scripts = await bundle(["web/src/pages/chat.tsx", "web/src/pages/sign-in.ts"]);
  const styles = await bundle(["web/src/styles/chat.css", "web/src/styles/sign-in.css"]);
  const files = appFiles();
  // Under its own name, and for the whole site.
  await bundle(["web/src/worker/service-worker.ts"], {
    folder: dist,
    naming: "[name].[ext]",
    define: {
      appFiles: JSON.stringify(files),
      appScript: JSON.stringify(scripts.get("chat")),
      appVersion: JSON.stringify(Bun.hash(files.join()).toString(36)),
    },
  });
  await drawIcons();
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !entry.name.endsWith(".png")) compress(join(entry.parentPath, entry.name));
  }
  const page = (name: string) => ({
    script: scripts.get(name)!,
    style: styles.get(name)!,
    preload: importedBy(scripts.get(name)!),
  });
  writeFileSync(manifest, JSON.stringify({ chat: page("chat"), signIn: page("sign-in") }));
}

/** As few files, and stripped of types: that starts in half the time. */
async function buildServer(): Promise<void> {
  // By what is in them: an archive that is unpacked has old dates.
  const sources = [join(root, "server/src"), join(root, "protocol/src"), lockFile, import.meta.path];
  const from = contentHash(sources);
  const stamp = join(builtFolder, "made-from");
  if (isIfStale && existsSync(stamp) && readFileSync(stamp, "utf8") === from) return;
  console.error("Building the server ...");
  // Beside the old one, which a server may be running from, and beside what another process builds at this moment.
  const folder = `${builtFolder}.${process.pid}`;
  await Bun.build({
    entrypoints: ["cli", ...ownScripts].map((name) => join(root, "server/src", `${name}.ts`)),
    root: join(root, "server/src"),
    outdir: folder,
    target: "bun",
    splitting: true,
    // These two load files beside their own. The others are loaded when they are needed, maybe after the next build.
    external: ["sharp", "@electric-sql/pglite", "@simplewebauthn/server", "nodemailer"],
    sourcemap: "linked",
  });
  cpSync(join(root, "server/src/db/migrations"), join(folder, "db/migrations"), { recursive: true });
  writeFileSync(join(folder, "made-from"), from);
  rmSync(builtFolder, { recursive: true, force: true });
  renameSync(folder, builtFolder);
}

/** The icon of the installed app, for systems that take no SVG. Some cut a circle out of the one that is maskable. */
async function drawIcons(): Promise<void> {
  const svg = (rounding: number, starShare: number) => {
    const inset = 32 * (1 - starShare);
    return Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="${rounding}" fill="#155ed0"/><path fill="#fff" transform="translate(${inset} ${inset}) scale(${starShare})" d="${starPath}"/></svg>`,
    );
  };
  for (const [name, size, image] of [
    ["icon-192", 192, svg(14, 1)],
    ["icon-512", 512, svg(14, 1)],
    ["icon-maskable-512", 512, svg(0, 0.8)],
    ["icon-180", 180, svg(0, 0.9)],
  ] as const)
    await sharp(image, { density: (72 * size) / 64 })
      .resize(size, size)
      .png()
      .toFile(join(dist, `${name}.png`));
}

/** All that the chat may load, as URL paths. */
function appFiles(): string[] {
  const names = readdirSync(join(dist, "assets")).filter((name) => !name.startsWith("sign-in"));
  return names.map((name) => `/assets/${name}`).sort();
}

/** Bundles entry points. Returns the URL path of each, by name. */
async function bundle(
  entrypoints: string[],
  { folder = join(dist, "assets"), naming = "[name]-[hash].[ext]", define = {} } = {},
): Promise<Map<string, string>> {
  const result = await Bun.build({
    entrypoints: entrypoints.map((path) => join(root, path)),
    outdir: folder,
    naming,
    target: "browser",
    minify: true,
    splitting: true,
    plugins: [emojiNames, fewChunks],
    // Files that are served under their own names.
    external: ["/icon.svg"],
    define: { "process.env.NODE_ENV": '"production"', ...define },
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

/**
 * Code that the first view shares with one lazy file, with both or with none would be three chunks, which compress worse
 * than one. So both lazy files ask for all of it; at run time it is there already.
 */
const fewChunks: BunPlugin = {
  name: "few chunks",
  setup: (build) => {
    build.onLoad({ filter: /pages\/(?:lazy|files)-bundle\.ts$/ }, ({ path }) => ({
      contents: `import "./chat-page.tsx";\nimport "../stores/chat-store.ts";\n${readFileSync(path, "utf8")}`,
      loader: "ts",
    }));
  },
};

/** The chunks that a script imports at start, so that the browser can fetch them together with it. */
function importedBy(script: string, known = new Set<string>()): string[] {
  const text = readFileSync(join(dist, script), "utf8");
  for (const [, name = ""] of text.matchAll(/(?:from|import) ?"\.\/([^"]+)"/g)) {
    const path = `/assets/${name}`;
    if (known.has(path)) continue;
    known.add(path);
    importedBy(path, known);
  }
  return [...known];
}

type UnicodeEmoji = {
  label: string;
  hexcode: string;
  unicode: string;
  group?: number;
  tags?: string[];
  skins?: { unicode: string }[];
};

const isEmoji = /^\p{RGI_Emoji}$/v;

/**
 * `novax:emoji-en`: Unicode's names of emoji, one per line, as the client reads them. `novax:emoji-shortcodes`: what emoji
 * are called between colons, which is the same in every language.
 */
const emojiNames: BunPlugin = {
  name: "emoji names",
  setup: (build) => {
    build.onResolve({ filter: /^novax:emoji-/ }, ({ path }) => ({ path, namespace: "emoji" }));
    build.onLoad({ filter: /.*/, namespace: "emoji" }, ({ path }) => {
      const part = path.slice("novax:emoji-".length);
      const lines = part === "shortcodes" ? shortcodeLines() : nameLines(part);
      return {
        contents: `export const lines = ${JSON.stringify(lines.map((fields) => fields.join("\t")).join("\n"))}`,
        loader: "js",
      };
    });
  },
};

function nameLines(language: string): (string | number)[][] {
  return readEmoji(language).map((emoji) => [
    characterOf(emoji),
    emoji.group!,
    emoji.skins ? 1 : 0,
    emoji.label,
    (emoji.tags ?? []).filter((tag) => !emoji.label.includes(tag)).join(" "),
  ]);
}

/** Those of GitHub, which people know from many products. */
function shortcodeLines(): string[][] {
  const file = join(root, "node_modules/emojibase-data/en/shortcodes/github.json");
  const shortcodes = JSON.parse(readFileSync(file, "utf8")) as Record<string, string | string[]>;
  return readEmoji("en").flatMap((emoji) => {
    const codes = [shortcodes[emoji.hexcode] ?? []].flat();
    return codes.length === 0 ? [] : [[characterOf(emoji), codes.join(" ")]];
  });
}

function readEmoji(language: string): UnicodeEmoji[] {
  const file = join(root, `node_modules/emojibase-data/${language}/compact.json`);
  const all = JSON.parse(readFileSync(file, "utf8")) as UnicodeEmoji[];
  return all.filter((emoji) => emoji.group !== undefined);
}

/** Leaves out the variation selector where an emoji is shown in colour without it. */
const characterOf = ({ unicode }: UnicodeEmoji): string =>
  isEmoji.test(unicode) ? unicode : unicode.replace(/\ufe0f$/, "");

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
  console.error("Preparing the embedded database ...");
  mkdirSync(join(root, "build"), { recursive: true });
  writeFileSync(seed, await createSeed());
  writeFileSync(madeFrom, version);
}

function contentHash(paths: string[]): string {
  let hash = 0n;
  const add = (path: string) => {
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
    else hash = BigInt(Bun.hash(readFileSync(path), Bun.hash(path, hash)));
  };
  for (const path of paths) add(path);
  return hash.toString(36);
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

await buildServer();
await buildWeb();
await buildSeed();
