import { displayNameCharsMax, emailCharsMax, usernameCharsMax } from "@novax/protocol/limits";
import { initialOf } from "@novax/protocol/person";
import { html } from "hono/html";
import type { Notice } from "../../accounts/notices.ts";
import type { LinkedIdentity } from "../../auth/identity-queries.ts";
import { cardPage, doneNote, type FormProblem, renderForm } from "./form.ts";
import type { Markup, PageLook } from "./layout.ts";
import { count, time, toAccount } from "./parts.ts";
import { codeField } from "./sign-in-pages.ts";

/** What stands on the overview, and what a program gets. */
export type Overview = {
  username: string;
  displayName: string;
  email: string;
  isEmailVerified: boolean;
  hasPassword: boolean;
  hasFactor: boolean;
  hasTotp: boolean;
  recoveryCodesLeft: number;
  passkeys: number;
  sessions: number;
  identities: number;
  ssoName: string | null;
  isPrivileged: boolean;
  notices: Notice[];
};

/** Everything that keeps an account safe, at one glance: what is set and what is missing. */
export function overviewPage(look: PageLook, view: Overview, done: string | undefined): Promise<Response> {
  const missing = [
    ...(view.isEmailVerified ? [] : ["confirm your e-mail address"]),
    ...(view.hasFactor || view.passkeys > 0 ? [] : ["turn on a second factor, or add a passkey"]),
    ...(view.hasFactor && view.recoveryCodesLeft < 3 ? ["make new recovery codes"] : []),
  ];
  const factor = view.hasFactor
    ? `On: ${view.hasTotp ? "authenticator app" : "passkeys"}, ${count(view.recoveryCodesLeft, "recovery code")} left`
    : "Off";
  const rows = [
    row(
      "/account/profile",
      "Profile",
      view.displayName === "" ? view.username : `${view.displayName} (${view.username})`,
    ),
    row(
      "/account/email",
      "E-mail",
      `${view.email || "None"}${view.isEmailVerified ? ", confirmed" : ", not confirmed"}`,
      view.isEmailVerified,
    ),
    row(
      "/account/password",
      "Password",
      view.hasPassword ? "Set" : "None",
      view.hasPassword ? true : undefined,
    ),
    row(
      "/account/two-factor",
      "Second factor",
      factor,
      view.hasFactor ? true : view.passkeys > 0 ? undefined : false,
    ),
    row("/account/passkeys", "Passkeys", view.passkeys === 0 ? "None" : count(view.passkeys, "passkey")),
    row("/account/devices", "Where you are signed in", count(view.sessions, "session")),
    ...(view.ssoName === null
      ? []
      : [
          row(
            "/account/sso",
            "Single sign-on",
            view.identities === 0 ? "Not linked" : `Linked: ${view.ssoName}`,
          ),
        ]),
    row("/account/data", "Your data", "Export, or delete the account"),
    ...(view.isPrivileged ? [row("/admin", "This server", "People, invitations, settings, audit log")] : []),
  ];
  return cardPage(look, {
    title: "Your account",
    lead:
      missing.length === 0 ? "Everything that keeps it safe is set." : `Still to do: ${missing.join("; ")}.`,
    back: { href: "/chat", label: "Back to the chat" },
    body: html`${doneNote(done)}
<ul class="overview">${rows}</ul>
<h2>What happened</h2>
${view.notices.length === 0 ? html`<p class="empty">Nothing yet. New sign-ins and changes of your account are told here${view.isEmailVerified ? " and by mail" : ""}.</p>` : html`<ul class="notices">${view.notices.map(noticeRow)}</ul>`}`,
  });
}

/** `isGood` undefined: neither good nor bad. */
function row(href: string, title: string, state: string, isGood?: boolean): Markup {
  const mark =
    isGood === undefined
      ? ""
      : isGood
        ? html`<span class="mark mark-good" aria-hidden="true">✓</span>`
        : html`<span class="mark mark-missing" aria-hidden="true">!</span>`;
  return html`<li><a href="${href}"><span class="overview-title">${title}</span><span class="overview-state">${state}</span>${mark}</a></li>`;
}

function noticeRow(notice: Notice): Markup {
  return html`<li class="${notice.isSeen ? "notice" : "notice notice-new"}"><p class="notice-title">${notice.title}${notice.isSeen ? "" : html` <span class="visually-hidden">(new)</span>`}</p><p class="notice-detail">${notice.detail} ${time(notice.at)}</p></li>`;
}

/** What one is called. */
export function profilePage(
  look: PageLook,
  page: {
    username: string;
    displayName: string;
    problem?: FormProblem | undefined;
    done: string | undefined;
  },
): Promise<Response> {
  const nameProblem = page.problem?.field === "username" ? page.problem : undefined;
  return cardPage(look, {
    title: "Profile",
    lead: "What others see of you.",
    back: toAccount,
    body: html`${doneNote(page.done)}
<p class="avatar-line"><span class="avatar-big" aria-hidden="true">${initialOf({ username: page.username, displayName: page.displayName || undefined })}</span></p>
${renderForm({
  action: "/account/profile",
  submit: "Save",
  problem: nameProblem ? undefined : page.problem,
  fields: [
    {
      name: "display_name",
      label: "Display name",
      type: "text",
      autocomplete: "name",
      value: page.displayName,
      hint: "Shown in place of your username. May be empty.",
      maxLength: displayNameCharsMax * 2,
      isOptional: true,
    },
  ],
})}
<h2>Username</h2>
${renderForm({
  action: "/account/username",
  submit: "Change username",
  isQuiet: true,
  problem: nameProblem,
  fields: [
    {
      name: "username",
      label: "Username",
      type: "text",
      autocomplete: "username",
      value: page.username,
      hint: "You sign in with it. Your old one is kept from others for 30 days.",
      maxLength: usernameCharsMax,
    },
  ],
})}`,
  });
}

/** One's address: whether it is confirmed, and another one. */
export function emailPage(
  look: PageLook,
  page: {
    email: string;
    isVerified: boolean;
    pending: string | null;
    /** What was typed and refused. */
    typed: string | undefined;
    isMailReal: boolean;
    problem?: FormProblem | undefined;
    done: string | undefined;
  },
): Promise<Response> {
  const { pending, problem } = page;
  const codeProblem = problem?.field === "code" ? problem : undefined;
  const where = page.isMailReal ? "" : " This server sends no mails; its operator finds the code in the log.";
  return cardPage(look, {
    title: "E-mail",
    lead: html`<strong>${page.email}</strong>, ${page.isVerified ? "confirmed." : "not confirmed."}`,
    back: toAccount,
    body: html`${doneNote(page.done)}
${
  pending === null
    ? ""
    : html`<h2>Confirm ${pending}</h2>
${renderForm({
  action: "/account/email/verify",
  submit: "Confirm",
  problem: codeProblem,
  fields: [
    {
      ...codeField,
      isCode: true,
      hint: `The six digits of the mail, or follow its link.${where}`,
    } as typeof codeField,
  ],
})}`
}
${page.isVerified && pending === null ? "" : renderForm({ action: "/account/email/resend", submit: "Send a new mail", isQuiet: true })}
<h2>Another address</h2>
${renderForm({
  action: "/account/email",
  submit: "Change address",
  isQuiet: true,
  problem: codeProblem ? undefined : problem,
  fields: [
    {
      name: "email",
      label: "New e-mail",
      type: "email",
      autocomplete: "email",
      value: page.typed,
      hint: "It is used once you confirm it. The old one is told.",
      maxLength: emailCharsMax,
    },
  ],
})}`,
  });
}

/** The link to the single sign-on provider. */
export function ssoPage(
  look: PageLook,
  page: { name: string; identities: readonly LinkedIdentity[]; done: string | undefined },
): Promise<Response> {
  return cardPage(look, {
    title: "Single sign-on",
    lead:
      page.identities.length === 0
        ? `${page.name} does not open this account.`
        : `${page.name} opens this account.`,
    back: toAccount,
    body: html`${doneNote(page.done)}
${page.identities.map((identity) => html`<p class="section-text">${new URL(identity.issuer).host}${identity.email === "" ? "" : `: ${identity.email}`}. Last used ${time(identity.lastUsedAt)}.</p>`)}
${
  page.identities.length === 0
    ? html`<p class="form-aside"><a class="button-primary" href="/account/sso/link">Link ${page.name}</a></p>`
    : renderForm({ action: "/account/sso/unlink", submit: "Unlink", isDanger: true })
}`,
  });
}

/** A copy of everything, and the way out. */
export function dataPage(
  look: PageLook,
  page: {
    allowsErasure: boolean;
    messages: "keep" | "erase";
    graceDays: number;
    problem?: FormProblem | undefined;
  },
): Promise<Response> {
  return cardPage(look, {
    title: "Your data",
    lead: "It is yours: take it along, or take it away.",
    back: toAccount,
    body: html`<h2>Export</h2>
<p class="section-text">Your account, sessions, rooms and every message you wrote, as one JSON file.</p>
${renderForm({ action: "/account/export", submit: "Download", isQuiet: true, isDownload: true })}
<h2>Delete the account</h2>
<p class="section-text">You are signed out everywhere at once. For ${page.graceDays} days signing in brings everything back; then it is gone.</p>
${renderForm({
  action: "/account/data",
  submit: "Delete my account",
  isDanger: true,
  problem: page.problem,
  fields: [
    {
      kind: "select",
      name: "messages",
      label: "Your messages",
      value: page.messages,
      choices: page.allowsErasure
        ? { keep: "Stay, under “Deleted account”", erase: "Are erased" }
        : { keep: "Stay, under “Deleted account”" },
      ...(page.allowsErasure
        ? {}
        : { hint: "The owner of this server keeps messages when an account goes." }),
    },
    { kind: "checkbox", name: "is_sure", label: "I want to delete my account" },
  ],
})}`,
  });
}
