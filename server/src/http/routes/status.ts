import { z } from "zod";
import { findAccountById } from "../../accounts/queries.ts";
import { type AttemptLimit, assertAttempt } from "../../auth/attempt-limits.ts";
import { Refusal } from "../../lib/refusal.ts";
import { version } from "../../lib/version.ts";
import { testLetter } from "../../mail/letters.ts";
import { readStatus } from "../../status/read-status.ts";
import { defineAction, textField } from "../form-route.ts";
import { statusPage } from "../pages/admin-pages.ts";
import { doneText } from "../pages/form.ts";
import { defineSessionRoute, type Route } from "../route.ts";
import { emptyBody } from "./account.ts";

/** Counting all of it, and asking the mail server, is more work than other pages are. */
const statusCost = 5;
const testMailLimit: AttemptLimit = { max: 5, windowMs: 3_600_000 };

const statusRoute = defineSessionRoute({
  method: "GET",
  path: "/admin/server",
  summary: "Show how the server is, and how it was in the last day or month.",
  access: "admin",
  cost: statusCost,
  query: z.strictObject({ span: z.enum(["day", "month"]).optional(), done: textField.optional() }),
  isPage: true,
  handle: async ({ app, context, query }) =>
    statusPage(context, {
      status: await readStatus(app, query.span ?? "day"),
      hasMail: app.mailer.isReal,
      version,
      startedAt: app.clock.now() - performance.now(),
      done: doneText(context, query),
    }),
});

const testMailRoute = defineAction({
  path: "/admin/server/test-mail",
  summary: "Send an email to your own confirmed address, to see whether mail works.",
  access: "admin",
  body: emptyBody,
  back: ({ context }) => ({ href: "/admin/server", label: context.t.admin.status }),
  submit: async ({ app, actor, context }) => {
    await assertAttempt(app.attemptLimits, `test-mail:${actor.id}`, testMailLimit);
    const account = await findAccountById(app.db.sql, actor.id);
    if (!account?.isEmailVerified) throw new Refusal("forbidden", (t) => t.testMailNeedsAddress);
    try {
      await app.mailer.send(testLetter(account.email, context.language, { serverName: context.serverName }));
    } catch (error) {
      // Its message may name the address.
      const { code, responseCode } = error as { code?: string; responseCode?: number };
      throw new Refusal("unavailable", (t) => t.testMailFailed(String(responseCode ?? code ?? "")));
    }
    return { result: { message: "Sent" }, next: "/admin/server?done=test-mail" };
  },
});

export const statusRoutes: readonly Route[] = [statusRoute, testMailRoute];
