import type { Language } from "@novax/protocol/language";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const yearSeconds = 31_536_000;

/**
 * The theme that this browser chose. The server reads the same cookie when it writes the page, so no other theme
 * flashes up first.
 */
export function readTheme(): Theme {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  keepCookie("theme", theme, theme === "system" ? 0 : yearSeconds);
}

/** Keeps the language in a cookie. The server reads it for its pages, and for this one when it is loaded next. */
export function keepLanguage(language: Language): void {
  keepCookie("language", language, yearSeconds);
}

function keepCookie(name: string, value: string, maxAgeSeconds: number): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not in every browser yet
  document.cookie = `novax_${name}=${value}; path=/; max-age=${maxAgeSeconds}; samesite=lax`;
}
