import { type Bootstrap, bootstrapElementId } from "@novax/protocol/bootstrap";
import { html } from "hono/html";
import { jsonBlock, type PageContext, renderPage } from "./layout.ts";

/** The chat: an empty place to draw in, and the newest messages beside it. */
export function chatPage(context: PageContext, bootstrap: Bootstrap): Promise<Response> {
  return renderPage({
    title: "novaX",
    context,
    body: html`<body>
<div id="app"></div>
<noscript><p class="no-script">The chat needs JavaScript. <a href="/api/messages">Read the newest messages</a> without it.</p></noscript>
${jsonBlock(bootstrapElementId, bootstrap)}
</body>`,
  });
}
