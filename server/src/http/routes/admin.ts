import { registrationModes, serverRoles } from "@novax/protocol/entities";
import type { AccountId } from "@novax/protocol/ids";
import { keepDaysMax } from "@novax/protocol/limits";
import { z } from "zod";
import { listInvites } from "../../accounts/invite-queries.ts";
import { factorPolicies, type Policy, passwordPolicies, registrationMode } from "../../accounts/policy.ts";
import { readPolicy } from "../../accounts/policy-queries.ts";
import { changePolicy } from "../../admin/change-policy.ts";
import { createInvite, inviteBounds, revokeInvite } from "../../admin/invites.ts";
import {
  approveAccount,
  changeRole,
  disableAccount,
  enableAccount,
  endSessionsOf,
  issueResetLink,
  rejectAccount,
  requireFactorOf,
} from "../../admin/people.ts";
import { findPerson, listPeople, type PersonEntry } from "../../admin/queries.ts";
import type { Actor, RequestOrigin } from "../../auth/sessions.ts";
import { Refusal } from "../../lib/refusal.ts";
import type { App } from "../app.ts";
import { checkbox, defineAction, defineForm, textField } from "../form-route.ts";
import { invitesPage, peoplePage, personPage, settingsPage } from "../pages/admin-pages.ts";
import { doneText } from "../pages/form.ts";
import { qrPath } from "../pages/parts.ts";
import { defineSessionRoute, type Exchange, type Route } from "../route.ts";
import { emptyBody } from "./account.ts";

const peoplePerPage = 50;

const peopleQuery = z.strictObject({
  search: textField.optional(),
  after: textField.optional(),
  waiting: z.literal("1").optional(),
  done: textField.optional(),
});

const peopleRoute = defineSessionRoute({
  method: "GET",
  path: "/admin",
  summary: "List everyone who has an account.",
  access: "admin",
  query: peopleQuery,
  isPage: true,
  handle: async ({ app, context, query }) => {
    const people = await readPeople(app, query);
    const last = people.length === peoplePerPage ? people.at(-1)! : null;
    const search = query.search ?? "";
    return peoplePage(context, {
      people,
      search,
      next: last && nextPeople(search, last),
      done: doneText(context, query),
    });
  },
});

const peopleApiRoute = defineSessionRoute({
  method: "GET",
  path: "/api/admin/people",
  summary: "List everyone who has an account, 50 at a time, after the username `after`.",
  access: "admin",
  query: peopleQuery,
  result: z.strictObject({ people: z.array(z.looseObject({ username: z.string() })) }),
  handle: async ({ app, query }) => Response.json({ people: await readPeople(app, query) }),
});

const personRoute = defineSessionRoute({
  method: "GET",
  path: "/admin/people/:person",
  summary: "Show a person and what you can do.",
  access: "admin",
  query: z.strictObject({ done: textField.optional() }),
  isPage: true,
  handle: (exchange) =>
    showPerson(exchange, exchange.actor, null, doneText(exchange.context, exchange.query)),
});

const roleRoute = defineAction({
  path: "/admin/people/:person/role",
  back: toPerson,
  summary: "Change a person's role. Owners only.",
  access: "admin",
  needsRecentProof: true,
  body: z.strictObject({ role: z.enum(serverRoles) }),
  submit: async ({ app, actor, body, params, origin }) => {
    await changeRole(app, actor, { id: parseId(params.person!), role: body.role }, origin);
    return { result: { message: "Changed" }, next: `/admin/people/${params.person}?done=role` };
  },
});

const resetLinkRoute = defineAction({
  path: "/admin/people/:person/reset-link",
  back: toPerson,
  summary: "Create a password reset link to send to a person.",
  access: "admin",
  needsRecentProof: true,
  body: emptyBody,
  result: z.strictObject({ message: z.string(), link: z.string() }),
  submit: async (exchange) => {
    const { app, actor, params, origin, isForm } = exchange;
    const link = await issueResetLink(app, actor, parseId(params.person!), origin);
    if (isForm) return showPerson(exchange, actor, link, undefined);
    return Response.json({ message: "It works once, for 30 minutes", link });
  },
});

function toPerson({ context, params }: Pick<Exchange<unknown, unknown>, "context" | "params">) {
  return { href: `/admin/people/${params.person}`, label: context.t.admin.backToPerson };
}

/** An action on a person's page that takes no input. */
function personAction(
  name: string,
  summary: string,
  act: (app: App, actor: Actor, id: AccountId, origin: RequestOrigin) => Promise<void>,
): Route {
  return defineAction({
    path: `/admin/people/:person/${name}`,
    back: toPerson,
    summary,
    access: "admin",
    needsRecentProof: true,
    body: emptyBody,
    submit: async ({ app, actor, params, origin }) => {
      await act(app, actor, parseId(params.person!), origin);
      // A rejected person no longer has a page.
      const next = name === "reject" ? "/admin" : `/admin/people/${params.person}`;
      return { result: { message: "Done" }, next: `${next}?done=${name}` };
    },
  });
}

const inviteSchema = z.strictObject({
  note: textField.pipe(z.string().max(inviteBounds.noteCharsMax, "is too long")).optional(),
  max_uses: z.coerce.number().pipe(z.int().min(1).max(inviteBounds.usesMax)),
  days: z.coerce.number().pipe(z.int().min(1).max(inviteBounds.daysMax)),
  needs_approval: checkbox,
});

const inviteRoutes = defineForm({
  path: "/admin/invites",
  summary: "Create an invitation. Its link is in the response and nowhere else.",
  access: "admin",
  needsRecentProof: true,
  body: inviteSchema,
  query: z.strictObject({ done: textField.optional() }),
  result: z.strictObject({
    message: z.string(),
    link: z.string(),
    qr: z.strictObject({ size: z.int(), path: z.string() }),
  }),
  page: ({ app, context, query }, { problem }) =>
    showInvites(app, context, null, doneText(context, query), problem),
  submit: async ({ app, actor, body, context, origin, isForm }) => {
    const { note, max_uses: maxUses, days, needs_approval: needsApproval } = body;
    const link = await createInvite(app, actor, { note: note ?? "", maxUses, days, needsApproval }, origin);
    return isForm
      ? showInvites(app, context, link, undefined, undefined)
      : Response.json({ message: "Created", link, qr: qrPath(link) });
  },
});

const invitesApiRoute = defineSessionRoute({
  method: "GET",
  path: "/api/admin/invites",
  summary: "List active invitations.",
  access: "admin",
  result: z.strictObject({ invites: z.array(z.looseObject({ id: z.string() })) }),
  handle: async ({ app }) => Response.json({ invites: await listInvites(app.db.sql, app.clock.now()) }),
});

const revokeRoute = defineAction({
  path: "/admin/invites/:invite/revoke",
  summary: "Revoke an invitation.",
  access: "admin",
  needsRecentProof: true,
  body: emptyBody,
  submit: async ({ app, actor, params, origin }) => {
    if (!z.uuid().safeParse(params.invite).success) throw new Refusal("not_found", (t) => t.noInvite);
    await revokeInvite(app, actor, params.invite!, origin);
    return { result: { message: "Revoked" }, next: "/admin/invites?done=revoked" };
  },
});

const settingsBody = z.strictObject({
  registration: z.enum([...registrationModes, ""]),
  factor: z.enum(factorPolicies),
  allows_erasure: checkbox,
  // What a program leaves out stays as it is.
  passwords: z.enum(passwordPolicies).optional(),
  keep_days: z.coerce.number().pipe(z.int().min(0).max(keepDaysMax)).optional(),
  server_name: textField.optional(),
  server_icon: textField.optional(),
});

function policyOf(body: z.infer<typeof settingsBody>, before: Policy): Policy {
  return {
    registration: body.registration === "" ? null : body.registration,
    factor: body.factor,
    allowsErasure: body.allows_erasure,
    keepDays: body.keep_days ?? before.keepDays,
    allowsPasswords: body.passwords === undefined ? before.allowsPasswords : body.passwords === "everyone",
    serverName: body.server_name?.trim() ?? before.serverName,
    serverIcon: body.server_icon?.trim() ?? before.serverIcon,
  };
}

const settingsRoutes = defineForm({
  path: "/admin/settings",
  summary: "Change server settings. Owners only.",
  access: "admin",
  needsRecentProof: true,
  body: settingsBody,
  query: z.strictObject({ done: textField.optional() }),
  page: async ({ app, actor, context, query }, { problem, body }) => {
    const policy = await readPolicy(app.db.sql);
    return settingsPage(context, {
      // What was refused is shown as it was typed.
      policy: body ? policyOf(body, policy) : policy,
      configured: app.configuredRegistration,
      hasSso: app.sso !== null,
      isOwner: actor.serverRole === "owner",
      search: app.searchIndex.status,
      problem,
      done: doneText(context, query),
    });
  },
  submit: async ({ app, actor, body, origin }) => {
    await changePolicy(app, actor, policyOf(body, await readPolicy(app.db.sql)), origin);
    return { result: { message: "Saved" }, next: "/admin/settings?done=saved" };
  },
});

export const adminRoutes: readonly Route[] = [
  peopleRoute,
  peopleApiRoute,
  personRoute,
  roleRoute,
  resetLinkRoute,
  personAction("disable", "Deactivate an account.", disableAccount),
  personAction("enable", "Reactivate an account.", enableAccount),
  personAction("end-sessions", "Sign a person out everywhere.", endSessionsOf),
  personAction(
    "require-factor",
    "Require two-factor authentication for a person.",
    (app, actor, id, origin) => requireFactorOf(app, actor, { id, must: true }, origin),
  ),
  personAction(
    "unrequire-factor",
    "Stop requiring two-factor authentication for a person.",
    (app, actor, id, origin) => requireFactorOf(app, actor, { id, must: false }, origin),
  ),
  personAction("approve", "Approve an account that's waiting for approval.", approveAccount),
  personAction("reject", "Reject an account that's waiting for approval.", rejectAccount),
  ...inviteRoutes,
  invitesApiRoute,
  revokeRoute,
  ...settingsRoutes,
];

async function showPerson(
  { app, context, params }: Pick<Exchange<unknown, unknown>, "app" | "context" | "params">,
  actor: Actor,
  resetLink: string | null,
  done: string | undefined,
): Promise<Response> {
  const person = await findPerson(app.db.sql, parseId(params.person!));
  if (!person) throw nobody();
  return personPage(context, {
    person,
    actorRole: actor.serverRole,
    isSelf: person.id === actor.id,
    resetLink,
    done,
  });
}

async function showInvites(
  app: App,
  context: Exchange<unknown, unknown>["context"],
  link: string | null,
  done: string | undefined,
  problem: Parameters<typeof invitesPage>[1]["problem"],
): Promise<Response> {
  const invites = await listInvites(app.db.sql, app.clock.now());
  const mode = registrationMode(await readPolicy(app.db.sql), app.configuredRegistration);
  return invitesPage(context, {
    isClosed: mode === "closed" || mode === "sso",
    invites,
    link,
    problem,
    done,
  });
}

function readPeople(app: App, query: z.infer<typeof peopleQuery>): Promise<PersonEntry[]> {
  const after =
    query.after === undefined ? null : { key: query.after, awaitsApproval: query.waiting !== undefined };
  return listPeople(app.db.sql, query.search ?? "", after, { limit: peoplePerPage });
}

function nextPeople(search: string, last: PersonEntry): string {
  const params = new URLSearchParams({ search, after: last.username.toLowerCase() });
  if (last.awaitsApproval) params.set("waiting", "1");
  return `/admin?${params}`;
}

function parseId(text: string): AccountId {
  if (!z.uuid().safeParse(text).success) throw nobody();
  return text as AccountId;
}

function nobody(): Refusal {
  return new Refusal("not_found", (t) => t.nobody);
}
