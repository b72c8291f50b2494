import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** The project's folder, wherever in it this code runs: from its sources, or as `npm start` has built it. */
export const projectFolder = findUp(import.meta.dir);
export const builtFolder = join(projectFolder, "build/server");
const isBuilt = import.meta.dir.startsWith(builtFolder);

/** The path of a script that runs in a thread or process of its own. `name`: its path in `server/src`, without `.ts`. */
export function scriptPath(name: string): string {
  return isBuilt ? join(builtFolder, `${name}.js`) : join(projectFolder, "server/src", `${name}.ts`);
}

function findUp(folder: string): string {
  return existsSync(join(folder, "package-lock.json")) ? folder : findUp(dirname(folder));
}
