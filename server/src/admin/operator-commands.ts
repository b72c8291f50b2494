import type { RoomId } from "@novax/protocol/ids";
import { createByteFormat } from "@novax/protocol/language";
import { changeAccount } from "../accounts/change-account.ts";
import type { Account } from "../accounts/queries.ts";
import { findAccountByUsernameKey } from "../accounts/queries.ts";
import { usernameKey } from "../accounts/username.ts";
import { verifyAudit } from "../audit/audit-log.ts";
import { readKeptHead } from "../audit/kept-head.ts";
import { readAuditHead } from "../audit/queries.ts";
import type { FileNeeds } from "../files/file-store.ts";
import { summarizeStorage } from "../files/queries.ts";
import { Refusal } from "../lib/refusal.ts";
import { setHeld } from "../retention/queries.ts";
import { createOwner, disableFactorOf, linkFor } from "./operator.ts";
import type { AdminNeeds } from "./people.ts";

type OperatorNeeds = AdminNeeds & Pick<FileNeeds, "blobs" | "fileLimits"> & { config: { dataDir: string } };

/** `text`: what the command says; `isGood`: whether it found what should be. */
export type OperatorAnswer = { text: string; isGood: boolean };

const largestShown = 10;

/** About a person, by their username. */
const aboutPerson: Record<string, (app: OperatorNeeds, username: string) => Promise<string>> = {
  "reset-link": async (app, username) => {
    const link = await linkFor(app, await requireAccount(app, username));
    return `This link works once, for 30 minutes:\n${link}${hereOnly(link)}`;
  },
  "disable-factor": async (app, username) => {
    await disableFactorOf(app, await requireAccount(app, username));
    return `Two-factor authentication is off for ${username}. They can now sign in with just their password.`;
  },
  "create-owner": async (app, username) => {
    const known = await findAccountByUsernameKey(app.db.sql, usernameKey(username));
    const link = await createOwner(app, known, username);
    return `${username} is now an owner.${link === null ? "" : ` This link to set a password works once, for 30 minutes:\n${link}`}`;
  },
};

/** About a room, by its id, which is in its address. */
const aboutRoom: Record<string, (app: OperatorNeeds, room: string) => Promise<string>> = {
  hold: async (app, room) => {
    await hold(app, room, true);
    return "Nothing of this room is deleted for its age any more, until: npm run admin -- release ROOM";
  },
  release: async (app, room) => {
    await hold(app, room, false);
    return "Messages of this room are deleted for their age again, as it is set.";
  },
};

async function hold(app: OperatorNeeds, room: string, isHeld: boolean): Promise<void> {
  await changeAccount(app, async ({ sql, audit }) => {
    if (!(await setHeld(sql, room as RoomId, isHeld)))
      throw new Refusal("not_found", `there is no room ${JSON.stringify(room)}.`);
    audit({ action: "room.changed", actor: null, detail: `${room}: ${isHeld ? "held" : "released"}` });
  });
}

/** About the whole server. */
const aboutAll: Record<string, (app: OperatorNeeds) => Promise<OperatorAnswer>> = {
  storage: async (app) => ({ text: await describeStorage(app), isGood: true }),
  "audit-verify": describeAudit,
};

/** Whether there is such a command, and whether it is about one person or room. */
export function kindOfCommand(name: string): "one" | "all" | null {
  if (Object.hasOwn(aboutPerson, name) || Object.hasOwn(aboutRoom, name)) return "one";
  return Object.hasOwn(aboutAll, name) ? "all" : null;
}

/**
 * Runs a command of the operator, in the server or beside it. All but `audit-verify` and `storage` write to the audit log. Refuses
 * with `not_found` for an unknown command or person.
 */
export async function runOperatorCommand(
  app: OperatorNeeds,
  { name, subject }: { name: string; subject: string },
): Promise<OperatorAnswer> {
  const kind = kindOfCommand(name);
  const aboutOne = { ...aboutPerson, ...aboutRoom };
  if (kind === "one") return { text: await aboutOne[name]!(app, subject), isGood: true };
  if (kind === "all") return aboutAll[name]!(app);
  throw new Refusal("not_found", `there is no command ${name}.`);
}

/** Settings that were given to the server alone are unknown to a command beside it. */
function hereOnly(link: string): string {
  return new URL(link).hostname === "localhost"
    ? "\n\nIt leads to this machine. If people open novaX elsewhere, set PUBLIC_URL for this command, too, or in .env."
    : "";
}

async function describeAudit(app: OperatorNeeds): Promise<OperatorAnswer> {
  const kept = readKeptHead(app.secret, app.config.dataDir);
  const verdict = await verifyAudit(app, kept);
  if (verdict.kind !== "whole")
    return { text: `The audit log is broken at entry ${verdict.seq}: ${verdict.reason}.`, isGood: false };
  const head = await readAuditHead(app.db.sql);
  const lines = [`The audit log is intact: ${verdict.count} entries, the last one ${head.hash}.`];
  if (!kept)
    lines.push(
      "The server has kept no end of the log in DATA_DIR here, so entries that were cut off its end can't be noticed.",
    );
  return { text: lines.join("\n"), isGood: true };
}
async function describeStorage(app: OperatorNeeds): Promise<string> {
  const bytes = createByteFormat("en");
  const {
    files,
    bytes: all,
    byPurpose,
    pending,
    unused,
    people,
  } = await summarizeStorage(app.db.sql, {
    people: largestShown,
  });
  const { perPersonBytes, totalBytesMax } = app.fileLimits;
  const free = await app.blobs.freeBytes().catch(() => null);
  const lines = [
    `Files are in ${app.blobs.place}`,
    `${files} files, ${bytes(all)}${totalBytesMax === null ? "" : ` of ${bytes(totalBytesMax)}`}${free === null ? "" : `, ${bytes(free)} free on the disk`}`,
    ...byPurpose.map((row) => `  ${row.purpose.padEnd(8)} ${row.files} files, ${bytes(row.bytes)}`),
    `${pending} uploads are part of no message yet; ${unused} pieces are about to be removed.`,
    `Most space, of ${bytes(perPersonBytes)} each:`,
    ...people.map((person) => `  ${person.username.padEnd(32)} ${bytes(person.bytes)}`),
  ];
  return lines.join("\n");
}

async function requireAccount(app: OperatorNeeds, name: string): Promise<Account> {
  const account = await findAccountByUsernameKey(app.db.sql, usernameKey(name));
  if (!account) throw new Refusal("not_found", `no one is called ${JSON.stringify(name)}.`);
  return account;
}
