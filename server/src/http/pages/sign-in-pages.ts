import { passwordCodePointsMax, usernameCharsMax } from "@novax/protocol/limits";
import { html } from "hono/html";
import { cardPage, doneNote, type Field, type FormProblem, renderForm } from "./form.ts";
import type { Markup, PageLook } from "./layout.ts";

const passwordCharsMax = passwordCodePointsMax * 2;

// Filled in by a script as one types; without it the hint alone says what is good.
const strengthMeter = html`<meter class="password-strength" id="password-strength" min="0" max="4" low="2" high="3" optimum="4" value="0" aria-label="Password strength" hidden></meter>
<p class="field-hint" id="password-strength-words" role="status"></p>`;

/** The login page: a plain form that works without scripts; with them, passkeys as well. */
export function loginPage(
  look: PageLook,
  page: {
    username?: string;
    problem?: FormProblem | undefined;
    isFirst?: boolean;
    done?: string | undefined;
    mayRegister: boolean;
    ssoName: string | null;
  },
): Promise<Response> {
  const { problem } = page;
  return cardPage(look, {
    title: "Sign in",
    lead: page.isFirst
      ? "Nobody has an account yet. Create the first one: it becomes the owner."
      : "Welcome back.",
    body: html`${doneNote(page.done)}
${renderForm({
  action: "/login",
  submit: "Sign in",
  problem,
  focus: problem ? "password" : "username",
  fields: [
    {
      name: "username",
      label: "Username",
      type: "text",
      autocomplete: "username webauthn",
      value: page.username,
      maxLength: usernameCharsMax,
    },
    {
      name: "password",
      label: "Password",
      type: "password",
      autocomplete: "current-password",
      maxLength: passwordCharsMax,
    },
  ],
  extra: html`<p class="form-aside"><a href="/forgot">Forgot password?</a></p>`,
})}
<div class="other-ways">
${passkeyButton({ kind: "login", label: "Sign in with a passkey", options: "/login/passkey/options", answer: "/login/passkey" })}
${page.ssoName === null ? "" : html`<a class="button-second" href="/login/sso">Sign in with ${page.ssoName}</a>`}
</div>
${page.mayRegister ? html`<p class="sign-in-other">New here? <a href="/register">Create an account</a></p>` : ""}`,
  });
}

/** A button that only a script can serve; without one it stays hidden. */
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
  look: PageLook,
  page: {
    username?: string;
    email?: string;
    problem?: FormProblem | undefined;
    isFirst?: boolean;
    inviteToken: string | null;
    needsSetupCode: boolean;
    passwordCodePointsMin: number;
  },
): Promise<Response> {
  const { problem, inviteToken } = page;
  const setupCode: Field = {
    name: "setup_code",
    label: "Setup code",
    type: "text",
    autocomplete: "one-time-code",
    hint: "The server printed it when it started.",
    maxLength: 64,
  };
  const lead = inviteToken === null ? "It takes half a minute." : "You are invited. It takes half a minute.";
  return cardPage(look, {
    title: "Create an account",
    lead: page.isFirst ? "Nobody is here yet. The first account becomes the owner." : lead,
    body: html`${renderForm({
      action: "/register",
      submit: "Create account",
      problem,
      focus: problem?.field ?? "username",
      fields: [
        {
          name: "username",
          label: "Username",
          type: "text",
          autocomplete: "username",
          value: page.username,
          hint: "Letters, digits, and . _ - between them. Others see it.",
          maxLength: usernameCharsMax,
        },
        {
          name: "email",
          label: "E-mail",
          type: "email",
          autocomplete: "email",
          value: page.email,
          hint: "Only the owners and admins of this server see it.",
          maxLength: 254,
        },
        ...newPasswordFields(page.passwordCodePointsMin, "Password", "Password again"),
        ...(page.needsSetupCode ? [setupCode] : []),
        ...(inviteToken === null ? [] : [{ kind: "hidden", name: "invite", value: inviteToken } as const]),
      ],
    })}
<p class="sign-in-other">Have an account? <a href="/">Sign in</a></p>`,
  });
}

/** The page of the second factor, in the middle of a sign-in. */
export function codePage(
  look: PageLook,
  page: { problem?: FormProblem | undefined; hasTotp: boolean; hasPasskeys: boolean },
): Promise<Response> {
  const lead = page.hasTotp
    ? "Type the code that your authenticator app shows, or one of your recovery codes."
    : "Use your passkey, or type one of your recovery codes.";
  return cardPage(look, {
    title: "Second factor",
    lead,
    body: html`${renderForm({
      action: "/login/code",
      submit: "Continue",
      problem: page.problem,
      focus: "code",
      fields: [
        codeField,
        {
          kind: "checkbox",
          name: "trust_device",
          label: "Do not ask in this browser for 30 days",
          hint: "Only on a device that is yours.",
        },
      ],
    })}
${page.hasPasskeys ? html`<div class="other-ways">${passkeyButton({ kind: "answer", label: "Use a passkey", options: "/login/code/passkey/options", answer: "/login/code/passkey" })}</div>` : ""}
<p class="sign-in-other"><a href="/">Start again</a></p>`,
  });
}

export const codeField: Field = {
  name: "code",
  label: "Code",
  type: "text",
  autocomplete: "one-time-code",
  maxLength: 32,
};

/** Asks for the address a link shall go to. */
export function forgotPage(
  look: PageLook,
  page: { problem?: FormProblem | undefined; isSent: boolean; isMailReal: boolean },
): Promise<Response> {
  if (!page.isMailReal) {
    return cardPage(look, {
      title: "Forgot your password?",
      lead: "This server sends no mails. Ask its owner for a link to set a new password.",
      body: html`<p class="sign-in-other"><a href="/">Back to the login page</a></p>`,
    });
  }
  if (page.isSent) {
    return cardPage(look, {
      title: "Look at your mail",
      lead: "If this address belongs to an account, a link to set a new password is on its way. It works for 30 minutes.",
      body: html`<p class="sign-in-lead">Nothing came? Look among the unwanted mail. The owner of this server can also make a link for you.</p>
<p class="sign-in-other"><a href="/">Back to the login page</a></p>`,
    });
  }
  return cardPage(look, {
    title: "Forgot your password?",
    lead: "We send you a link with which you set a new one.",
    body: html`${renderForm({
      action: "/forgot",
      submit: "Send the link",
      problem: page.problem,
      focus: "email",
      fields: [{ name: "email", label: "E-mail", type: "email", autocomplete: "email", maxLength: 254 }],
    })}
<p class="sign-in-other"><a href="/">Back to the login page</a></p>`,
  });
}

/** Where the link of the mail leads. */
export function resetPage(
  look: PageLook,
  page: { token: string; username: string; problem?: FormProblem | undefined; passwordCodePointsMin: number },
): Promise<Response> {
  return cardPage(look, {
    title: "Set a new password",
    lead: html`For the account <strong>${page.username}</strong>. You will be signed out everywhere.`,
    body: renderForm({
      action: "/reset",
      submit: "Set password",
      problem: page.problem,
      focus: page.problem?.field ?? "password",
      fields: [
        { kind: "hidden", name: "token", value: page.token },
        usernameForManagers(page.username),
        ...newPasswordFields(page.passwordCodePointsMin, "New password", "New password again"),
      ],
    }),
  });
}

/** The page to change one's password. */
export function passwordPage(
  look: PageLook,
  page: { username: string; problem?: FormProblem | undefined; passwordCodePointsMin: number },
): Promise<Response> {
  return cardPage(look, {
    title: "Change password",
    lead: "You will be signed out everywhere else.",
    back: { href: "/account", label: "Your account" },
    body: renderForm({
      action: "/account/password",
      submit: "Change password",
      problem: page.problem,
      focus: page.problem?.field ?? "current_password",
      fields: [
        usernameForManagers(page.username),
        {
          name: "current_password",
          label: "Current password",
          type: "password",
          autocomplete: "current-password",
          maxLength: passwordCharsMax,
        },
        ...newPasswordFields(page.passwordCodePointsMin, "New password", "New password again"),
      ],
    }),
  });
}

/** Asks once more who sits there, before what weakens an account. */
export function confirmPage(
  look: PageLook,
  page: {
    problem?: FormProblem | undefined;
    username: string;
    next: string;
    hasPassword: boolean;
    hasCode: boolean;
    hasPasskeys: boolean;
  },
): Promise<Response> {
  const form = renderForm({
    action: "/account/confirm",
    submit: "Continue",
    problem: page.problem,
    focus: page.problem?.field ?? "password",
    fields: [
      { kind: "hidden", name: "next", value: page.next },
      usernameForManagers(page.username),
      {
        name: "password",
        label: "Password",
        type: "password",
        autocomplete: "current-password",
        maxLength: passwordCharsMax,
      },
      ...(page.hasCode
        ? [{ ...codeField, hint: "Of your authenticator app, or a recovery code." } as Field]
        : []),
    ],
  });
  const answer = `/account/confirm/passkey?next=${encodeURIComponent(page.next)}`;
  return cardPage(look, {
    title: "Is it you?",
    lead: "This needs a fresh proof. It holds for five minutes.",
    back: { href: "/account", label: "Your account" },
    body: html`${page.hasPassword ? form : html`<p class="sign-in-lead">Your account has no password. <a href="/forgot">Ask for a link</a> to set one, then come back.</p>`}
${page.hasPasskeys ? html`<div class="other-ways">${passkeyButton({ kind: "answer", label: "Use a passkey", options: "/account/confirm/passkey/options", answer })}</div>` : ""}`,
  });
}

/** Not to be filled in: it tells a password manager whose password this is. */
function usernameForManagers(username: string): Field {
  return { kind: "username", name: "", value: username };
}

function newPasswordFields(codePointsMin: number, label: string, again: string): Field[] {
  return [
    {
      name: "password",
      label,
      type: "password",
      autocomplete: "new-password",
      hint: `At least ${codePointsMin} characters; 15 or more are better. A few words in a row do well.`,
      maxLength: passwordCharsMax,
      extra: strengthMeter,
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
