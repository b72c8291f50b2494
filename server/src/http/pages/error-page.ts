import { html } from "hono/html";
import type { Problem } from "../problem.ts";
import { type PageLook, renderPage } from "./layout.ts";

/** A refusal for whoever came with a browser. */
export function errorPage(look: PageLook, problem: Problem): Promise<Response> {
  return renderPage({
    title: `${problem.title} · novaX`,
    look,
    status: problem.status,
    body: html`<body class="sign-in">
<main class="sign-in-card">
<p class="brand" aria-hidden="true"><span class="brand-mark"></span>novaX</p>
<h1>${problem.title}</h1>
<p class="sign-in-lead">${problem.detail}</p>
<p class="sign-in-other"><a href="/">Go to the start</a></p>
</main>
</body>`,
  });
}
