import { displayNameCharsMax, emailCharsMax, usernameCharsMax } from "@novax/protocol/limits";
import { html } from "hono/html";
import encodeQr from "qr";
import type { Notice } from "../../accounts/notices.ts";
import type { LinkedIdentity } from "../../auth/identity-queries.ts";
import type { TrustedDevice } from "../../auth/known-devices.ts";
import type { Passkey } from "../../auth/passkey-queries.ts";
import type { SessionEntry } from "../../auth/sessions.ts";
import type { TotpEnrolment } from "../../auth/two-factor.ts";
import { deviceName } from "../../lib/device-name.ts";
import { cardPage, doneNote, type FormProblem, renderForm } from "./form.ts";
import type { Markup, PageLook } from "./layout.ts";
import { codeField, passkeyButton } from "./sign-in-pages.ts";

const account = { href: "/account", label: "Your account" };

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
    row("/account/password", "Password", view.hasPassword ? "Set" : "None", true),
    row("/account/two-factor", "Second factor", factor, view.hasFactor || view.passkeys > 0),
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
    back: account,
    body: html`${doneNote(page.done)}
<p class="avatar-line"><span class="avatar-big" aria-hidden="true">${(page.displayName || page.username).slice(0, 1).toUpperCase()}</span></p>
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
    back: account,
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
      hint: "It is used once you confirm it. The old one is told.",
      maxLength: emailCharsMax,
    },
  ],
})}`,
  });
}

/** The second factor: on or off, and what belongs to it. */
export function twoFactorPage(
  look: PageLook,
  page: {
    hasFactor: boolean;
    hasTotp: boolean;
    isRequired: boolean;
    mustEnrol: boolean;
    recoveryCodesLeft: number;
    passkeys: number;
    enrolment: TotpEnrolment | null;
    problem?: FormProblem | undefined;
    done: string | undefined;
  },
): Promise<Response> {
  const lead = page.mustEnrol
    ? "The owner of this server asks everybody with your role for a second factor. Set it up to go on."
    : page.hasFactor
      ? "It is on: your password alone opens nothing."
      : "With it, your password alone opens nothing: you also need your phone or a key.";
  return cardPage(look, {
    title: "Second factor",
    lead,
    ...(page.mustEnrol ? {} : { back: account }),
    body: html`${doneNote(page.done)}
${page.enrolment === null ? "" : enrolmentForm(page.enrolment, page.problem, page.hasTotp)}
${page.hasFactor ? factorOnForms(page) : ""}
${
  !page.hasFactor && page.passkeys > 0
    ? html`<h2>Or your passkeys</h2>
${renderForm({ action: "/account/two-factor/passkeys", submit: "Ask for a passkey after my password", isQuiet: true })}`
    : ""
}
${page.mustEnrol ? html`<form method="post" action="/logout" class="form-aside"><button type="submit" class="button-quiet">Sign out</button></form>` : ""}`,
  });
}

function factorOnForms(page: {
  recoveryCodesLeft: number;
  isRequired: boolean;
  hasTotp: boolean;
  enrolment: TotpEnrolment | null;
}): Markup {
  return html`${page.enrolment === null ? html`<p class="form-aside"><a class="button-second" href="/account/two-factor?setup=1">${page.hasTotp ? "Set up another authenticator app" : "Set up an authenticator app"}</a></p>` : ""}
<h2>Recovery codes</h2>
<p class="section-text">${count(page.recoveryCodesLeft, "code")} left. Each opens your account once when the phone is gone.</p>
${renderForm({ action: "/account/two-factor/recovery-codes", submit: "Make new codes", isQuiet: true })}
<h2>Turn off</h2>
${
  page.isRequired
    ? html`<p class="section-text">The owner of this server demands a second factor.</p>`
    : renderForm({
        action: "/account/two-factor/disable",
        submit: "Turn the second factor off",
        isDanger: true,
      })
}`;
}

function enrolmentForm(enrolment: TotpEnrolment, problem: FormProblem | undefined, hasTotp: boolean): Markup {
  const key = enrolment.seed.match(/.{1,4}/g)!.join(" ");
  return html`<h2>${hasTotp ? "Another authenticator app" : "Authenticator app"}</h2>
<ol class="steps">
<li>Scan this with an authenticator app:
${qrCode(enrolment.uri, "QR code for the authenticator app")}</li>
<li>Or type this key into it: <code class="key-text">${key}</code></li>
<li>Type the six digits it shows:</li>
</ol>
${renderForm({
  action: "/account/two-factor",
  submit: hasTotp ? "Use this app" : "Turn on",
  problem,
  focus: "code",
  fields: [
    { kind: "hidden", name: "enrolment", value: enrolment.enrolment },
    { ...codeField, isCode: true } as typeof codeField,
  ],
})}`;
}

/** A QR code as plain SVG. */
export function qrCode(text: string, label: string): Markup {
  const rows = encodeQr(text, "raw", { ecc: "medium", border: 3 });
  const path = rows
    .flatMap((cells, y) => cells.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])))
    .join("");
  return html`<svg class="qr" viewBox="0 0 ${rows.length} ${rows.length}" role="img" aria-label="${label}" shape-rendering="crispEdges"><rect width="100%" height="100%" fill="#fff"/><path d="${path}" fill="#000"/></svg>`;
}

/** Ten codes, this once. */
export function recoveryCodesPage(look: PageLook, codes: readonly string[]): Promise<Response> {
  return cardPage(look, {
    title: "Your recovery codes",
    lead: "Each opens your account once when you cannot use your second factor. They are shown this once: keep them where nobody else looks.",
    body: html`<ul class="recovery-codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
${renderForm({
  action: "/account/two-factor/recovery-codes/download",
  submit: "Download them",
  isQuiet: true,
  fields: [{ kind: "hidden", name: "codes", value: codes.join(" ") }],
})}
<p class="form-aside"><a class="button-primary" href="/account?done=factor">I have kept them</a></p>`,
  });
}

/** One's passkeys. */
export function passkeysPage(
  look: PageLook,
  passkeys: readonly Passkey[],
  done: string | undefined,
): Promise<Response> {
  return cardPage(look, {
    title: "Passkeys",
    lead: "A passkey signs you in with your finger, your face or a key, without a password. It cannot be guessed or phished.",
    back: account,
    body: html`${doneNote(done)}
${
  passkeys.length === 0
    ? html`<p class="empty">There is none yet.</p>`
    : html`<ul class="entries">${passkeys.map(
        (
          passkey,
        ) => html`<li class="entry"><div class="entry-text"><p class="entry-title">${passkey.name}</p><p class="entry-detail">Added ${time(passkey.createdAt)}. ${passkey.lastUsedAt === null ? "Not used yet." : html`Last used ${time(passkey.lastUsedAt)}.`}</p>
<details class="entry-more"><summary>Rename<span class="visually-hidden"> ${passkey.name}</span></summary>
<form method="post" action="/account/passkeys/${passkey.id}/rename" class="form-row"><label class="visually-hidden" for="name-${passkey.id}">New name</label><input class="input" id="name-${passkey.id}" name="name" value="${passkey.name}" maxlength="60" required autocomplete="off"><button type="submit" class="button-second">Save</button></form></details></div>
<form method="post" action="/account/passkeys/${passkey.id}/remove"><button type="submit" class="button-danger">Remove<span class="visually-hidden"> ${passkey.name}</span></button></form></li>`,
      )}</ul>`
}
<div class="other-ways">${passkeyButton({ kind: "register", label: "Add a passkey", options: "/account/passkeys/options", answer: "/account/passkeys" })}</div>
<noscript><p class="section-text">Passkeys need JavaScript; everything else here works without.</p></noscript>`,
  });
}

/** Where one is signed in, and which browsers are trusted. */
export function devicesPage(
  look: PageLook,
  page: {
    sessions: readonly SessionEntry[];
    current: string;
    trusted: readonly TrustedDevice[];
    done: string | undefined;
  },
): Promise<Response> {
  return cardPage(look, {
    title: "Where you are signed in",
    lead: "End what you do not know, and change your password then.",
    back: account,
    body: html`${doneNote(page.done)}
<ul class="entries">${page.sessions.map(
      (
        session,
      ) => html`<li class="entry"><div class="entry-text"><p class="entry-title">${deviceName(session.userAgent)}${session.id === page.current ? html` <span class="tag">This one</span>` : ""}</p><p class="entry-detail">${session.address}. Since ${time(session.createdAt)}, last seen ${time(session.lastSeenAt)}.</p></div>
${session.id === page.current ? "" : html`<form method="post" action="/account/devices/end"><input type="hidden" name="session" value="${session.id}"><button type="submit" class="button-second">End<span class="visually-hidden"> ${deviceName(session.userAgent)}, ${session.address}</span></button></form>`}</li>`,
    )}</ul>
${page.sessions.length > 1 ? renderForm({ action: "/account/devices/end-others", submit: "Sign out everywhere else", isDanger: true }) : ""}
${
  page.trusted.length === 0
    ? ""
    : html`<h2>Not asked for the second factor</h2>
<ul class="entries">${page.trusted.map(
        (
          device,
        ) => html`<li class="entry"><div class="entry-text"><p class="entry-title">${deviceName(device.userAgent)}</p><p class="entry-detail">${device.address}. Until ${time(device.trustedUntil)}.</p></div>
<form method="post" action="/account/devices/distrust"><input type="hidden" name="device" value="${device.id}"><button type="submit" class="button-second">Ask again<span class="visually-hidden"> in ${deviceName(device.userAgent)}</span></button></form></li>`,
      )}</ul>`
}`,
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
    back: account,
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
  page: { allowsErasure: boolean; graceDays: number; problem?: FormProblem | undefined },
): Promise<Response> {
  return cardPage(look, {
    title: "Your data",
    lead: "It is yours: take it along, or take it away.",
    back: account,
    body: html`<h2>Export</h2>
<p class="section-text">Your account, sessions, rooms and every message you wrote, as one JSON file.</p>
${renderForm({ action: "/account/export", submit: "Download", isQuiet: true })}
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
      value: "keep",
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

/** A moment for people, exact for programs. */
export function time(at: number): Markup {
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace("T", " ")} UTC</time>`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
