import { z } from "zod";
import { Refusal } from "../../lib/refusal.ts";
import { defineRoute } from "../route.ts";

const readyWithinMs = 2000;

export const healthRoute = defineRoute({
  method: "GET",
  path: "/healthz",
  cost: 0,
  summary: "Check whether the process is alive.",
  access: "public",
  result: z.strictObject({ status: z.literal("ok") }),
  handle: () => Response.json({ status: "ok" }),
});

export const readyRoute = defineRoute({
  method: "GET",
  path: "/readyz",
  cost: 0,
  summary: "Check whether the server is ready: its database responds.",
  access: "public",
  result: z.strictObject({ status: z.literal("ok") }),
  handle: async ({ app }) => {
    try {
      await app.db.ping(readyWithinMs);
    } catch {
      throw new Refusal("unavailable", "The database isn't responding.", { retryInMs: readyWithinMs });
    }
    return Response.json({ status: "ok" });
  },
});
