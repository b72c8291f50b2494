import { type Language, languages } from "@novax/protocol/language";
import { html, raw } from "hono/html";
import type { Texts } from "../../texts/texts.ts";
import type { CookieJar } from "../cookies.ts";
import type { PageAssets } from "../serve-web.ts";

/** How a page looks and speaks: its files, the colours this browser chose, and the language of whoever reads it. */
export type PageContext = { assets: PageAssets; theme: CookieJar["theme"]; language: Language; t: Texts };

/** Markup whose every `${}` was escaped. */
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

/** A value inside a data block. No `<` is left in it, so nothing in it can end the block. */
export function jsonBlock(id: string, value: unknown): Markup {
  return html`<script type="application/json" id="${id}">${raw(JSON.stringify(value).replaceAll("<", "\\u003c"))}</script>`;
}
