import { html } from "hono/html";
import { jsonBlock, type Markup, type PageContext, renderPage } from "./layout.ts";

export type FormProblem = {
  detail: string;
  field: string | undefined;
  /** The problems of other fields of the same form. */
  also?: readonly { detail: string; field: string }[] | undefined;
};

export type Field =
  | {
      kind?: "text";
      name: string;
      label: string;
      type: "text" | "email" | "password" | "number";
      autocomplete: string;
      value?: string | undefined;
      hint?: string;
      maxLength: number;
      isOptional?: boolean;
      /** Only with `type: "number"`. */
      range?: { min: number; max: number };
      /** Digits only, with a numeric keyboard on phones. */
      isCode?: boolean;
      extra?: Markup;
    }
  | { kind: "checkbox"; name: string; label: string; hint?: string; isChecked?: boolean }
  | {
      kind: "select";
      name: string;
      label: string;
      hint?: string;
      value: string;
      choices: Record<string, string>;
    }
  | { kind: "hidden"; name: string; value: string }
  | { kind: "username"; name: ""; value: string };

export type FormMarkup = {
  action: string;
  submit: string;
  fields?: Field[];
  problem?: FormProblem | undefined;
  /** The name of the field to focus. */
  focus?: string;
  /** For what cannot be undone: the button warns by its colour. */
  isDanger?: boolean;
  /** A question that a script asks before it is sent. */
  ask?: string | undefined;
  /** Shows the values to somebody who may not change them. */
  isDisabled?: boolean;
  /** The response is a file, so the page stays and the button must work again. */
  isDownload?: boolean;
  /** A script sends it and shows what is refused in place, so that nothing that was typed goes; then it goes here. */
  inPlace?: string;
  /** A secondary button, for a form that is not the page's main purpose. */
  isSecondary?: boolean;
  /** Markup after the button. */
  extra?: Markup;
};

/** A form with its errors, both visible and announced to screen readers. */
export function renderForm(form: FormMarkup): Markup {
  const { problem, fields = [] } = form;
  const fieldOfProblem = fields.find(
    (field) => field.kind !== "hidden" && field.kind !== "username" && field.name === problem?.field,
  )?.name;
  const problemOf = ({ name }: Field) =>
    name === fieldOfProblem
      ? problem!.detail
      : (problem?.also?.find(({ field }) => field !== "" && field === name)?.detail ?? null);
  const buttonClass = form.isDanger ? "button-danger" : form.isSecondary ? "button-second" : "button-primary";
  const focus = fieldOfProblem ?? form.focus;
  const hasOwnProblem = problem !== undefined && !fieldOfProblem;
  return html`<form method="post" action="${form.action}" ${form.isDownload ? html`data-download` : ""} ${form.ask ? html`data-ask="${form.ask}"` : ""} ${form.inPlace ? html`data-in-place="${form.inPlace}"` : ""}>
${hasOwnProblem ? html`<p class="form-problem" id="form-problem" role="alert">${problem.detail}</p>` : ""}
${form.isDisabled ? html`<fieldset disabled class="fields-shown">` : ""}${fields.map((field) => renderField(field, problemOf(field), { focus, isAfterProblem: hasOwnProblem }))}
${form.isDisabled ? html`</fieldset>` : html`<button type="submit" class="${buttonClass}">${form.submit}</button>`}
${form.extra ?? ""}
</form>`;
}

/** A page with one purpose, centred in the window. */
export function cardPage(
  context: PageContext,
  page: {
    title: string;
    lead: string | Markup;
    body: Markup;
    back?: { href: string; label: string };
    /** For lists, which need the room that a form doesn't. */
    isWide?: boolean;
    status?: number;
  },
): Promise<Response> {
  return renderPage({
    title: `${page.title} · ${context.serverName}`,
    context,
    ...(page.status === undefined ? {} : { status: page.status }),
    // Pages that link to each other start at the same height, so that nothing jumps.
    body: html`<body class="${page.back ? "sign-in sign-in-inside" : "sign-in"}">
<main class="${page.isWide ? "sign-in-card sign-in-wide" : "sign-in-card"}">
<p class="brand" aria-hidden="true"><span class="brand-mark"></span>${context.serverName}</p>
${page.back ? html`<p class="page-back"><a href="${page.back.href}"><span aria-hidden="true">← </span>${page.back.label}</a></p>` : ""}
<h1>${page.title}</h1>
<p class="sign-in-lead">${page.lead}</p>
${page.body}
</main>
${jsonBlock("texts", context.t.script)}
</body>`,
  });
}

/** A page with a message and one link. */
export function messagePage(
  context: PageContext,
  page: { title: string; lead: string; link: { href: string; label: string }; status?: number },
): Promise<Response> {
  const body = html`<p class="sign-in-other"><a href="${page.link.href}">${page.link.label}</a></p>`;
  return cardPage(context, { ...page, body });
}

/** The confirmation text for `?done=...`, which is set after a redirect. */
export function doneText(
  { t }: PageContext,
  query: { done?: string | undefined } | undefined,
): string | undefined {
  const texts: Record<string, string> = t.done;
  return Object.hasOwn(texts, query?.done ?? "") ? texts[query!.done!] : undefined;
}

/** A link that is shown only once, with what is to be done with it. It takes the focus, as {@link doneNote} does. */
export function linkNote(words: string, link: string, extra: Markup | "" = ""): Markup {
  return html`<div class="form-done" role="group" tabindex="-1" autofocus><p>${words}</p><p><code class="key-text">${link}</code></p>${extra}</div>`;
}

/** The confirmation shown after a redirect. It takes the focus, so that screen readers announce it. */
export function doneNote(text: string | undefined): Markup | "" {
  return text === undefined
    ? ""
    : html`<p class="form-done" role="status" tabindex="-1" autofocus>${text}</p>`;
}

/** `isAfterProblem`: the form has a problem of its own, which is read with the field that has the focus. */
function renderField(
  field: Field,
  problem: string | null,
  { focus, isAfterProblem }: { focus: string | undefined; isAfterProblem: boolean },
): Markup {
  if (field.kind === "hidden") return html`<input type="hidden" name="${field.name}" value="${field.value}">`;
  if (field.kind === "username") {
    return html`<input class="visually-hidden" type="text" autocomplete="username" value="${field.value}" readonly tabindex="-1" aria-hidden="true">`;
  }
  if (field.kind === "checkbox") return renderCheckbox(field, problem, focus);
  const hintId = `${field.name}-hint`;
  const problemId = `${field.name}-problem`;
  const describedBy = [
    problem === null ? "" : problemId,
    isAfterProblem && field.name === focus ? "form-problem" : "",
    field.hint ? hintId : "",
  ]
    .filter((id) => id !== "")
    .join(" ");
  const described = describedBy === "" ? "" : html`aria-describedby="${describedBy}"`;
  const control =
    field.kind === "select"
      ? html`<select id="${field.name}" name="${field.name}" ${described}>
${Object.entries(field.choices).map(([value, label]) => html`<option value="${value}" ${value === field.value ? html`selected` : ""}>${label}</option>`)}
</select>`
      : html`<input id="${field.name}" name="${field.name}" type="${field.type}" autocomplete="${field.autocomplete}" value="${field.value ?? ""}" maxlength="${field.maxLength}" autocapitalize="${field.autocomplete === "name" ? "words" : "none"}" spellcheck="false" ${field.range ? html`min="${field.range.min}" max="${field.range.max}"` : ""} ${field.isCode ? html`inputmode="numeric"` : ""} ${field.isOptional ? "" : html`required`} ${field.name === focus ? html`autofocus` : ""} ${described} ${problem === null ? "" : html`aria-invalid="true"`}>`;
  return html`<div class="field">
<label for="${field.name}">${field.label}</label>
${control}
${problem === null ? "" : html`<p class="field-problem" id="${problemId}" role="alert">${problem}</p>`}
${field.hint ? html`<p class="field-hint" id="${hintId}">${field.hint}</p>` : ""}
${field.kind === "select" ? "" : (field.extra ?? "")}
</div>`;
}

function renderCheckbox(
  field: Extract<Field, { kind: "checkbox" }>,
  problem: string | null,
  focus: string | undefined,
): Markup {
  const hintId = `${field.name}-hint`;
  const problemId = `${field.name}-problem`;
  const describedBy = [problem === null ? "" : problemId, field.hint ? hintId : ""].join(" ").trim();
  return html`<div class="field-check">
<input type="checkbox" id="${field.name}" name="${field.name}" ${field.isChecked ? html`checked` : ""} ${describedBy === "" ? "" : html`aria-describedby="${describedBy}"`} ${problem === null ? "" : html`aria-invalid="true"`} ${field.name === focus ? html`autofocus` : ""}>
<label for="${field.name}">${field.label}</label>
${field.hint ? html`<p class="field-hint" id="${hintId}">${field.hint}</p>` : ""}
${problem === null ? "" : html`<p class="field-problem" id="${problemId}" role="alert">${problem}</p>`}
</div>`;
}
