// npm run permission-table: writes docs/permissions.md from the table that the code uses.
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { commandSpecs, commandTypes } from "../protocol/src/commands.ts";
import {
  mayInRoom,
  type RoomAction,
  roomPermissions,
  roomRoles,
  serverPermissions,
  serverRoles,
} from "../protocol/src/permissions.ts";

/** The document: what each role may do, and which commands need it. */
export function renderPermissions(): string {
  const commandsOf = (scope: string, right: string) =>
    commandTypes
      .filter((type) => {
        const { needs } = commandSpecs[type];
        return needs.in === scope && "right" in needs && needs.right === right;
      })
      .map((type) => `\`${type}\``)
      .join(", ");
  const row = (scope: string, right: string, marks: string[]) =>
    `| \`${right}\` | ${marks.join(" | ")} | ${commandsOf(scope, right)} |`;
  const mark = (may: boolean) => (may ? "yes" : "");
  return [
    "# Who can do what",
    "",
    "Made by `npm run permission-table` from `protocol/src/permissions.ts`, which the server's checks and the client's buttons",
    "read; `tests/server/permissions.test.ts` tries every cell over the socket and over HTTP.",
    "",
    "## In a room",
    "",
    `| right | ${roomRoles.join(" | ")} | in groups | between two | commands |`,
    `| --- | ${roomRoles.map(() => "---").join(" | ")} | --- | --- | --- |`,
    ...Object.entries(roomPermissions).map(([right, roles]) =>
      row("room", right, [
        ...roomRoles.map((role) => mark((roles as readonly string[]).includes(role))),
        mark(mayInRoom("member", right as RoomAction, "group")),
        mark(mayInRoom("member", right as RoomAction, "direct")),
      ]),
    ),
    "",
    "- A person who is not a member gets `not_found`, the same as for a room that does not exist.",
    "- Owners and admins of the server act as owners in every public or private room that they are in; in others they are outsiders.",
    "- Owners can act on every member, moderators on members and read-only members. No one can act on themselves.",
    "- Only the author can edit a message. `message.delete_own` is for the author's own messages, `message.delete_any` for all; closing polls is the same.",
    "- In an archived room members can read, leave, report, delete, and unarchive it.",
    "",
    "## On the server",
    "",
    `| right | ${serverRoles.join(" | ")} | commands |`,
    `| --- | ${serverRoles.map(() => "---").join(" | ")} | --- |`,
    ...Object.entries(serverPermissions).map(([right, roles]) =>
      row(
        "server",
        right,
        serverRoles.map((role) => mark((roles as readonly string[]).includes(role))),
      ),
    ),
    "",
    "- A guest is in the rooms they were added to, and can see the people in them only.",
    "",
  ].join("\n");
}

if (import.meta.main) {
  writeFileSync(join(resolve(import.meta.dir, ".."), "docs/permissions.md"), renderPermissions());
}
