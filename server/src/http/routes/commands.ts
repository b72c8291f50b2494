import { commandSpecs, commandTypes } from "@novax/protocol/commands";
import { z } from "zod";
import { commandTable, runCommand } from "../../commands/tables.ts";
import { defineSessionRoute, type Route } from "../route.ts";

/** Every command of the protocol's table as a route: the same shapes, rights and budget as over a socket. */
export const commandRoutes: readonly Route[] = commandTypes.map((type) => {
  const { fields, result, needs } = commandSpecs[type];
  return defineSessionRoute({
    method: "POST",
    path: `/api/commands/${type}`,
    summary: `Run the command ${type}. Requires the permission ${needs.right}.`,
    cost: commandTable[type].cost,
    body: z.strictObject(fields),
    result,
    handle: async ({ app, actor, body }) => Response.json(await runCommand(app, actor, type, body as never)),
  });
});
