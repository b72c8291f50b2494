// Makes one file of everything, which runs where nothing is installed: npm run package. With it: the licences of what is in it, and
// a list of that (SBOM, CycloneDX). For another kind of Linux: npm run package -- musl (Alpine).
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { constants, zstdCompressSync } from "node:zlib";
import { builtFolder } from "../server/src/lib/paths.ts";
import { version } from "../server/src/lib/version.ts";

const root = resolve(import.meta.dir, "..");
const out = join(root, "build/package");
const stage = join(out, "stage");
/** What the built server loads from node_modules, which it does not have in itself (scripts/build.ts). */
const loaded = ["sharp", "@electric-sql/pglite", "@simplewebauthn/server", "nodemailer"];
const isMusl = process.argv[2] === "musl";
const compression = 12;

type Package = { name: string; version: string; license: string; folder: string };

rmSync(out, { recursive: true, force: true });
mkdirSync(stage, { recursive: true });
cpSync(builtFolder, join(stage, "build/server"), { recursive: true });
cpSync(join(root, "build/embedded-seed.tgz"), join(stage, "build/embedded-seed.tgz"));
cpSync(join(root, "web/dist"), join(stage, "web/dist"), { recursive: true });
const muslPackages = isMusl ? fetchMusl() : null;
for (const { name, folder } of closureOf(loaded)) copyPackage(name, folder);
for (const { name, folder } of nativePackages()) copyPackage(name, folder);

const sources = join(out, "sources");
mkdirSync(sources);
const files: Record<string, Blob> = {};
for (const entry of readdirSync(stage, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  files[path.slice(stage.length + 1)] = new Blob([readFileSync(path)]);
}
const tar = new Uint8Array(await new Bun.Archive(files).bytes());
const program = zstdCompressSync(tar, { params: { [constants.ZSTD_c_compressionLevel]: compression } });
const id = `${version}-${new Bun.CryptoHasher("sha256").update(tar).digest("hex").slice(0, 16)}`;
const licenses = describeLicenses();
const serverSources = join(root, "server/src");
for (const [name, content] of [
  ["program.tar.zst", program],
  ["program-id.txt", id],
  ["licenses.txt", licenses],
] as const)
  writeFileSync(join(sources, name), content);
const target = join(out, isMusl ? "novax-musl" : "novax");
const built = await Bun.build({
  entrypoints: [join(serverSources, "one-file.ts")],
  target: "bun",
  minify: true,
  plugins: [
    {
      name: "program",
      setup: (build) => {
        build.onResolve(
          { filter: /^\.\/(?:program\.tar\.zst|program-id\.txt|licenses\.txt)$/ },
          ({ path }) => ({ path: join(sources, path) }),
        );
      },
    },
  ],
  compile: {
    outfile: target,
    // Ours reads it, and says what is wrong with it.
    autoloadDotenv: false,
    autoloadBunfig: false,
    // What is unpacked finds its packages by their package.json.
    autoloadPackageJson: true,
    ...(muslPackages && { executablePath: muslPackages.bun }),
  } as Bun.CompileBuildOptions,
});
if (!built.success) throw new AggregateError(built.logs, "the executable can't be built");
chmodSync(target, 0o755);
writeFileSync(join(out, "LICENSES.txt"), licenses);
writeFileSync(join(out, "sbom.cdx.json"), describeParts());
for (const folder of [stage, sources]) rmSync(folder, { recursive: true });
const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
console.log(
  `${target}: ${megabytes(statSync(target).size)}, of which ${megabytes(program.byteLength)} are novaX`,
);

/** These packages and all that they depend on. */
function closureOf(names: readonly string[]): Package[] {
  const found = new Map<string, Package>();
  const visit = (name: string, from: string) => {
    const folder = folderOf(name, from);
    // Optional ones, for other machines.
    if (folder === null || found.has(folder)) return;
    const { version, license, dependencies = {} } = readPackage(folder);
    found.set(folder, { name, version, license: String(license ?? "unknown"), folder });
    for (const dependency of Object.keys(dependencies)) visit(dependency, folder);
  };
  for (const name of names) visit(name, join(root, "server"));
  return [...found.values()];
}

type PackageJson = { name: string; version: string; license?: string; dependencies?: Record<string, string> };

function readPackage(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageJson;
}

function folderOf(name: string, from: string): string | null {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (folder === dirname(folder)) return null;
  }
}

/** What sharp links, for the kind of machine that this is for. */
function nativePackages(): { name: string; folder: string }[] {
  if (muslPackages) return muslPackages.native;
  const require = createRequire(join(root, "package.json"));
  return readdirSync(join(root, "node_modules/@img"))
    .filter((name) => name.startsWith("sharp-"))
    .map((name) => ({ name: `@img/${name}`, folder: dirname(require.resolve(`@img/${name}/package`)) }));
}

/** The packages for musl of the same versions, which this machine doesn't need itself. */
function fetchMusl(): { bun: string; native: { name: string; folder: string }[] } {
  const folder = join(out, "musl");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  const bunVersion = Bun.version;
  const sharp = readPackage(join(root, "node_modules/sharp")) as PackageJson & {
    optionalDependencies: Record<string, string>;
  };
  const native = ["@img/sharp-linuxmusl-x64", "@img/sharp-libvips-linuxmusl-x64"];
  const wanted = [
    `@oven/bun-linux-x64-musl@${bunVersion}`,
    ...native.map((name) => `${name}@${sharp.optionalDependencies[name]}`),
  ];
  const npm = spawnSync(
    "npm",
    ["install", "--force", "--ignore-scripts", "--no-audit", "--no-fund", ...wanted],
    {
      cwd: folder,
      stdio: "inherit",
    },
  );
  if (npm.status !== 0) throw new Error("the packages for musl can't be installed");
  const modules = join(folder, "node_modules");
  return {
    bun: join(modules, "@oven/bun-linux-x64-musl/bin/bun"),
    native: native.map((name) => ({ name, folder: join(modules, name) })),
  };
}

/** Without what no program reads. */
function copyPackage(name: string, folder: string): void {
  cpSync(folder, join(stage, "node_modules", name), {
    recursive: true,
    dereference: true,
    filter: (path) =>
      !/\.(?:map|md|d\.ts|d\.cts|d\.mts)$|\/(?:docs|test|tests|src)$/.test(path) || path === folder,
  });
}

/** All packages of the server and of the page, which are in it as code. */
function packagesInIt(): Package[] {
  const names = ["server", "web"].flatMap((workspace) =>
    Object.keys(readPackage(join(root, workspace)).dependencies ?? {}),
  );
  const bun = { name: "bun", version: Bun.version, license: "MIT", folder: "" };
  return [...closureOf(names.filter((name) => !name.startsWith("@novax/"))), bun];
}

function describeLicenses(): string {
  const own = readFileSync(join(root, "LICENSE"), "utf8");
  const parts = packagesInIt().map(({ name, version, license, folder }) => {
    const file = folder && readdirSync(folder).find((entry) => /^(?:licen[cs]e|copying|notice)/i.test(entry));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Its licence is ${license}.`;
    return `${name} ${version} (${license})\n\n${text}`;
  });
  return [`novaX ${version}\n\n${own.trim()}`, ...parts].join(`\n\n${"-".repeat(80)}\n\n`);
}

/** CycloneDX 1.6. */
function describeParts(): string {
  const components = packagesInIt().map(({ name, version, license }) => ({
    type: "library",
    name,
    version,
    licenses: [{ license: { name: license } }],
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
  }));
  const metadata = { component: { type: "application", name: "novax", version } };
  return `${JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.6", version: 1, metadata, components }, null, 2)}\n`;
}
