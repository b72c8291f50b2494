// The one entry point: `npm start` runs it without a command, the other scripts of package.json with one.
import { exitCodes, exitWithError } from "./cli/exit.ts";
import { helpText } from "./config/settings.ts";

/** What can be asked for, by its first word. Each returns the exit code, and is loaded only when it is asked for. */
const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  admin: async (args) => (await import("./cli/admin.ts")).admin(args),
  backup: async (args) => (await import("./cli/backup.ts")).backup(args),
  doctor: async (args) => (await import("./cli/doctor.ts")).doctor(args),
  restore: async (args) => (await import("./cli/backup.ts")).restore(args),
};

const [first = "", ...others] = process.argv.slice(2).filter((argument) => argument !== "--dev");
const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
try {
  if (command) process.exit(await command(others));
  if (["--help", "-h", "help"].includes(first)) {
    console.log(helpText());
    process.exit(0);
  }
  if (first !== "") {
    console.error(
      `novaX can't start: there is no ${first.startsWith("-") ? "option" : "command"} ${first}. Settings are in the environment or in .env, as in PORT=8080 npm start.`,
    );
    process.exit(exitCodes.config);
  }
  await (await import("./cli/serve.ts")).serve();
} catch (error) {
  exitWithError(error);
}
