import { type Bootstrap, bootstrapElementId } from "@novax/protocol/bootstrap";
import { html } from "hono/html";
import { jsonBlock, type PageContext, renderPage } from "./layout.ts";

/**
 * The chat: an empty element for the client to render into, and the newest messages as data, so that it starts without
 * a request. Null: without data, for a device that has some of its own.
 */
export function chatPage(context: PageContext, bootstrap: Bootstrap | null): Promise<Response> {
  return renderPage({
    title: context.serverName,
    context,
    body: html`<body>
<div id="app"></div>
<noscript><p class="no-script">${context.t.noScript.needed} <a href="/api/messages">${context.t.noScript.read}</a></p></noscript>
${bootstrap ? jsonBlock(bootstrapElementId, bootstrap) : ""}
</body>`,
  });
}
