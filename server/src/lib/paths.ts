import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The project's folder, wherever in it this code runs: from its sources, or as `npm start` has built it. */
export const projectFolder = findUp(import.meta.dir);
export const builtFolder = join(projectFolder, "build/server");
const isBuilt = import.meta.dir.startsWith(builtFolder);
const codeFolder = isBuilt ? builtFolder : join(projectFolder, "server/src");
/** Those of this code, also if the sources are newer by now. */
export const migrationsFolder = join(codeFolder, "db/migrations");

/** The path of a script that runs in a thread or process of its own. `name`: its path in `server/src`, without `.ts`. */
export function scriptPath(name: string): string {
  return join(codeFolder, `${name}.${isBuilt ? "js" : "ts"}`);
}

function findUp(folder: string): string {
  // The single executable unpacks what was built, without the sources.
  if (["server/src/cli.ts", "build/server/cli.js"].some((path) => existsSync(join(folder, path))))
    return folder;
  if (dirname(folder) === folder) throw new Error("novaX's own folder isn't where its code is");
  return findUp(dirname(folder));
}
