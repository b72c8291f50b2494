/** The command line that runs a command of this novaX, such as "backup", in a process of its own. */
export function ownCommand(...args: string[]): string[] {
  return [process.execPath, ...process.execArgv, process.argv[1]!, ...args];
}
