import { type RegistrationMode, registrationModes, type ServerRole } from "@novax/protocol/entities";
import { createByteFormat } from "@novax/protocol/language";
import { keepDaysMax } from "@novax/protocol/limits";
import { html } from "hono/html";
import { readableEmail } from "../../accounts/email.ts";
import type { InviteEntry } from "../../accounts/invite-queries.ts";
import { type Policy, serverNameCharsMax } from "../../accounts/policy.ts";
import { inviteBounds } from "../../admin/invites.ts";
import { mayActOn } from "../../admin/permissions.ts";
import type { PersonEntry } from "../../admin/queries.ts";
import { type AuditEntry, type AuditFilter, auditActions } from "../../audit/queries.ts";
import type { SearchIndex } from "../../search/search-index.ts";
import { type FigureName, figureNames } from "../../status/queries.ts";
import { type ServerStatus, type Span, spans } from "../../status/read-status.ts";
import type { Texts } from "../../texts/texts.ts";
import { chart } from "./charts.ts";
import { cardPage, doneNote, type FormProblem, linkNote, renderForm } from "./form.ts";
import type { Markup, PageContext } from "./layout.ts";
import { qrCode, time } from "./parts.ts";

const sections = {
  "/admin": "people",
  "/admin/invites": "invites",
  "/admin/settings": "settings",
  "/admin/audit": "audit",
  "/admin/server": "status",
} as const;
type Section = keyof typeof sections;

export function peoplePage(
  context: PageContext,
  page: { people: readonly PersonEntry[]; search: string; next: string | null; done: string | undefined },
): Promise<Response> {
  const { admin: t } = context.t;
  return adminPage(context, "/admin", {
    lead: t.peopleLead,
    body: html`${doneNote(page.done)}
<form method="get" action="/admin" class="form-row" role="search"><label class="visually-hidden" for="search">${t.searchLabel}</label><input class="input" id="search" name="search" type="search" value="${page.search}" placeholder="${t.searchHint}" maxlength="100" autocomplete="off"><button type="submit" class="button-second">${t.search}</button></form>
${
  page.people.length === 0
    ? html`<p class="empty">${t.nobody}</p>`
    : html`<ul class="overview">${page.people.map(
        (person) =>
          html`<li><a href="/admin/people/${person.id}"><span class="overview-title">${personName(person)}</span><span class="overview-state">${personState(t, person)}</span></a></li>`,
      )}</ul>`
}
${page.next === null ? "" : html`<p class="form-aside"><a class="button-second" href="${page.next}">${t.morePeople}</a></p>`}`,
  });
}

export function personPage(
  context: PageContext,
  page: {
    person: PersonEntry;
    actorRole: ServerRole;
    isSelf: boolean;
    resetLink: string | null;
    done: string | undefined;
  },
): Promise<Response> {
  const { person, actorRole } = page;
  const { admin: t, account, parts } = context.t;
  const factor = person.hasFactor ? account.on : account.off;
  const action = (name: string) => `/admin/people/${person.id}/${name}`;
  const button = (name: string, submit: string, { ask, isDanger }: { ask?: string; isDanger?: true } = {}) =>
    renderForm({ action: action(name), submit, ask, ...(isDanger ? { isDanger } : { isSecondary: true }) });
  const facts: [string, string | Markup][] = [
    [t.role, t.roles[person.serverRole]],
    [
      parts.email,
      (person.isEmailVerified ? account.emailConfirmed : account.emailUnconfirmed)(
        readableEmail(person.email),
      ),
    ],
    [t.factor, person.mustHaveFactor ? t.factorRequired(factor) : factor],
    [t.joined, time(person.createdAt)],
    [t.lastSeen, person.lastSeenAt === null ? t.never : time(person.lastSeenAt)],
    [t.sessions, String(person.sessions)],
    ...(person.invitedBy === null
      ? []
      : ([
          [t.invitedBy, `${person.invitedBy}${person.inviteNote === "" ? "" : `: ${person.inviteNote}`}`],
        ] as [string, string][])),
    ...(person.deleteAt === null ? [] : ([[t.willBeDeleted, time(person.deleteAt)]] as [string, Markup][])),
  ];
  const mayAct = mayActOn(actorRole, person.serverRole);
  return cardPage(context, {
    title: personName(person),
    lead: personState(t, person),
    back: { href: "/admin", label: t.people },
    body: html`${doneNote(page.done)}
${page.resetLink === null ? "" : linkNote(t.handOver(person.username), page.resetLink)}
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${
  !mayAct
    ? html`<p class="section-text">${page.isSelf ? html`${t.thisIsYou} <a href="/account">${parts.yourAccount}</a>` : t.ownersOnly}</p>`
    : html`<h2>${t.whatYouCan}</h2>
<div class="actions">
${person.awaitsApproval ? button("approve", t.letIn) : ""}
${page.isSelf ? "" : button("reset-link", t.resetLink)}
${button("end-sessions", t.signOutAll, { ask: t.askSignOutAll(person.username) })}
${person.mustHaveFactor ? button("unrequire-factor", t.unrequireFactor) : button("require-factor", t.requireFactor)}
${page.isSelf ? "" : person.isDisabled ? button("enable", t.enable) : button("disable", t.disable, { ask: t.askDisable(person.username), isDanger: true })}
${person.awaitsApproval ? button("reject", t.reject, { ask: t.askReject(person.username), isDanger: true }) : ""}
</div>
${
  actorRole === "owner"
    ? renderForm({
        action: action("role"),
        submit: t.changeRole,
        isSecondary: true,
        fields: [{ kind: "select", name: "role", label: t.role, value: person.serverRole, choices: t.roles }],
      })
    : ""
}`
}`,
  });
}

export function invitesPage(
  context: PageContext,
  page: {
    invites: readonly InviteEntry[];
    isClosed: boolean;
    link: string | null;
    problem?: FormProblem | undefined;
    done: string | undefined;
  },
): Promise<Response> {
  const { admin: t } = context.t;
  return adminPage(context, "/admin/invites", {
    lead: t.invitesLead,
    body: html`${doneNote(page.done)}
${page.link === null ? "" : linkNote(t.hereIsLink, page.link, qrCode(page.link, t.inviteQr))}
${renderForm({
  action: "/admin/invites",
  submit: t.makeLink,
  problem: page.problem,
  fields: [
    {
      name: "max_uses",
      label: t.howMany,
      type: "number",
      autocomplete: "off",
      value: "1",
      maxLength: 4,
      range: { min: 1, max: inviteBounds.usesMax },
    },
    {
      name: "days",
      label: t.howManyDays,
      type: "number",
      autocomplete: "off",
      value: "7",
      maxLength: 2,
      range: { min: 1, max: inviteBounds.daysMax },
    },
    {
      name: "note",
      label: t.note,
      type: "text",
      autocomplete: "off",
      hint: t.noteHint,
      maxLength: inviteBounds.noteCharsMax,
      isOptional: true,
    },
    { kind: "checkbox", name: "needs_approval", label: t.approveEach },
  ],
})}
<h2>${t.linksThatWork}</h2>
${page.isClosed ? html`<p class="form-problem">${t.isClosed}</p>` : ""}
${
  page.invites.length === 0
    ? html`<p class="empty">${t.noLinks}</p>`
    : html`<ul class="entries">${page.invites.map(
        (
          invite,
        ) => html`<li class="entry"><div class="entry-text"><p class="entry-title">${invite.note === "" ? t.noNote : invite.note}</p><p class="entry-detail">${(invite.needsApproval ? t.usedApproved : t.used)(invite.uses, invite.maxUses)}. ${t.by(invite.byName)} ${time(invite.expiresAt)}.</p></div>
<form method="post" action="/admin/invites/${invite.id}/revoke" data-ask="${t.askRevoke}"><button type="submit" class="button-danger">${t.revoke}<span class="visually-hidden"> ${invite.note}</span></button></form></li>`,
      )}</ul>`
}`,
  });
}

export function settingsPage(
  context: PageContext,
  page: {
    policy: Policy;
    configured: RegistrationMode;
    hasSso: boolean;
    isOwner: boolean;
    search: SearchIndex["status"];
    problem?: FormProblem | undefined;
    done: string | undefined;
  },
): Promise<Response> {
  const { policy, search } = page;
  const { admin: t, parts } = context.t;
  return adminPage(context, "/admin/settings", {
    lead: page.isOwner ? t.settingsLead : t.settingsOwners,
    body: html`${doneNote(page.done)}
${renderForm({
  action: "/admin/settings",
  submit: parts.save,
  isDisabled: !page.isOwner,
  problem: page.problem,
  fields: [
    {
      name: "server_name",
      label: t.serverName,
      type: "text",
      autocomplete: "off",
      hint: t.serverNameHint,
      value: policy.serverName,
      maxLength: serverNameCharsMax,
      isOptional: true,
    },
    {
      name: "server_icon",
      label: t.serverIcon,
      type: "text",
      autocomplete: "off",
      hint: t.serverIconHint,
      value: policy.serverIcon,
      maxLength: 16,
      isOptional: true,
    },
    {
      kind: "select",
      name: "registration",
      label: t.whoRegisters,
      value: policy.registration ?? "",
      choices: {
        "": t.asConfigured(t.modes[page.configured]),
        ...Object.fromEntries(
          registrationModes
            .filter((mode) => mode !== "sso" || page.hasSso || policy.registration === "sso")
            .map((mode) => [mode, t.modes[mode]]),
        ),
      },
    },
    {
      kind: "select",
      name: "factor",
      label: t.whoFactor,
      value: policy.factor,
      choices: t.factorPolicies,
      hint: t.whoFactorHint,
    },
    // Without a provider it can only be turned on again.
    ...(page.hasSso || !policy.allowsPasswords
      ? [
          {
            kind: "select" as const,
            name: "passwords",
            label: t.whoPassword,
            hint: t.whoPasswordHint,
            value: policy.allowsPasswords ? "everyone" : "owners",
            choices: t.passwordPolicies,
          },
        ]
      : []),
    {
      name: "keep_days",
      label: t.keepDays,
      type: "number",
      hint: t.keepDaysHint,
      autocomplete: "off",
      value: String(policy.keepDays),
      maxLength: 4,
      range: { min: 0, max: keepDaysMax },
    },
    {
      kind: "checkbox",
      name: "allows_erasure",
      label: t.allowsErasure,
      isChecked: policy.allowsErasure,
    },
  ],
})}
<h2>${t.searchIndex}</h2>
<p class="section-text">${t.searchStates[search.kind](search.messages, Math.floor(search.part * 100))}</p>`,
  });
}

export function auditPage(
  context: PageContext,
  page: { entries: readonly AuditEntry[]; filter: AuditFilter; next: string | null; exportHref: string },
): Promise<Response> {
  const { filter } = page;
  const { admin: t, parts } = context.t;
  return adminPage(context, "/admin/audit", {
    lead: t.auditLead,
    body: html`<form method="get" action="/admin/audit" class="form-row"><label class="visually-hidden" for="action">${t.action}</label><select class="input" id="action" name="action"><option value="">${t.everyAction}</option>${auditActions.map((action) => html`<option value="${action}" ${action === filter.action ? html`selected` : ""}>${t.actions[action]}</option>`)}</select><label class="visually-hidden" for="who">${parts.username}</label><input class="input" id="who" name="who" value="${filter.who}" placeholder="${parts.username}" maxlength="64" autocomplete="off"><button type="submit" class="button-second">${t.filter}</button></form>
${
  page.entries.length === 0
    ? html`<p class="empty">${t.nothingDone}</p>`
    : html`<ol class="audit" reversed>${page.entries.map(
        (entry) =>
          html`<li class="notice"><p class="entry-title">${t.actions[entry.action]} <code class="entry-code">${entry.action}</code></p><p class="entry-detail">${entry.actorName === "" ? t.theServer : entry.actorName}${entry.subjectName !== "" && entry.subjectName !== entry.actorName ? ` → ${entry.subjectName}` : ""}${entry.detail === "" ? "" : `: ${entry.detail}`}</p><p class="entry-detail">#${entry.seq}, ${time(entry.at)}${entry.address === "" ? "" : `, ${entry.address}`}</p></li>`,
      )}</ol>`
}
<p class="form-aside">${page.next === null ? "" : html`<a class="button-second" href="${page.next}">${t.older}</a> `}<a class="button-second" href="${page.exportHref}">${t.exportLines}</a></p>`,
  });
}

export function statusPage(
  context: PageContext,
  page: {
    status: ServerStatus;
    hasMail: boolean;
    version: string;
    startedAt: number;
    done: string | undefined;
  },
): Promise<Response> {
  const { admin: t } = context.t;
  const { status, hasMail } = page;
  const { counts, figures, span, now } = status;
  const bytes = createByteFormat(context.language);
  const number = new Intl.NumberFormat(context.language, { maximumFractionDigits: 0 });
  const small = new Intl.NumberFormat(context.language, { maximumFractionDigits: 1 });
  const say: Record<FigureName, (value: number) => string> = {
    messages: number.format,
    people: number.format,
    commit_ms: (value) => `${small.format(value)}\u00a0ms`,
    late_ms: (value) => `${small.format(value)}\u00a0ms`,
    memory: bytes,
    storage: bytes,
  };
  const { ms, stepMs } = spans[span];
  const charts = figureNames.flatMap((name) => {
    const points = figures[name];
    if (points.length === 0) return [];
    return [
      chart({
        ...{ title: t.figures[name], points, since: now - ms, until: now, stepMs },
        latest: say[name](points.at(-1)!.value),
        most: t.figureMost(say[name](Math.max(...points.map(({ value }) => value)))),
      }),
    ];
  });
  const { countNames: n, healthNames: h } = t;
  const facts: [string, string | Markup][] = [
    [n.up, time(page.startedAt)],
    [n.people, number.format(counts.people)],
    ...(counts.waiting === 0 ? [] : ([[n.waiting, number.format(counts.waiting)]] as [string, string][])),
    [n.rooms, number.format(counts.rooms)],
    [n.messages, number.format(counts.messages)],
    [n.files, `${number.format(counts.files)} (${bytes(counts.fileBytes)})`],
    ...(status.freeBytes === null ? [] : ([[n.free, bytes(status.freeBytes)]] as [string, string][])),
    [n.database, bytes(counts.databaseBytes)],
  ];
  const health: [string, boolean, string | Markup][] = [
    [h.mail, hasMail && status.mailProblem === null, hasMail ? (status.mailProblem ?? t.fine) : t.noMail],
    [h.files, status.filesProblem === null, status.filesProblem ?? t.fine],
    [h.jobs, status.jobs.failed === 0, t.jobStates(status.jobs.due, status.jobs.failed)],
    [
      h.search,
      status.search.kind !== "away",
      t.searchStates[status.search.kind](status.search.messages, Math.floor(status.search.part * 100)),
    ],
    [
      h.backup,
      !status.isBackupOld,
      status.lastBackup === null
        ? t.noBackup
        : html`${time(status.lastBackup)}${status.isBackupOld ? `. ${t.oldBackup}` : ""}`,
    ],
  ];
  return adminPage(context, "/admin/server", {
    lead: t.statusLead(page.version),
    body: html`${doneNote(page.done)}
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
<h2>${t.health}</h2>
<ul class="health">${health.map(([name, isFine, value]) => html`<li><span class="mark ${isFine ? "mark-good" : "mark-missing"}" aria-hidden="true">${isFine ? "✓" : "!"}</span><span><b>${name}</b> ${value}</span></li>`)}</ul>
${hasMail ? renderForm({ action: "/admin/server/test-mail", submit: t.testMail, isSecondary: true }) : ""}
<nav class="tabs" aria-label="${t.figures.messages}">${(Object.keys(spans) as Span[]).map((name) => html`<a href="/admin/server?span=${name}" ${name === span ? html`aria-current="page"` : ""}>${t.spans[name]}</a>`)}</nav>
${charts.length === 0 ? html`<p class="empty">${t.noFigures}</p>` : html`<div class="charts">${charts}</div>`}
<h2>${t.work}</h2>
${
  status.operations.length === 0
    ? html`<p class="empty">${t.noWork}</p>`
    : html`<ul class="entries">${status.operations.map(
        ({ kind, place, startedAt, state, error, done, total }) =>
          html`<li class="entry"><p class="entry-title">${t.workKinds[kind]}: ${t.workStates[state](total > 0 ? Math.min(99, Math.floor((100 * done) / total)) : null)}</p><p class="section-text">${time(startedAt)}, ${place}${error === null ? "" : html`<br>${error}`}</p></li>`,
      )}</ul>`
}`,
  });
}

function adminPage(
  context: PageContext,
  section: Section,
  page: { lead: string; body: Markup },
): Promise<Response> {
  const { admin: t, account } = context.t;
  return cardPage(context, {
    title: t[sections[section]],
    lead: page.lead,
    back: { href: "/chat", label: context.t.account.toChat },
    isWide: true,
    body: html`<nav class="tabs" aria-label="${account.server}">${Object.entries(sections).map(([href, name]) => html`<a href="${href}" ${href === section ? html`aria-current="page"` : ""}>${t[name]}</a>`)}</nav>
${page.body}`,
  });
}

function personName(person: PersonEntry): string {
  return person.displayName === "" ? person.username : `${person.displayName} (${person.username})`;
}

function personState(t: Texts["admin"], person: PersonEntry): string {
  const parts = [
    t.roles[person.serverRole],
    ...(person.awaitsApproval ? [t.waits] : []),
    ...(person.isDisabled ? [t.shut] : []),
    person.hasFactor ? t.hasFactor : t.hasNoFactor,
  ];
  return parts.join(", ");
}
