// What the account pages add with JavaScript: the strength of a new password, and passkeys.
import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
} from "@simplewebauthn/browser";
import { openSealedStore } from "../storage/sealed-store.ts";

/** The texts come with the page, because the server knows the language. */
const texts = JSON.parse(document.querySelector("#texts")!.textContent!) as {
  strength: string[];
  noAnswer: string;
  passkeyThere: string;
  passkeyUnused: string;
  passkeyElsewhere: string;
  passkeyNoName: string;
  copy: string;
  copied: string;
  showPassword: string;
  hidePassword: string;
};

// Nobody is signed in who could read what the chat kept on this device.
if (location.pathname === "/") void openSealedStore().then((store) => store?.clear().catch(() => {}));

const password = document.querySelector<HTMLInputElement>('input[autocomplete="new-password"]');
const meter = document.querySelector<HTMLMeterElement>("#password-strength");
const words = document.querySelector<HTMLElement>("#password-strength-words");

const goodLength = 15;
const veryGoodLength = 20;

/** The strength of a password by its length alone, as the server judges it: from 0 (nothing) to 4. */
function strength(text: string): number {
  const length = [...text.normalize("NFKC")].length;
  const isMonotonous = new Set(text).size <= 4;
  if (length === 0) return 0;
  if (length < 8 || isMonotonous) return 1;
  if (length < goodLength) return 2;
  return length < veryGoodLength ? 3 : 4;
}

if (password && meter && words) {
  password.addEventListener("input", () => {
    const value = strength(password.value);
    meter.hidden = value === 0;
    meter.value = value;
    // A screen reader speaks each change, so the same words are not set again.
    const said = texts.strength[value] ?? "";
    if (words.textContent !== said) words.textContent = said;
  });
}

// With a script a new password is typed once, and can be looked at; without one it is typed twice.
const again = document.querySelector<HTMLInputElement>('input[name="confirm_password"]');
if (password && again) {
  const copy = () => {
    again.value = password.value;
  };
  again.closest<HTMLElement>(".field")!.hidden = true;
  again.required = false;
  password.addEventListener("input", copy);
  password.form?.addEventListener("submit", copy);
}

for (const field of document.querySelectorAll<HTMLInputElement>('input[type="password"]')) {
  if (field === again) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button-subtle show-password";
  const show = (isShown: boolean) => {
    field.type = isShown ? "text" : "password";
    button.textContent = isShown ? texts.hidePassword : texts.showPassword;
  };
  show(false);
  button.addEventListener("click", () => show(field.type === "password"));
  field.after(button);
}

// What can't be taken back is asked for first.
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-ask]"))
  form.addEventListener("submit", (event) => {
    if (confirm(form.dataset.ask)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });

/** Shows what was refused at its field, or above the form. Returns the field. */
function showProblem(form: HTMLFormElement, detail: string, name = ""): HTMLElement | null {
  const field = name === "" ? null : form.querySelector<HTMLElement>(`[name="${CSS.escape(name)}"]`);
  const text = document.createElement("p");
  text.className = field ? "field-problem" : "form-problem";
  text.setAttribute("role", "alert");
  text.textContent = detail;
  if (field) {
    text.id = `${name}-problem`;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute(
      "aria-describedby",
      [text.id, field.getAttribute("aria-describedby")].join(" ").trim(),
    );
    field.after(text);
  } else form.prepend(text);
  return field;
}

// What is refused is shown in the form as it is, so that nothing that was typed goes.
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-in-place]")) {
  // All that is wrong is said by the server, at once.
  form.noValidate = true;
  form.addEventListener("input", ({ target }) => {
    const problem = form.querySelector(`#${CSS.escape((target as HTMLInputElement).name)}-problem`);
    if (problem) removeProblem(form, problem);
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { isFine, status, answer } = await post(form.action, Object.fromEntries(new FormData(form)));
    if (isFine && status !== accepted) {
      location.assign(form.dataset.inPlace!);
      return;
    }
    if (isFine) {
      const text = document.createElement("p");
      text.className = "form-done";
      text.tabIndex = -1;
      text.textContent = answer.message ?? "";
      // What asked for it is answered.
      for (const old of document.querySelectorAll(".sign-in-lead, .sign-in-other")) old.remove();
      form.replaceWith(text);
      text.focus();
      return;
    }
    for (const button of form.querySelectorAll("button")) button.disabled = false;
    for (const old of form.querySelectorAll(".field-problem, .form-problem")) removeProblem(form, old);
    const problems = [answer, ...(answer.also ?? [])];
    const fields = problems.map(({ detail, field }) => showProblem(form, detail ?? "", field));
    fields.find((field) => field !== null)?.focus();
  });
}

/** Removes what was wrong, and the field's word that it is. */
function removeProblem(form: HTMLFormElement, problem: Element): void {
  const field = problem.id === "" ? null : form.querySelector(`[aria-describedby~="${problem.id}"]`);
  const others = field?.getAttribute("aria-describedby")?.split(" ") ?? [];
  field?.removeAttribute("aria-invalid");
  field?.setAttribute("aria-describedby", others.filter((id) => id !== problem.id).join(" "));
  problem.remove();
}

// Without a script times are shown in UTC. With one they are shown in the viewer's time zone.
const local = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "medium",
  timeStyle: "short",
});
for (const time of document.querySelectorAll("time"))
  time.textContent = local.format(new Date(time.dateTime));

// The server wants the password again before what matters, and what was sent is lost by then: it is written in the form to
// which one comes back. Once, in this tab, and no secret.
const sentKey = "sent";
type Sent = { action: string; values: [name: string, value: string | boolean][] };

function fieldsOf(form: HTMLFormElement): (HTMLInputElement | HTMLSelectElement)[] {
  return [...form.elements].filter(
    (field): field is HTMLInputElement | HTMLSelectElement =>
      field instanceof HTMLSelectElement ||
      (field instanceof HTMLInputElement &&
        !/^(?:password|hidden|file)$/.test(field.type) &&
        // A password that is shown is of another type, and still one.
        !/password|one-time-code/.test(field.autocomplete)),
  );
}

const isCheck = (field: HTMLInputElement | HTMLSelectElement) => field.type === "checkbox";

function giveBackWhatWasSent(): void {
  const sent = JSON.parse(sessionStorage.getItem(sentKey) ?? "null") as Sent | null;
  // The next page that isn't the question is where it was for.
  sessionStorage.removeItem(sentKey);
  if (!/^\/(?:admin|account)\b/.test(location.pathname)) return;
  const isAgain = new URLSearchParams(location.search).get("done") === "again";
  for (const form of document.forms) {
    const values = new Map(isAgain && sent?.action === form.action ? sent.values : []);
    for (const field of fieldsOf(form)) {
      const value = values.get(field.name);
      if (typeof value === "boolean") (field as HTMLInputElement).checked = value;
      else if (value !== undefined) field.value = value;
    }
    form.addEventListener("submit", () => {
      const named = fieldsOf(form).map((field) => [
        field.name,
        isCheck(field) ? (field as HTMLInputElement).checked : field.value,
      ]);
      sessionStorage.setItem(sentKey, JSON.stringify({ action: form.action, values: named }));
    });
  }
}
if (location.pathname !== "/account/confirm") {
  try {
    giveBackWhatWasSent();
  } catch {
    // This browser keeps nothing for the page. The rest of it works all the same.
  }
}

// A second click while the first request is on its way would be a second attempt.
for (const form of document.forms) {
  // A download leaves the page open, so its button stays enabled.
  if ("download" in form.dataset) continue;
  form.addEventListener("submit", () => {
    const button = form.querySelector<HTMLButtonElement>('button[type="submit"]');
    setTimeout(() => {
      if (button) button.disabled = true;
    });
  });
}
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("button")) button.disabled = false;
});

type Problem = { detail?: string; field?: string };
type Answer = Problem & {
  next?: string;
  code?: string;
  username?: string;
  message?: string;
  also?: Problem[];
};

/** What is done later: an account that waits for approval. */
const accepted = 202;

async function post(
  path: string,
  body: object,
): Promise<{ isFine: boolean; status: number; answer: Answer }> {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { isFine: response.ok, status: response.status, answer: (await response.json()) as Answer };
  } catch {
    return { isFine: false, status: 0, answer: { detail: texts.noAnswer } };
  }
}

/** What to do about an error of the authenticator, where the server is known as `serverName`. */
function passkeyProblem(errorName: string, serverName: string): string {
  if (errorName === "InvalidStateError") return texts.passkeyThere;
  if (errorName !== "SecurityError") return texts.passkeyUnused;
  // A passkey belongs to a name, and an IP address is none; or this page was opened by another name of the server's.
  const isAddress = /^[\d.]+$|:/.test(serverName);
  return isAddress ? texts.passkeyNoName : texts.passkeyElsewhere.replace("%s", serverName);
}

/** Asks the authenticator, posts its response, and goes to the address that the server returns. */
async function usePasskey(button: HTMLButtonElement, isAutofill: boolean): Promise<void> {
  const { passkey: kind, options, answer } = button.dataset;
  const problem = button.parentElement?.querySelector<HTMLElement>("[data-passkey-problem]");
  const say = (text: string) => {
    if (!problem) return;
    problem.textContent = text;
    problem.hidden = text === "";
  };
  const given = await post(options!, {});
  if (given.answer.code === "reauth_required") {
    location.assign(`/account/confirm?next=${encodeURIComponent(location.pathname)}`);
    return;
  }
  if (!given.isFine) {
    if (!isAutofill) say(given.answer.detail ?? "");
    return;
  }
  const optionsJSON = given.answer as never;
  let response: unknown;
  try {
    response =
      kind === "register"
        ? await startRegistration({ optionsJSON })
        : await startAuthentication({ optionsJSON, useBrowserAutofill: isAutofill });
  } catch (error) {
    // The person cancelled, or the page asked by itself for autofill, which needs no message.
    const { name } = error as Error;
    const { rp, rpId } = given.answer as { rp?: { id: string }; rpId?: string };
    if (!isAutofill) say(passkeyProblem(name, rpId ?? rp?.id ?? ""));
    return;
  }
  const trusts = document.querySelector<HTMLInputElement>('input[name="trust_device"]');
  const sent = await post(answer!, { response, ...(trusts ? { trust_device: trusts.checked } : {}) });
  if (sent.isFine && sent.answer.next) location.assign(sent.answer.next);
  else say(sent.answer.detail ?? "");
}

// Keys and codes that are shown only once get a button that copies them.
for (const text of document.querySelectorAll<HTMLElement>(".key-text, .recovery-codes")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button-subtle";
  button.textContent = texts.copy;
  button.addEventListener("click", () => {
    void navigator.clipboard.writeText(text.innerText.trim()).then(() => {
      button.textContent = texts.copied;
    });
  });
  text.after(" ", button);
}

if (browserSupportsWebAuthn()) {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-passkey]")) {
    button.hidden = false;
    button.addEventListener("click", () => void usePasskey(button, false));
    // The browser can offer passkeys among the names for the field.
    if (button.dataset.passkey === "login") {
      void browserSupportsWebAuthnAutofill().then((canFill) => {
        if (canFill) void usePasskey(button, true);
      });
    }
  }
}
