// What the account pages add with JavaScript: the strength of a new password, and passkeys.
import {
  browserSupportsWebAuthn,
  browserSupportsWebAuthnAutofill,
  startAuthentication,
  startRegistration,
} from "@simplewebauthn/browser";

/** The texts come with the page, because the server knows the language. */
const texts = JSON.parse(document.querySelector("#texts")!.textContent!) as {
  strength: string[];
  noAnswer: string;
  passkeyThere: string;
  passkeyUnused: string;
  copy: string;
  copied: string;
};

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
    words.textContent = texts.strength[value] ?? "";
  });
}

// Without a script times are shown in UTC. With one they are shown in the viewer's time zone.
const local = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: "medium",
  timeStyle: "short",
});
for (const time of document.querySelectorAll("time"))
  time.textContent = local.format(new Date(time.dateTime));

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

type Answer = { next?: string; detail?: string; code?: string };

async function post(path: string, body: object): Promise<{ isFine: boolean; answer: Answer }> {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { isFine: response.ok, answer: (await response.json()) as Answer };
  } catch {
    return { isFine: false, answer: { detail: texts.noAnswer } };
  }
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
    if (!isAutofill) say(name === "InvalidStateError" ? texts.passkeyThere : texts.passkeyUnused);
    return;
  }
  const trusts = document.querySelector<HTMLInputElement>('input[name="trust_device"]');
  const sent = await post(answer!, { response, ...(trusts ? { trust_device: trusts.checked } : {}) });
  if (sent.isFine && sent.answer.next) location.assign(sent.answer.next);
  else say(sent.answer.detail ?? "");
}

// Keys that are shown only once get a button that copies them.
for (const text of document.querySelectorAll<HTMLElement>(".key-text")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button-subtle";
  button.textContent = texts.copy;
  button.addEventListener("click", () => {
    void navigator.clipboard.writeText(text.textContent).then(() => {
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
