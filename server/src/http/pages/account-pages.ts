import { displayNameCharsMax, emailCharsMax, usernameCharsMax } from "@novax/protocol/limits";
import { html } from "hono/html";
import { readableEmail } from "../../accounts/email.ts";
import type { LinkedIdentity } from "../../auth/identity-queries.ts";
import type { Notice } from "../../notices/queries.ts";
import type { Texts } from "../../texts/texts.ts";
import { cardPage, doneNote, type FormProblem, renderForm } from "./form.ts";
import type { Markup, PageContext } from "./layout.ts";
import { time, toAccount } from "./parts.ts";
import { codeField } from "./sign-in-pages.ts";

/** The account overview: data for its page, and its JSON response. */
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

/** The account overview: which protections are set up and which are missing. */
export function overviewPage(
  context: PageContext,
  view: Overview,
  done: string | undefined,
): Promise<Response> {
  const { account: t, parts } = context.t;
  const missing = [
    ...(view.isEmailVerified ? [] : [t.doEmail]),
    ...(view.hasFactor || view.passkeys > 0 ? [] : [t.doFactor]),
    ...(view.hasFactor && view.recoveryCodesLeft < 3 ? [t.doCodes] : []),
  ];
  const factor = view.hasFactor
    ? t.factorOn(view.hasTotp ? t.app : t.passkeysWord, parts.recoveryCodes(view.recoveryCodesLeft))
    : t.off;
  const rows = [
    row(
      "/account/profile",
      t.profile,
      view.displayName === "" ? view.username : `${view.displayName} (${view.username})`,
    ),
    row(
      "/account/email",
      parts.email,
      (view.isEmailVerified ? t.emailConfirmed : t.emailUnconfirmed)(readableEmail(view.email) || t.none),
      view.isEmailVerified,
    ),
    row(
      "/account/password",
      parts.password,
      view.hasPassword ? t.set : t.none,
      view.hasPassword ? true : undefined,
    ),
    row(
      "/account/two-factor",
      t.factor,
      factor,
      view.hasFactor ? true : view.passkeys > 0 ? undefined : false,
    ),
    row("/account/passkeys", t.passkeys, view.passkeys === 0 ? t.none : parts.passkeys(view.passkeys)),
    row("/account/devices", t.devices, parts.sessions(view.sessions)),
    ...(view.ssoName === null
      ? []
      : [row("/account/sso", t.sso, view.identities === 0 ? t.notLinked : t.linked(view.ssoName))]),
    row("/account/data", t.data, t.dataState),
    ...(view.isPrivileged ? [row("/admin", t.server, t.serverState)] : []),
  ];
  return cardPage(context, {
    title: parts.yourAccount,
    lead: missing.length === 0 ? t.allSet : t.stillToDo(missing.join("; ")),
    back: { href: "/chat", label: t.toChat },
    body: html`${doneNote(done)}
<ul class="overview">${rows}</ul>
<h2>${t.happened}</h2>
${view.notices.length === 0 ? html`<p class="empty">${view.isEmailVerified ? t.nothingYetMail : t.nothingYet}</p>` : html`<ul class="notices">${view.notices.map((notice) => noticeRow(context.t, notice))}</ul>`}`,
  });
}

/** `isGood` undefined shows no mark. */
function row(href: string, title: string, state: string, isGood?: boolean): Markup {
  const mark =
    isGood === undefined
      ? ""
      : isGood
        ? html`<span class="mark mark-good" aria-hidden="true">✓</span>`
        : html`<span class="mark mark-missing" aria-hidden="true">!</span>`;
  return html`<li><a href="${href}"><span class="overview-title">${title}</span><span class="overview-state">${state}</span>${mark}</a></li>`;
}

function noticeRow(t: Texts, notice: Notice): Markup {
  return html`<li class="${notice.isSeen ? "notice" : "notice notice-new"}"><p class="notice-title">${t.notices.titles[notice.kind]}${notice.isSeen ? "" : html` <span class="visually-hidden">(${t.account.isNew})</span>`}</p><p class="notice-detail">${notice.detail} ${time(notice.at)}</p></li>`;
}

export function profilePage(
  context: PageContext,
  page: {
    username: string;
    displayName: string;
    problem?: FormProblem | undefined;
    done: string | undefined;
  },
): Promise<Response> {
  const { account: t, parts } = context.t;
  const nameProblem = page.problem?.field === "username" ? page.problem : undefined;
  return cardPage(context, {
    title: t.profile,
    lead: t.profileLead,
    back: toAccount(context),
    body: html`${doneNote(page.done)}
${renderForm({
  action: "/account/profile",
  submit: parts.save,
  problem: nameProblem ? undefined : page.problem,
  fields: [
    {
      name: "display_name",
      label: t.displayName,
      type: "text",
      autocomplete: "name",
      value: page.displayName,
      hint: t.displayNameHint,
      maxLength: displayNameCharsMax * 2,
      isOptional: true,
    },
  ],
})}
<h2>${parts.username}</h2>
${renderForm({
  action: "/account/username",
  submit: t.changeUsername,
  isSecondary: true,
  problem: nameProblem,
  fields: [
    {
      name: "username",
      label: parts.username,
      type: "text",
      autocomplete: "username",
      value: page.username,
      hint: t.usernameHint,
      maxLength: usernameCharsMax,
    },
  ],
})}`,
  });
}

export function emailPage(
  context: PageContext,
  page: {
    email: string;
    isVerified: boolean;
    pending: string | null;
    /** What was entered and refused. */
    typed: string | undefined;
    isMailReal: boolean;
    problem?: FormProblem | undefined;
    done: string | undefined;
  },
): Promise<Response> {
  const { pending, problem } = page;
  const { account: t, parts } = context.t;
  const codeProblem = problem?.field === "code" ? problem : undefined;
  return cardPage(context, {
    title: parts.email,
    lead: html`<strong>${readableEmail(page.email)}</strong>, ${page.isVerified ? t.confirmed : t.notConfirmed}`,
    back: toAccount(context),
    body: html`${doneNote(page.done)}
${
  pending === null
    ? ""
    : html`<h2>${t.confirmTitle(readableEmail(pending))}</h2>
${renderForm({
  action: "/account/email/verify",
  submit: t.confirm,
  problem: codeProblem,
  fields: [{ ...codeField(context.t), isCode: true, hint: page.isMailReal ? t.codeHint : t.codeHintLog }],
})}`
}
${page.isVerified && pending === null ? "" : renderForm({ action: "/account/email/resend", submit: t.resend, isSecondary: true })}
<h2>${t.otherAddress}</h2>
${renderForm({
  action: "/account/email",
  submit: t.changeAddress,
  isSecondary: true,
  problem: codeProblem ? undefined : problem,
  fields: [
    {
      name: "email",
      label: t.newEmail,
      type: "email",
      autocomplete: "email",
      value: page.typed,
      hint: t.newEmailHint,
      maxLength: emailCharsMax,
    },
  ],
})}`,
  });
}

export function ssoPage(
  context: PageContext,
  page: { name: string; identities: readonly LinkedIdentity[]; done: string | undefined },
): Promise<Response> {
  const { account: t } = context.t;
  return cardPage(context, {
    title: t.sso,
    lead: page.identities.length === 0 ? t.ssoOpensNot(page.name) : t.ssoOpens(page.name),
    back: toAccount(context),
    body: html`${doneNote(page.done)}
${page.identities.map((identity) => html`<p class="section-text">${new URL(identity.issuer).host}${identity.email === "" ? "" : `: ${readableEmail(identity.email)}`}. ${t.lastUsed} ${time(identity.lastUsedAt)}.</p>`)}
${
  page.identities.length === 0
    ? html`<p class="form-aside"><a class="button-primary" href="/account/sso/link">${t.link(page.name)}</a></p>`
    : renderForm({ action: "/account/sso/unlink", submit: t.unlink, isDanger: true })
}`,
  });
}

/** The page to export your data and delete your account. */
export function dataPage(
  context: PageContext,
  page: {
    allowsErasure: boolean;
    messages: "keep" | "erase";
    graceDays: number;
    storedBytes: number;
    storedBytesMax: number;
    problem?: FormProblem | undefined;
  },
): Promise<Response> {
  const { account: t, refusals } = context.t;
  return cardPage(context, {
    title: t.data,
    lead: t.dataLead,
    back: toAccount(context),
    body: html`<h2>${t.export}</h2>
<p class="section-text">${t.exportText}</p>
${renderForm({ action: "/account/export", submit: t.download, isSecondary: true, isDownload: true })}
<p class="section-text">${t.storage(page.storedBytes, page.storedBytesMax)}</p>
${renderForm({ action: "/account/export/files", submit: t.downloadFiles, isSecondary: true, isDownload: true })}
<h2>${t.delete}</h2>
<p class="section-text">${t.deleteText(page.graceDays)}</p>
<p class="section-text">${t.deleteKept}</p>
${renderForm({
  action: "/account/data",
  submit: t.deleteSubmit,
  isDanger: true,
  problem: page.problem,
  fields: [
    {
      kind: "select",
      name: "messages",
      label: t.messages,
      value: page.messages,
      choices: page.allowsErasure
        ? { keep: t.messagesStay, erase: t.messagesErased }
        : { keep: t.messagesStay },
      ...(page.allowsErasure ? {} : { hint: refusals.noErasure }),
    },
    { kind: "checkbox", name: "is_sure", label: t.isSure },
  ],
})}`,
  });
}
