import { commandSpecs, commandTypes, type OrderType } from "@novax/protocol/commands";
import { z } from "zod";
import { orderTable, runOrder } from "../../realtime/command-table.ts";
import { defineSessionRoute, type Route } from "../route.ts";

const orderTypes = commandTypes.filter((type): type is OrderType => Object.hasOwn(orderTable, type));

/** Every order that a socket takes, by HTTP: the same shapes, the same rights, the same budget. */
export const commandRoutes: readonly Route[] = orderTypes.map((type) => {
  const { fields, result, needs } = commandSpecs[type];
  return defineSessionRoute({
    method: "POST",
    path: `/api/commands/${type}`,
    summary: `The command ${type}; needs ${needs.in === "socket" ? "nothing" : `the right ${needs.right}`}.`,
    body: z.strictObject(fields),
    answer: result,
    handle: async ({ app, actor, body }) => {
      app.budgets.spend(actor.id, orderTable[type].cost);
      return Response.json(await runOrder(app, actor, type, body as never));
    },
  });
});
