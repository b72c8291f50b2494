import { z } from "zod";
import { type AuditAction, auditActions, listAudit } from "../../audit/queries.ts";
import { type AttemptLimit, assertAttempt } from "../../auth/attempt-limits.ts";
import type { App } from "../app.ts";
import { textField } from "../form-route.ts";
import { auditPage } from "../pages/admin-pages.ts";
import { defineSessionRoute, type Route } from "../route.ts";

const auditPerPage = 50;
const exportPage = 500;

const auditQuery = z.strictObject({
  action: z.enum([...auditActions, ""]).optional(),
  who: textField.optional(),
  before: z
    .string()
    .regex(/^\d{1,15}$/, "must be a whole number")
    .transform(Number)
    .optional(),
});

const auditRoute = defineSessionRoute({
  method: "GET",
  path: "/admin/audit",
  summary: "Show the audit log, newest first.",
  access: "admin",
  query: auditQuery,
  isPage: true,
  handle: async ({ app, context, query }) => {
    const { entries, filter } = await readAudit(app, query);
    const params = new URLSearchParams({ action: filter.action ?? "", who: filter.who });
    const last = entries.length === auditPerPage ? entries.at(-1)! : null;
    return auditPage(context, {
      entries,
      filter,
      next: last && `/admin/audit?${params}&before=${last.seq}`,
      exportHref: `/api/admin/audit/export?${params}`,
    });
  },
});

const auditApiRoute = defineSessionRoute({
  method: "GET",
  path: "/api/admin/audit",
  summary: "List audit log entries, newest first, 50 at a time, before the entry `before`.",
  access: "admin",
  query: auditQuery,
  result: z.strictObject({ entries: z.array(z.looseObject({ seq: z.int(), action: z.string() })) }),
  handle: async ({ app, query }) => Response.json({ entries: (await readAudit(app, query)).entries }),
});

const exportLimit: AttemptLimit = { max: 20, windowMs: 3_600_000 };

const auditExportRoute = defineSessionRoute({
  method: "GET",
  path: "/api/admin/audit/export",
  summary: "Download the whole audit log as JSON Lines, newest first.",
  access: "admin",
  query: auditQuery,
  answers: { 200: { description: "An entry in each line.", type: "application/jsonl" } },
  handle: async ({ app, actor, query }) => {
    await assertAttempt(app.attemptLimits, `export:${actor.id}`, exportLimit);
    return new Response(exportAudit(app, query) as unknown as ReadableStream, {
      headers: {
        "content-type": "application/jsonl; charset=utf-8",
        "content-disposition": 'attachment; filename="novax-audit.jsonl"',
      },
    });
  },
});

export const auditRoutes: readonly Route[] = [auditRoute, auditApiRoute, auditExportRoute];

async function readAudit(app: App, query: z.infer<typeof auditQuery>) {
  const filter = readFilter(query);
  const before = query.before ?? Number.MAX_SAFE_INTEGER;
  return { filter, entries: await listAudit(app.db.sql, filter, before, { limit: auditPerPage }) };
}

function readFilter(query: z.infer<typeof auditQuery>): { action: AuditAction | null; who: string } {
  return { action: query.action || null, who: query.who ?? "" };
}

async function* exportAudit(app: App, query: z.infer<typeof auditQuery>): AsyncGenerator<string> {
  const filter = readFilter(query);
  for (let before = query.before ?? Number.MAX_SAFE_INTEGER; ; ) {
    const entries = await listAudit(app.db.sql, filter, before, { limit: exportPage });
    if (entries.length === 0) return;
    yield entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    before = entries.at(-1)!.seq;
  }
}
