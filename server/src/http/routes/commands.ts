import { type CommandType, commandSpecs, commandTypes } from "@novax/protocol/commands";
import { z } from "zod";
import { commandTable, runCommand } from "../../commands/command-table.ts";
import { defineSessionRoute, type Route } from "../route.ts";

const httpCommandTypes = commandTypes.filter((type): type is CommandType =>
  Object.hasOwn(commandTable, type),
);

/** Every order that a socket takes, by HTTP: the same shapes, the same rights, the same budget. */
export const commandRoutes: readonly Route[] = httpCommandTypes.map((type) => {
  const { fields, result, needs } = commandSpecs[type];
  return defineSessionRoute({
    method: "POST",
    path: `/api/commands/${type}`,
    summary: `Run the command ${type}. Requires the permission ${needs.right}.`,
    body: z.strictObject(fields),
    result: result,
    handle: async ({ app, actor, body }) => {
      app.budgets.spend(actor.id, commandTable[type].cost);
      return Response.json(await runCommand(app, actor, type, body as never));
    },
  });
});
