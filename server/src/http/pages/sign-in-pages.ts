import {
  displayNameCharsMax,
  emailCharsMax,
  passwordCodePointsMax,
  usernameCharsMax,
} from "@novax/protocol/limits";
import { html } from "hono/html";
import type { Texts } from "../../texts/texts.ts";
import { cardPage, doneNote, type Field, type FormProblem, renderForm } from "./form.ts";
import type { Markup, PageContext } from "./layout.ts";
import { toAccount } from "./parts.ts";

const passwordCharsMax = passwordCodePointsMax * 2;

// A script fills it in during typing. Without scripts it stays hidden, and the hint says what is required.
const strengthMeter = (
  t: Texts,
) => html`<meter class="password-strength" id="password-strength" min="0" max="4" low="2" high="3" optimum="4" value="0" aria-label="${t.signIn.strength}" hidden></meter>
<p class="field-hint" id="password-strength-words" role="status"></p>`;

/** The sign-in page: a plain form that works without scripts. With scripts, passkeys work too. */
export function signInPage(
  context: PageContext,
  page: {
    username?: string;
    problem?: FormProblem | undefined;
    isFirst?: boolean;
    done?: string | undefined;
    mayRegister: boolean;
    ssoName: string | null;
    /** Whether the form for a password is put away behind a link. */
    isPasswordAway: boolean;
  },
): Promise<Response> {
  const { problem } = page;
  const { signIn, parts } = context.t;
  const bySso =
    page.ssoName === null
      ? ""
      : html`<a class="${page.isPasswordAway ? "button-primary" : "button-second"}" href="/login/sso">${signIn.bySso(page.ssoName)}</a>`;
  const byPasskey = passkeyButton({
    kind: "login",
    label: signIn.byPasskey,
    options: "/login/passkey/options",
    answer: "/login/passkey",
  });
  if (page.isPasswordAway && !problem)
    return cardPage(context, {
      title: signIn.title,
      lead: signIn.welcome,
      body: html`${doneNote(page.done)}
<div class="other-ways">${bySso}
${byPasskey}
</div>
<p class="sign-in-other"><a href="/?password=1">${signIn.withPassword}</a></p>`,
    });
  return cardPage(context, {
    title: signIn.title,
    lead: page.isFirst ? signIn.first : signIn.welcome,
    body: html`${doneNote(page.done)}
${renderForm({
  action: "/login",
  submit: signIn.title,
  problem,
  focus: problem ? "password" : "username",
  fields: [
    {
      name: "username",
      label: parts.usernameOrEmail,
      type: "text",
      autocomplete: "username webauthn",
      value: page.username,
      maxLength: emailCharsMax,
    },
    {
      name: "password",
      label: parts.password,
      type: "password",
      autocomplete: "current-password",
      maxLength: passwordCharsMax,
    },
  ],
  extra: html`<p class="form-aside"><a href="/forgot">${signIn.forgot}</a></p>`,
})}
<div class="other-ways">
${byPasskey}
${bySso}
</div>
${page.mayRegister ? html`<p class="sign-in-other">${signIn.newHere} <a href="/register">${signIn.createAccount}</a></p>` : ""}`,
  });
}

/** Needs a script; stays hidden without one. */
export function passkeyButton(button: {
  kind: "login" | "answer" | "register";
  label: string;
  options: string;
  answer: string;
}): Markup {
  return html`<button type="button" class="button-second" data-passkey="${button.kind}" data-options="${button.options}" data-answer="${button.answer}" hidden>${button.label}</button>
<p class="form-problem" data-passkey-problem role="alert" hidden></p>`;
}

/** The registration page. The first person to use it becomes the owner. */
export function registerPage(
  context: PageContext,
  page: {
    username?: string;
    email?: string;
    displayName?: string | undefined;
    problem?: FormProblem | undefined;
    isFirst?: boolean;
    inviteToken: string | null;
    /** Who invites, if it is known. */
    inviter?: string | null;
    needsSetupCode: boolean;
    passwordCodePointsMin: number;
  },
): Promise<Response> {
  const { problem, inviteToken } = page;
  const { signIn, parts } = context.t;
  const setupCode: Field = {
    name: "setup_code",
    label: signIn.setupCode,
    type: "text",
    autocomplete: "one-time-code",
    hint: signIn.setupCodeHint,
    maxLength: 64,
  };
  const lead = page.inviter ? signIn.registerInvited(page.inviter, context.serverName) : signIn.registerLead;
  return cardPage(context, {
    title: signIn.register,
    lead: page.isFirst ? signIn.registerFirst : lead,
    body: html`${renderForm({
      action: "/register",
      submit: signIn.registerSubmit,
      problem,
      focus: problem?.field ?? "display_name",
      inPlace: "/chat",
      fields: [
        {
          name: "display_name",
          label: signIn.yourName,
          type: "text",
          autocomplete: "name",
          value: page.displayName,
          hint: signIn.yourNameHint,
          maxLength: displayNameCharsMax,
          isOptional: true,
        },
        {
          name: "username",
          label: parts.username,
          type: "text",
          autocomplete: "username",
          value: page.username,
          hint: signIn.usernameHint,
          maxLength: usernameCharsMax,
        },
        {
          name: "email",
          label: parts.email,
          type: "email",
          autocomplete: "email",
          value: page.email,
          hint: signIn.emailHint,
          maxLength: 254,
        },
        ...newPasswordFields(context.t, page.passwordCodePointsMin, parts.password, signIn.passwordAgain),
        ...(page.needsSetupCode ? [setupCode] : []),
        ...(inviteToken === null ? [] : [{ kind: "hidden", name: "invite", value: inviteToken } as const]),
      ],
    })}
${page.isFirst ? "" : html`<p class="sign-in-other">${signIn.haveAccount} <a href="/">${signIn.title}</a></p>`}`,
  });
}

/** The page that asks for the second factor during sign-in. */
export function codePage(
  context: PageContext,
  page: { problem?: FormProblem | undefined; hasTotp: boolean; hasPasskeys: boolean },
): Promise<Response> {
  const { signIn, parts } = context.t;
  const lead = page.hasTotp ? signIn.factorByApp : signIn.factorByPasskey;
  return cardPage(context, {
    title: signIn.factorTitle,
    lead,
    body: html`${renderForm({
      action: "/login/code",
      submit: parts.continue,
      problem: page.problem,
      focus: "code",
      fields: [
        codeField(context.t),
        {
          kind: "checkbox",
          name: "trust_device",
          label: signIn.trust,
          hint: signIn.trustHint,
        },
      ],
    })}
${page.hasPasskeys ? html`<div class="other-ways">${passkeyButton({ kind: "answer", label: signIn.usePasskey, options: "/login/code/passkey/options", answer: "/login/code/passkey" })}</div>` : ""}
<p class="sign-in-other"><a href="/">${parts.startAgain}</a></p>`,
  });
}

export function codeField(t: Texts): Extract<Field, { type: string }> {
  return { name: "code", label: t.parts.code, type: "text", autocomplete: "one-time-code", maxLength: 32 };
}

/** Asks for the e-mail address to send a reset link to. */
export function forgotPage(
  context: PageContext,
  page: { problem?: FormProblem | undefined; isSent: boolean; isMailReal: boolean },
): Promise<Response> {
  const { signIn, parts } = context.t;
  if (!page.isMailReal) {
    return cardPage(context, {
      title: signIn.forgotTitle,
      lead: signIn.forgotNoMail,
      body: html`<p class="sign-in-other"><a href="/">${parts.backToLogin}</a></p>`,
    });
  }
  if (page.isSent) {
    return cardPage(context, {
      title: signIn.forgotSentTitle,
      lead: signIn.forgotSent,
      body: html`<p class="sign-in-lead">${signIn.forgotNothing}</p>
<p class="sign-in-other"><a href="/">${parts.backToLogin}</a></p>`,
    });
  }
  return cardPage(context, {
    title: signIn.forgotTitle,
    lead: signIn.forgotLead,
    body: html`${renderForm({
      action: "/forgot",
      submit: signIn.forgotSubmit,
      problem: page.problem,
      focus: "email",
      fields: [{ name: "email", label: parts.email, type: "email", autocomplete: "email", maxLength: 254 }],
    })}
<p class="sign-in-other"><a href="/">${parts.backToLogin}</a></p>`,
  });
}

/** The page that a reset link opens. */
export function resetPage(
  context: PageContext,
  page: { token: string; username: string; problem?: FormProblem | undefined; passwordCodePointsMin: number },
): Promise<Response> {
  const { signIn } = context.t;
  return cardPage(context, {
    title: signIn.resetTitle,
    lead: html`${signIn.resetFor} <strong>${page.username}</strong>. ${signIn.resetEffect}`,
    body: renderForm({
      action: "/reset",
      submit: signIn.resetSubmit,
      problem: page.problem,
      focus: page.problem?.field ?? "password",
      fields: [
        { kind: "hidden", name: "token", value: page.token },
        usernameForManagers(page.username),
        ...newPasswordFields(
          context.t,
          page.passwordCodePointsMin,
          signIn.newPassword,
          signIn.newPasswordAgain,
        ),
      ],
    }),
  });
}

export function passwordPage(
  context: PageContext,
  page: { username: string; problem?: FormProblem | undefined; passwordCodePointsMin: number },
): Promise<Response> {
  const { signIn, account } = context.t;
  return cardPage(context, {
    title: account.changePassword,
    lead: account.changePasswordLead,
    back: toAccount(context),
    body: renderForm({
      action: "/account/password",
      submit: account.changePassword,
      problem: page.problem,
      focus: page.problem?.field ?? "current_password",
      fields: [
        usernameForManagers(page.username),
        {
          name: "current_password",
          label: account.currentPassword,
          type: "password",
          autocomplete: "current-password",
          maxLength: passwordCharsMax,
        },
        ...newPasswordFields(
          context.t,
          page.passwordCodePointsMin,
          signIn.newPassword,
          signIn.newPasswordAgain,
        ),
      ],
    }),
  });
}

/** Asks for the password or a passkey again, before an action that weakens the account. */
export function confirmPage(
  context: PageContext,
  page: {
    problem?: FormProblem | undefined;
    username: string;
    next: string;
    hasPassword: boolean;
    hasCode: boolean;
    hasPasskeys: boolean;
  },
): Promise<Response> {
  const { signIn, parts } = context.t;
  const form = renderForm({
    action: "/account/confirm",
    submit: parts.continue,
    problem: page.problem,
    focus: page.problem?.field ?? "password",
    fields: [
      { kind: "hidden", name: "next", value: page.next },
      usernameForManagers(page.username),
      {
        name: "password",
        label: parts.password,
        type: "password",
        autocomplete: "current-password",
        maxLength: passwordCharsMax,
      },
      ...(page.hasCode ? [{ ...codeField(context.t), hint: signIn.codeHint }] : []),
    ],
  });
  const answer = `/account/confirm/passkey?next=${encodeURIComponent(page.next)}`;
  return cardPage(context, {
    title: signIn.isItYou,
    lead: signIn.freshProof,
    back: toAccount(context),
    body: html`${page.hasPassword ? form : html`<p class="sign-in-lead">${signIn.noPassword} <a href="/forgot">${signIn.askForLink}</a> ${signIn.thenComeBack}</p>`}
${page.hasPasskeys ? html`<div class="other-ways">${passkeyButton({ kind: "answer", label: signIn.usePasskey, options: "/account/confirm/passkey/options", answer })}</div>` : ""}`,
  });
}

/** A hidden username field that tells password managers which account the password belongs to. */
function usernameForManagers(username: string): Field {
  return { kind: "username", name: "", value: username };
}

function newPasswordFields(t: Texts, codePointsMin: number, label: string, again: string): Field[] {
  return [
    {
      name: "password",
      label,
      type: "password",
      autocomplete: "new-password",
      hint: t.signIn.passwordHint(codePointsMin),
      maxLength: passwordCharsMax,
      extra: strengthMeter(t),
    },
    {
      name: "confirm_password",
      label: again,
      type: "password",
      autocomplete: "new-password",
      maxLength: passwordCharsMax,
    },
  ];
}
