import { html } from "hono/html";
import type { TrustedDevice } from "../../auth/known-devices.ts";
import type { Passkey } from "../../auth/passkey-queries.ts";
import type { SessionEntry } from "../../auth/sessions.ts";
import type { TotpEnrolment } from "../../auth/two-factor.ts";
import { deviceName } from "../../lib/device-name.ts";
import { cardPage, doneNote, type FormProblem, renderForm } from "./form.ts";
import type { Markup, PageLook } from "./layout.ts";
import { count, qrCode, time, toAccount } from "./parts.ts";
import { codeField, passkeyButton } from "./sign-in-pages.ts";

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
    ...(page.mustEnrol ? {} : { back: toAccount }),
    body: html`${doneNote(page.done)}
${page.enrolment === null ? "" : enrolmentForm(page.enrolment, page.problem, page.hasTotp)}
${page.hasFactor ? factorOnForms(page) : ""}
${page.mustEnrol && page.passkeys === 0 ? html`<p class="form-aside"><a href="/account/passkeys">Use a passkey instead</a></p>` : ""}
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
<li>Scan this with an authenticator app, or type the key below into it:
${qrCode(enrolment.uri, "QR code for the authenticator app")}
<p class="key-line"><code class="key-text">${key}</code></p></li>
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

/** Ten codes, this once. */
export function recoveryCodesPage(
  look: PageLook,
  codes: readonly string[],
  done: "factor" | "codes",
): Promise<Response> {
  return cardPage(look, {
    title: "Your recovery codes",
    lead: "Each opens your account once when you cannot use your second factor. They are shown this once: keep them where nobody else looks.",
    body: html`<ul class="recovery-codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
${renderForm({
  action: "/account/two-factor/recovery-codes/download",
  submit: "Download them",
  isQuiet: true,
  isDownload: true,
  fields: [{ kind: "hidden", name: "codes", value: codes.join(" ") }],
})}
<p class="form-aside"><a class="button-primary" href="/account?done=${done}">I have kept them</a></p>`,
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
    back: toAccount,
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
    back: toAccount,
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
