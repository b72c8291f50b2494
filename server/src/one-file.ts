// The entry point of the single executable that `npm run package` makes: unpacks the program that it carries into the data
// folder, once for each version, and runs it. Files are needed on a disk: a library that is linked, a database's image, threads.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { zstdDecompressSync } from "node:zlib";
import { helpText } from "./config/settings.ts";
import { syncTree } from "./db/embedded/data-folder.ts";
import { version } from "./lib/version.ts";
// These three are made by scripts/package.ts.
import licenses from "./licenses.txt" with { type: "text" };
// @ts-expect-error: the compiler knows no archives.
import archive from "./program.tar.zst" with { type: "file" };
import programId from "./program-id.txt" with { type: "text" };

/** The one before is kept for a process of it that still runs. */
const keptPrograms = 2;

const [first, second] = process.argv.slice(2);
if (first === "--version") {
  console.log(`novaX ${version} (${programId})`);
  process.exit(0);
}
if (first === "licenses") {
  console.log(licenses);
  process.exit(0);
}
if (["--help", "-h", "help"].includes(first ?? "")) {
  console.log(helpText());
  process.exit(0);
}
// A script of ours in a process of its own, which has its folder already.
if (first === "--script" && second !== undefined) await import(resolve(second));
else {
  const program = await unpack(join(dataDir(), "program")).catch((error: NodeJS.ErrnoException) => {
    console.error(
      `novaX can't start: DATA_DIR: the program can't be unpacked into ${dataDir()} (${error.code ?? error.message})`,
    );
    process.exit(78);
  });
  process.env.NOVAX_PROGRAM = program;
  await import(join(program, "build/server/cli.js"));
}

/** As the settings will say; what is wrong with them is said later, by what reads all of them. */
function dataDir(): string {
  let fromFile: NodeJS.Dict<string> = {};
  try {
    fromFile = parseEnv(readFileSync(resolve(".env"), "utf8"));
  } catch {
    // There is none, or it can't be read, which the program says.
  }
  return resolve((process.env.DATA_DIR || fromFile.DATA_DIR)?.trim() || "data");
}

async function unpack(folder: string): Promise<string> {
  const program = join(folder, programId);
  if (existsSync(program)) return program;
  // For the owner alone: what is in it is run.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unfinished = `${program}.${process.pid}.new`;
  const tar = zstdDecompressSync(new Uint8Array(await Bun.file(archive).arrayBuffer()));
  await new Bun.Archive(tar).extract(unfinished);
  // Once it has its name it is trusted, also after a power cut.
  syncTree(unfinished);
  try {
    renameSync(unfinished, program);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another process was first.
    if (!existsSync(program)) throw error;
  }
  removeOld(folder);
  return program;
}

function removeOld(folder: string): void {
  const others = readdirSync(folder)
    .filter((name) => !name.endsWith(".new"))
    .map((name) => ({ name, at: statSync(join(folder, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { name } of others.slice(keptPrograms))
    rmSync(join(folder, name), { recursive: true, force: true });
}
