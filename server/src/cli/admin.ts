// npm run admin: commands for an operator who is locked out of the admin pages, and for what only an operator can do.

import { join } from "node:path";
import { kindOfCommand, type OperatorAnswer, runOperatorCommand } from "../admin/operator-commands.ts";
import { type Config, ConfigError, readConfig } from "../config/read-config.ts";
import { askServer, isServerThere } from "../control/control-socket.ts";
import { hasDatabase } from "../db/embedded/data-folder.ts";
import { silentLog } from "../log/log.ts";
import { openApp } from "../main.ts";
import { exitCodes } from "./exit.ts";

const help = `npm run admin -- reset-link <username>       print a link to set a new password
npm run admin -- disable-factor <username>   turn off their two-factor authentication, including passkeys
npm run admin -- create-owner <username>     make them an owner; new people get a link to set a password
npm run admin -- hold <room>                 delete nothing of a room for its age; release <room> ends that
npm run admin -- storage                     show where files are, and how much space they take up
npm run audit:verify                         verify the audit log

These commands use the server's settings, and work while it runs.`;

/** Runs a command of the operator. Returns the exit code. */
export async function admin([name = "", subject = "", ...others]: readonly string[]): Promise<number> {
  if (["--help", "-h", "help"].includes(name)) {
    console.log(help);
    return 0;
  }
  const kind = kindOfCommand(name);
  if (kind === null || (kind === "all" ? subject !== "" : subject === "" || others.length > 0)) {
    if (name !== "" && kind === null) console.error(`There is no command ${name}.\n`);
    console.error(help);
    return exitCodes.failed;
  }
  const { text, isGood } = await run(readConfig(process.cwd(), process.env), { name, subject });
  if (isGood) console.log(text);
  else console.error(text);
  return isGood ? 0 : exitCodes.failed;
}

async function run(config: Config, command: { name: string; subject: string }): Promise<OperatorAnswer> {
  const { database } = config;
  // The server has the embedded database for itself.
  if (database.kind === "embedded" && (await isServerThere(config.dataDir)))
    return (await askServer(config.dataDir, "admin", command)) as OperatorAnswer;
  // A command that is given other settings than the server would make a new server, and say that nobody is there.
  if (
    command.name !== "create-owner" &&
    database.kind === "embedded" &&
    !hasDatabase(join(database.dataDir, "postgres"))
  )
    throw new ConfigError([
      `DATA_DIR: there is no database in ${database.dataDir}; give this command the server's settings`,
    ]);
  const { app, close } = await openApp(config, silentLog);
  try {
    return await runOperatorCommand(app, command);
  } finally {
    await close();
  }
}
