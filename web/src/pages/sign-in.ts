// What the sign-in pages do with JavaScript beyond what they do without: show how strong a new password is.

const password = document.querySelector<HTMLInputElement>('input[autocomplete="new-password"]');
const meter = document.querySelector<HTMLMeterElement>("#password-strength");
const words = document.querySelector<HTMLElement>("#password-strength-words");

const advice = ["", "Too short", "Short; a few words in a row are better", "Good", "Very good"];
const goodLength = 15;
const veryGoodLength = 20;

/** By length alone, as the server judges it: from 0, nothing, to 4. */
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
    words.textContent = advice[value] ?? "";
  });
}

// A second click while the first is on its way would be a second attempt.
for (const form of document.forms) {
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

export {};
