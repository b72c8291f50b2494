import { html } from "hono/html";
import type { TrustedDevice } from "../../auth/known-device-queries.ts";
import type { Passkey } from "../../auth/passkey-queries.ts";
import type { SessionEntry } from "../../auth/session-queries.ts";
import type { TotpEnrolment } from "../../auth/two-factor.ts";
import { deviceName } from "../../lib/device-name.ts";
import type { Texts } from "../../texts/texts.ts";
import { cardPage, doneNote, type FormProblem, renderForm } from "./form.ts";
import type { Markup, PageContext } from "./layout.ts";
import { qrCode, time, toAccount } from "./parts.ts";
import { codeField, passkeyButton } from "./sign-in-pages.ts";

export function twoFactorPage(
  context: PageContext,
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
  const { factors: t, account } = context.t;
  const lead = page.mustEnrol ? t.mustEnrol : page.hasFactor ? t.isOn : t.isOff;
  return cardPage(context, {
    title: account.factor,
    lead,
    ...(page.mustEnrol ? {} : { back: toAccount(context) }),
    body: html`${doneNote(page.done)}
${page.enrolment === null ? "" : enrolmentForm(context.t, page.enrolment, page.problem, page.hasTotp)}
${page.hasFactor ? factorOnForms(t, page) : ""}
${page.mustEnrol && page.passkeys === 0 ? html`<p class="form-aside"><a href="/account/passkeys">${t.usePasskeyInstead}</a></p>` : ""}
${
  !page.hasFactor && page.passkeys > 0
    ? html`<h2>${t.orPasskeys}</h2>
${renderForm({ action: "/account/two-factor/passkeys", submit: t.askForPasskey, isSecondary: true })}`
    : ""
}
${page.mustEnrol ? html`<form method="post" action="/logout" class="form-aside"><button type="submit" class="button-subtle">${t.signOut}</button></form>` : ""}`,
  });
}

function factorOnForms(
  t: Texts["factors"],
  page: {
    recoveryCodesLeft: number;
    isRequired: boolean;
    hasTotp: boolean;
    enrolment: TotpEnrolment | null;
  },
): Markup {
  return html`${page.enrolment === null ? html`<p class="form-aside"><a class="button-second" href="/account/two-factor?setup=1">${page.hasTotp ? t.setUpAnother : t.setUp}</a></p>` : ""}
<h2>${t.codes}</h2>
<p class="section-text">${t.codesLeft(page.recoveryCodesLeft)}</p>
${renderForm({ action: "/account/two-factor/recovery-codes", submit: t.newCodes, isSecondary: true })}
<h2>${t.turnOffTitle}</h2>
${
  page.isRequired
    ? html`<p class="section-text">${t.demanded}</p>`
    : renderForm({
        action: "/account/two-factor/disable",
        submit: t.turnOff,
        isDanger: true,
      })
}`;
}

function enrolmentForm(
  texts: Texts,
  enrolment: TotpEnrolment,
  problem: FormProblem | undefined,
  hasTotp: boolean,
): Markup {
  const t = texts.factors;
  const key = enrolment.seed.match(/.{1,4}/g)!.join(" ");
  return html`<h2>${hasTotp ? t.anotherApp : t.app}</h2>
<ol class="steps">
<li>${t.scan}
${qrCode(enrolment.uri, t.qr)}
<p class="key-line"><code class="key-text">${key}</code></p>
<p class="only-touch"><a href="${enrolment.uri}">${t.openApp}</a></p></li>
<li>${t.typeDigits}</li>
</ol>
${renderForm({
  action: "/account/two-factor",
  submit: hasTotp ? t.useApp : t.turnOn,
  problem,
  // What is to be done first stands above: the focus would pass over it.
  ...(problem ? { focus: "code" } : {}),
  fields: [
    { kind: "hidden", name: "enrolment", value: enrolment.enrolment },
    { ...codeField(texts), isCode: true },
  ],
})}`;
}

/** The page that shows new recovery codes. They are never shown again. */
export function recoveryCodesPage(
  context: PageContext,
  codes: readonly string[],
  done: "factor" | "codes",
): Promise<Response> {
  const { factors: t } = context.t;
  return cardPage(context, {
    title: t.yourCodes,
    lead: t.codesLead,
    body: html`<ul class="recovery-codes">${codes.map((code) => html`<li><code>${code}</code></li>`)}</ul>
${renderForm({
  action: "/account/two-factor/recovery-codes/download",
  submit: t.downloadThem,
  isSecondary: true,
  isDownload: true,
  fields: [{ kind: "hidden", name: "codes", value: codes.join(" ") }],
})}
<p class="form-aside"><a class="button-primary" href="/account?done=${done}">${t.kept}</a></p>`,
  });
}

export function passkeysPage(
  context: PageContext,
  passkeys: readonly Passkey[],
  done: string | undefined,
): Promise<Response> {
  const { factors: t, account, parts } = context.t;
  return cardPage(context, {
    title: account.passkeys,
    lead: t.passkeysLead,
    back: toAccount(context),
    body: html`${doneNote(done)}
${
  passkeys.length === 0
    ? html`<p class="empty">${t.noPasskeys}</p>`
    : html`<ul class="entries">${passkeys.map(
        (
          passkey,
        ) => html`<li class="entry"><div class="entry-text"><p class="entry-title">${passkey.name}</p><p class="entry-detail">${t.added} ${time(passkey.createdAt)}. ${passkey.lastUsedAt === null ? t.notUsed : html`${account.lastUsed} ${time(passkey.lastUsedAt)}.`}</p>
<details class="entry-more"><summary>${t.rename}<span class="visually-hidden"> ${passkey.name}</span></summary>
<form method="post" action="/account/passkeys/${passkey.id}/rename" class="form-row"><label class="visually-hidden" for="name-${passkey.id}">${t.newName}</label><input class="input" id="name-${passkey.id}" name="name" value="${passkey.name}" maxlength="60" required autocomplete="off"><button type="submit" class="button-second">${parts.save}</button></form></details></div>
<form method="post" action="/account/passkeys/${passkey.id}/remove"><button type="submit" class="button-danger">${t.remove}<span class="visually-hidden"> ${passkey.name}</span></button></form></li>`,
      )}</ul>`
}
<div class="other-ways">${passkeyButton({ kind: "register", label: t.addPasskey, options: "/account/passkeys/options", answer: "/account/passkeys" })}</div>
<noscript><p class="section-text">${t.needsScript}</p></noscript>`,
  });
}

/** Where you are signed in, and which browsers are trusted. */
export function devicesPage(
  context: PageContext,
  page: {
    sessions: readonly SessionEntry[];
    current: string;
    trusted: readonly TrustedDevice[];
    done: string | undefined;
  },
): Promise<Response> {
  const { factors: t, account } = context.t;
  return cardPage(context, {
    title: account.devices,
    lead: t.devicesLead,
    back: toAccount(context),
    body: html`${doneNote(page.done)}
<ul class="entries">${page.sessions.map(
      (
        session,
      ) => html`<li class="entry"><div class="entry-text"><p class="entry-title">${deviceName(session.userAgent, context.t.parts)}${session.id === page.current ? html` <span class="tag">${t.thisOne}</span>` : ""}</p><p class="entry-detail">${session.address}. ${t.since} ${time(session.createdAt)}, ${t.lastSeen} ${time(session.lastSeenAt)}.</p></div>
${session.id === page.current ? "" : html`<form method="post" action="/account/devices/end"><input type="hidden" name="session" value="${session.id}"><button type="submit" class="button-second">${t.end}<span class="visually-hidden"> ${deviceName(session.userAgent, context.t.parts)}, ${session.address}</span></button></form>`}</li>`,
    )}</ul>
${page.sessions.length > 1 ? renderForm({ action: "/account/devices/end-others", submit: t.endOthers, isDanger: true }) : ""}
${
  page.trusted.length === 0
    ? ""
    : html`<h2>${t.notAsked}</h2>
<ul class="entries">${page.trusted.map(
        (
          device,
        ) => html`<li class="entry"><div class="entry-text"><p class="entry-title">${deviceName(device.userAgent, context.t.parts)}</p><p class="entry-detail">${device.address}. ${t.until} ${time(device.trustedUntil)}.</p></div>
<form method="post" action="/account/devices/distrust"><input type="hidden" name="device" value="${device.id}"><button type="submit" class="button-second">${t.askAgain}<span class="visually-hidden"> ${t.inBrowser(deviceName(device.userAgent, context.t.parts))}</span></button></form></li>`,
      )}</ul>`
}`,
  });
}
