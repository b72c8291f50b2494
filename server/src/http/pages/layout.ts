import { type Language, languages } from "@novax/protocol/language";
import { html, raw } from "hono/html";
import type { Texts } from "../../texts/texts.ts";
import type { CookieJar } from "../cookies.ts";
import type { PageAssets } from "../serve-web.ts";

/** What every page needs: its assets, and the browser's theme and language. */
export type PageContext = {
  assets: PageAssets;
  theme: CookieJar["theme"];
  language: Language;
  t: Texts;
  /** What the server is called. */
  serverName: string;
};

/** Markup in which every `${}` is escaped. */
export type Markup = ReturnType<typeof html>;

/** A whole page around its body. */
export async function renderPage(page: {
  title: string;
  context: PageContext;
  body: Markup;
  status?: number;
}): Promise<Response> {
  const { assets, theme, language } = page.context;
  const markup = await html`<!doctype html>
<html lang="${language}" dir="${languages[language].direction}" ${theme === null ? "" : html`data-theme="${theme}"`}>
<head>
<meta charset="utf-8">
<title>${page.title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" media="(prefers-color-scheme: light)" content="#fcfdfe">
<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#14171d">
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="apple-touch-icon" href="/apple-touch-icon.png">
<link rel="manifest" href="/app.webmanifest">
<link rel="stylesheet" href="${assets.style}">
${assets.preload.map((path) => html`<link rel="modulepreload" href="${path}">`)}
<script type="module" src="${assets.script}"></script>
</head>
${page.body}
</html>
`;
  return new Response(String(markup), {
    status: page.status ?? 200,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
  });
}

/** Embeds a value as a JSON data block. Every `<` is escaped, so that the value cannot close the block. */
export function jsonBlock(id: string, value: unknown): Markup {
  return html`<script type="application/json" id="${id}">${raw(JSON.stringify(value).replaceAll("<", "\\u003c"))}</script>`;
}
