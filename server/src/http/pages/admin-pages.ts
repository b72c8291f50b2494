import { registrationModes, type ServerRole } from "@novax/protocol/entities";
import { html } from "hono/html";
import type { InviteEntry } from "../../accounts/invites.ts";
import type { Policy } from "../../accounts/policy.ts";
import { inviteBounds } from "../../admin/invites.ts";
import { mayActOn } from "../../admin/permissions.ts";
import type { PersonEntry } from "../../admin/queries.ts";
import { type AuditEntry, type AuditFilter, auditActions } from "../../audit/audit-log.ts";
import { cardPage, doneNote, type FormProblem, renderForm } from "./form.ts";
import type { Markup, PageLook } from "./layout.ts";
import { qrCode, time, toAccount } from "./parts.ts";

const sections = {
  "/admin": "People",
  "/admin/invites": "Invitations",
  "/admin/settings": "Settings",
  "/admin/audit": "Audit log",
} as const;
type Section = keyof typeof sections;

const roleNames: Record<ServerRole, string> = {
  owner: "Owner",
  admin: "Admin",
  member: "Member",
  guest: "Guest",
};

/** Everybody, with a search. */
export function peoplePage(
  look: PageLook,
  page: { people: readonly PersonEntry[]; search: string; next: string | null; done: string | undefined },
): Promise<Response> {
  return adminPage(look, "/admin", {
    lead: "Everybody who has an account.",
    body: html`${doneNote(page.done)}
<form method="get" action="/admin" class="form-row" role="search"><label class="visually-hidden" for="search">Search people</label><input class="input" id="search" name="search" type="search" value="${page.search}" placeholder="Beginning of a name or address" maxlength="100" autocomplete="off"><button type="submit" class="button-second">Search</button></form>
${
  page.people.length === 0
    ? html`<p class="empty">Nobody is called that.</p>`
    : html`<ul class="overview">${page.people.map(
        (person) =>
          html`<li><a href="/admin/people/${person.id}"><span class="overview-title">${personName(person)}</span><span class="overview-state">${personState(person)}</span></a></li>`,
      )}</ul>`
}
${page.next === null ? "" : html`<p class="form-aside"><a class="button-second" href="${page.next}">More people</a></p>`}`,
  });
}

/** One person, and what may be done. */
export function personPage(
  look: PageLook,
  page: {
    person: PersonEntry;
    actorRole: ServerRole;
    isSelf: boolean;
    resetLink: string | null;
    done: string | undefined;
  },
): Promise<Response> {
  const { person, actorRole } = page;
  const action = (name: string) => `/admin/people/${person.id}/${name}`;
  const button = (name: string, submit: string, isDanger = false) =>
    renderForm({ action: action(name), submit, ...(isDanger ? { isDanger } : { isQuiet: true }) });
  const facts: [string, string | Markup][] = [
    ["Role", roleNames[person.serverRole]],
    ["E-mail", `${person.email}${person.isEmailVerified ? ", confirmed" : ", not confirmed"}`],
    ["Second factor", `${person.hasFactor ? "On" : "Off"}${person.mustHaveFactor ? ", required" : ""}`],
    ["Joined", time(person.createdAt)],
    ["Last seen", person.lastSeenAt === null ? "Never" : time(person.lastSeenAt)],
    ["Sessions", String(person.sessions)],
    ...(person.invitedBy === null
      ? []
      : ([
          ["Invited by", `${person.invitedBy}${person.inviteNote === "" ? "" : `: ${person.inviteNote}`}`],
        ] as [string, string][])),
    ...(person.deleteAt === null ? [] : ([["Will be deleted", time(person.deleteAt)]] as [string, Markup][])),
  ];
  const mayAct = mayActOn(actorRole, person.serverRole);
  return cardPage(look, {
    title: personName(person),
    lead: personState(person),
    back: { href: "/admin", label: "People" },
    body: html`${doneNote(page.done)}
${page.resetLink === null ? "" : html`<div class="form-done" role="status"><p>Hand this link to ${person.username}. It works once, for 30 minutes, and is shown this once:</p><p><code class="key-text">${page.resetLink}</code></p></div>`}
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${
  !mayAct
    ? html`<p class="section-text">${page.isSelf ? html`This is you: <a href="/account">your account</a>.` : "Only an owner may change the account of an owner or an admin."}</p>`
    : html`<h2>What you can do</h2>
<div class="actions">
${person.awaitsApproval ? button("approve", "Let them in") : ""}
${page.isSelf ? "" : button("reset-link", "Make a reset link")}
${button("end-sessions", "Sign out everywhere")}
${person.mustHaveFactor ? button("unrequire-factor", "No longer require a second factor") : button("require-factor", "Require a second factor")}
${page.isSelf ? "" : person.isDisabled ? button("enable", "Open the account again") : button("disable", "Shut the account", true)}
${person.awaitsApproval ? button("reject", "Send them away for good", true) : ""}
</div>
${
  actorRole === "owner"
    ? renderForm({
        action: action("role"),
        submit: "Change role",
        isQuiet: true,
        fields: [
          { kind: "select", name: "role", label: "Role", value: person.serverRole, choices: roleNames },
        ],
      })
    : ""
}`
}`,
  });
}

/** Invitations: those that work, and a new one. */
export function invitesPage(
  look: PageLook,
  page: {
    invites: readonly InviteEntry[];
    isClosed: boolean;
    link: string | null;
    problem?: FormProblem | undefined;
    done: string | undefined;
  },
): Promise<Response> {
  return adminPage(look, "/admin/invites", {
    lead: "A link lets people make an account, also where registration is by invitation.",
    body: html`${doneNote(page.done)}
${
  page.link === null
    ? ""
    : html`<div class="form-done" role="status"><p>Here is the link. It is shown this once:</p><p><code class="key-text">${page.link}</code></p>${qrCode(page.link, "QR code of the invitation")}</div>`
}
${renderForm({
  action: "/admin/invites",
  submit: "Make a link",
  problem: page.problem,
  fields: [
    {
      name: "max_uses",
      label: "How many people",
      type: "number",
      autocomplete: "off",
      value: "1",
      maxLength: 4,
      range: { min: 1, max: inviteBounds.usesMax },
    },
    {
      name: "days",
      label: "For how many days",
      type: "number",
      autocomplete: "off",
      value: "7",
      maxLength: 2,
      range: { min: 1, max: inviteBounds.daysMax },
    },
    {
      name: "note",
      label: "Note",
      type: "text",
      autocomplete: "off",
      hint: "For you: whom it is for. It stands on the accounts that come of it.",
      maxLength: inviteBounds.noteCharsMax,
      isOptional: true,
    },
    { kind: "checkbox", name: "needs_approval", label: "I let each of them in myself" },
  ],
})}
<h2>Links that work</h2>
${page.isClosed ? html`<p class="form-problem">Nobody can make an account now, with a link or without: see the settings.</p>` : ""}
${
  page.invites.length === 0
    ? html`<p class="empty">There is none.</p>`
    : html`<ul class="entries">${page.invites.map(
        (
          invite,
        ) => html`<li class="entry"><div class="entry-text"><p class="entry-title">${invite.note === "" ? "Without a note" : invite.note}</p><p class="entry-detail">${invite.uses} of ${invite.maxUses} used${invite.needsApproval ? ", with approval" : ""}. By ${invite.byName}, until ${time(invite.expiresAt)}.</p></div>
<form method="post" action="/admin/invites/${invite.id}/revoke"><button type="submit" class="button-danger">Revoke<span class="visually-hidden"> ${invite.note}</span></button></form></li>`,
      )}</ul>`
}`,
  });
}

/** What holds for the whole server. */
export function settingsPage(
  look: PageLook,
  page: {
    policy: Policy;
    configured: string;
    isOwner: boolean;
    problem?: FormProblem | undefined;
    done: string | undefined;
  },
): Promise<Response> {
  const { policy } = page;
  const modeNames = { open: "Everybody", invite: "Whoever has an invitation", closed: "Nobody" };
  return adminPage(look, "/admin/settings", {
    lead: page.isOwner ? "What holds for everybody here." : "Only an owner may change this.",
    body: html`${doneNote(page.done)}
${renderForm({
  action: "/admin/settings",
  submit: "Save",
  isDisabled: !page.isOwner,
  problem: page.problem,
  fields: [
    {
      kind: "select",
      name: "registration",
      label: "Who may make an account",
      value: policy.registration ?? "",
      choices: {
        "": `As configured (${page.configured})`,
        ...Object.fromEntries(registrationModes.map((mode) => [mode, modeNames[mode]])),
      },
    },
    {
      kind: "select",
      name: "factor",
      label: "Who must have a second factor",
      value: policy.factor,
      choices: { nobody: "Nobody", privileged: "Owners and admins", everyone: "Everybody" },
      hint: "People set it up when they sign in next.",
    },
    {
      kind: "checkbox",
      name: "allows_erasure",
      label: "Whoever deletes their account may have their messages erased",
      isChecked: policy.allowsErasure,
    },
  ],
})}`,
  });
}

/** What was done, the newest first. */
export function auditPage(
  look: PageLook,
  page: { entries: readonly AuditEntry[]; filter: AuditFilter; next: string | null; exportHref: string },
): Promise<Response> {
  const { filter } = page;
  return adminPage(look, "/admin/audit", {
    lead: "What was done to accounts and to this server. Nothing in it can be changed without being noticed.",
    body: html`<form method="get" action="/admin/audit" class="form-row"><label class="visually-hidden" for="action">Action</label><select class="input" id="action" name="action"><option value="">Every action</option>${auditActions.map((action) => html`<option value="${action}" ${action === filter.action ? html`selected` : ""}>${action}</option>`)}</select><label class="visually-hidden" for="who">Username</label><input class="input" id="who" name="who" value="${filter.who}" placeholder="Username" maxlength="64" autocomplete="off"><button type="submit" class="button-second">Filter</button></form>
${
  page.entries.length === 0
    ? html`<p class="empty">Nothing like that was done.</p>`
    : html`<ol class="audit" reversed>${page.entries.map(
        (entry) =>
          html`<li class="notice"><p class="entry-title">${entry.action}</p><p class="entry-detail">${entry.actorName === "" ? "The server" : entry.actorName}${entry.subjectName !== "" && entry.subjectName !== entry.actorName ? ` → ${entry.subjectName}` : ""}${entry.detail === "" ? "" : `: ${entry.detail}`}</p><p class="entry-detail">#${entry.seq}, ${time(entry.at)}${entry.address === "" ? "" : `, ${entry.address}`}</p></li>`,
      )}</ol>`
}
<p class="form-aside">${page.next === null ? "" : html`<a class="button-second" href="${page.next}">Older entries</a> `}<a class="button-second" href="${page.exportHref}">Export as JSON lines</a></p>`,
  });
}

function adminPage(
  look: PageLook,
  section: Section,
  page: { lead: string; body: Markup },
): Promise<Response> {
  return cardPage(look, {
    title: sections[section],
    lead: page.lead,
    back: toAccount,
    body: html`<nav class="tabs" aria-label="This server">${Object.entries(sections).map(([href, name]) => html`<a href="${href}" ${href === section ? html`aria-current="page"` : ""}>${name}</a>`)}</nav>
${page.body}`,
  });
}

function personName(person: PersonEntry): string {
  return person.displayName === "" ? person.username : `${person.displayName} (${person.username})`;
}

function personState(person: PersonEntry): string {
  const parts = [
    ...(person.awaitsApproval ? ["waits for approval"] : []),
    ...(person.isDisabled ? ["shut"] : []),
    roleNames[person.serverRole],
    person.hasFactor ? "second factor" : "no second factor",
  ];
  return parts.join(", ");
}
