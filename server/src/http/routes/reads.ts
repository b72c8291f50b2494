import { readPaths } from "@novax/protocol/read-paths";
import { readSpecs, readTypes } from "@novax/protocol/reads";
import { z } from "zod";
import { readTable } from "../../commands/tables.ts";
import { charsPerRow } from "../../lib/budgets.ts";
import { Refusal, roomNotFound } from "../../lib/refusal.ts";
import { messageGone } from "../../messages/require-message.ts";
import { personNotFound } from "../../people/require-person.ts";
import { defineSessionRoute, type Route } from "../route.ts";

/** What cannot be an id is the id of nothing: a stranger learns no more from it than from an id that is not theirs. */
const refusals: Record<string, () => Refusal> = {
  room: roomNotFound,
  seq: messageGone,
  person: personNotFound,
};

/** Every read of the protocol's table as a route. */
export const readRoutes: readonly Route[] = readTypes.map((type) => {
  const { summary, params, query, result } = readSpecs[type];
  const paramSchemas: Record<string, z.ZodType> = params;
  return defineSessionRoute({
    method: "GET",
    path: readPaths[type],
    summary,
    cost: readTable[type].cost,
    takesTurns: true,
    query: z.strictObject(query),
    result: z.strictObject(result),
    handle: async ({ app, actor, ...exchange }) => {
      const input: Record<string, unknown> = { ...exchange.query };
      for (const [name, schema] of Object.entries(paramSchemas)) {
        const parsed = schema.safeParse(exchange.params[name]);
        if (!parsed.success) throw refusals[name]?.() ?? new Refusal("not_found", (t) => t.nothingHere);
        input[name] = parsed.data;
      }
      const { run, rowsOf } = readTable[type];
      const answer = await run(app, actor, input as never);
      const text = JSON.stringify(answer);
      app.budgets.chargeAnswer(actor.id, text.length + charsPerRow * (rowsOf?.(answer as never) ?? 0));
      return new Response(text, { headers: { "content-type": "application/json" } });
    },
  });
});
