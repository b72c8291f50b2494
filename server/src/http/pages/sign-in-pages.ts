import { passwordCodePointsMax, usernameCharsMax } from "@novax/protocol/limits";
import { html } from "hono/html";
import { type Markup, type PageLook, renderPage } from "./layout.ts";

export type FormProblem = { detail: string; field: string | undefined };

type Field = {
  name: string;
  label: string;
  type: "text" | "email" | "password";
  autocomplete: string;
  value?: string | undefined;
  hint?: string;
  maxLength: number;
  extra?: Markup;
};

const passwordCharsMax = passwordCodePointsMax * 2;

// Filled in by a script as one types; without it the hint alone says what is good.
const strengthMeter = html`<meter class="password-strength" id="password-strength" min="0" max="4" low="2" high="3" optimum="4" value="0" aria-label="Password strength" hidden></meter>
<p class="field-hint" id="password-strength-words" role="status"></p>`;

/** The login page: a plain form that works without scripts. */
export function loginPage(
  look: PageLook,
  { username, problem, isFirst }: { username?: string; problem?: FormProblem; isFirst?: boolean },
): Promise<Response> {
  return signInPage(look, {
    title: "Sign in",
    lead: isFirst
      ? "Nobody has an account yet. Create the first one: it becomes the owner."
      : "Welcome back.",
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
        value: username,
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
    footer: html`<p class="sign-in-other">New here? <a href="/register">Create an account</a></p>`,
  });
}

/** The registration page. The first person to use it becomes the owner. */
export function registerPage(
  look: PageLook,
  options: {
    username?: string;
    email?: string;
    problem?: FormProblem;
    isFirst?: boolean;
    needsSetupCode: boolean;
    passwordCodePointsMin: number;
  },
): Promise<Response> {
  const { problem, passwordCodePointsMin } = options;
  const setupCode: Field = {
    name: "setup_code",
    label: "Setup code",
    type: "text",
    autocomplete: "one-time-code",
    hint: "The server printed it when it started.",
    maxLength: 64,
  };
  return signInPage(look, {
    title: "Create an account",
    lead: options.isFirst
      ? "Nobody is here yet. The first account becomes the owner."
      : "It takes half a minute.",
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
        value: options.username,
        hint: "Letters, digits, and . _ - between them. Others see it.",
        maxLength: usernameCharsMax,
      },
      {
        name: "email",
        label: "E-mail",
        type: "email",
        autocomplete: "email",
        value: options.email,
        hint: "Nobody else sees it.",
        maxLength: 254,
      },
      {
        name: "password",
        label: "Password",
        type: "password",
        autocomplete: "new-password",
        hint: passwordHint(passwordCodePointsMin),
        maxLength: passwordCharsMax,
        extra: strengthMeter,
      },
      {
        name: "confirm_password",
        label: "Password again",
        type: "password",
        autocomplete: "new-password",
        maxLength: passwordCharsMax,
      },
      ...(options.needsSetupCode ? [setupCode] : []),
    ],
    footer: html`<p class="sign-in-other">Have an account? <a href="/">Sign in</a></p>`,
  });
}

/** The page to change one's password. */
export function passwordPage(
  look: PageLook,
  { problem, passwordCodePointsMin }: { problem?: FormProblem; passwordCodePointsMin: number },
): Promise<Response> {
  return signInPage(look, {
    title: "Change password",
    lead: "You will be signed out everywhere else.",
    action: "/account/password",
    submit: "Change password",
    problem,
    focus: problem?.field ?? "current_password",
    fields: [
      {
        name: "current_password",
        label: "Current password",
        type: "password",
        autocomplete: "current-password",
        maxLength: passwordCharsMax,
      },
      {
        name: "password",
        label: "New password",
        type: "password",
        autocomplete: "new-password",
        hint: passwordHint(passwordCodePointsMin),
        maxLength: passwordCharsMax,
        extra: strengthMeter,
      },
      {
        name: "confirm_password",
        label: "New password again",
        type: "password",
        autocomplete: "new-password",
        maxLength: passwordCharsMax,
      },
    ],
    footer: html`<p class="sign-in-other"><a href="/chat">Back to the chat</a></p>`,
  });
}

function passwordHint(codePointsMin: number): string {
  return `At least ${codePointsMin} characters; 15 or more are better. A few words in a row do well.`;
}

function signInPage(
  look: PageLook,
  page: {
    title: string;
    lead: string;
    action: string;
    submit: string;
    problem: FormProblem | undefined;
    focus: string;
    fields: Field[];
    footer: Markup;
  },
): Promise<Response> {
  const { problem } = page;
  const fieldOfProblem = page.fields.find((field) => field.name === problem?.field)?.name;
  return renderPage({
    title: `${page.title} · novaX`,
    look,
    body: html`<body class="sign-in">
<main class="sign-in-card">
<p class="brand" aria-hidden="true"><span class="brand-mark"></span>novaX</p>
<h1>${page.title}</h1>
<p class="sign-in-lead">${page.lead}</p>
${problem && !fieldOfProblem ? html`<p class="form-problem" role="alert">${problem.detail}</p>` : ""}
<form method="post" action="${page.action}">
${page.fields.map((field) => renderField(field, field.name === fieldOfProblem ? problem!.detail : null, page.focus))}
<button type="submit" class="button-primary">${page.submit}</button>
</form>
${page.footer}
</main>
</body>`,
  });
}

function renderField(field: Field, problem: string | null, focus: string): Markup {
  const hintId = `${field.name}-hint`;
  const problemId = `${field.name}-problem`;
  const describedBy = [problem === null ? "" : problemId, field.hint ? hintId : ""].join(" ").trim();
  return html`<div class="field">
<label for="${field.name}">${field.label}</label>
<input id="${field.name}" name="${field.name}" type="${field.type}" autocomplete="${field.autocomplete}" value="${field.value ?? ""}" maxlength="${field.maxLength}" autocapitalize="none" spellcheck="false" required ${field.name === focus ? html`autofocus` : ""} ${describedBy === "" ? "" : html`aria-describedby="${describedBy}"`} ${problem === null ? "" : html`aria-invalid="true"`}>
${problem === null ? "" : html`<p class="field-problem" id="${problemId}" role="alert">${problem}</p>`}
${field.hint ? html`<p class="field-hint" id="${hintId}">${field.hint}</p>` : ""}
${field.extra ?? ""}
</div>`;
}
