import { scriptPath } from "./paths.ts";

/** Set by the single executable: the folder that it has unpacked itself into. */
const isOneFile = process.env.NOVAX_PROGRAM !== undefined;

/** The command line that runs a command of this novaX, such as "backup", in a process of its own; without one, the server. */
export function ownCommand(...args: readonly string[]): string[] {
  if (isOneFile) return [process.execPath, ...args];
  return [process.execPath, ...process.execArgv, process.argv[1]!, ...args];
}

/** The command line that runs a script of ours in a process of its own. `name`: its path in `server/src`, without `.ts`. */
export function scriptCommand(name: string): string[] {
  return [process.execPath, isOneFile ? "--script" : "--no-env-file", scriptPath(name)];
}
