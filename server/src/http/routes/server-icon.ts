// The server's own icon and its web app manifest. They are made here because the owner can change name and icon.

import { appShortcuts } from "@novax/protocol/app-shortcuts";
import type { FileId } from "@novax/protocol/files";
import { starPath } from "../../lib/star.ts";
import type { App } from "../app.ts";
import { defineRoute, type Route } from "../route.ts";
import { sendPicture } from "./pictures.ts";

const accent = "#155ed0";
const background = "#fcfdfe";
const star = `<path fill="#fff" d="${starPath}"/>`;

const iconRoute = defineRoute({
  method: "GET",
  path: "/icon.svg",
  summary: "The server's icon.",
  access: "public",
  cost: 0,
  isUndocumented: true,
  handle: async ({ app, request }) => {
    const { identity } = app;
    // Its name says SVG, and browsers go by the type.
    if (identity.picture) return sendServerPicture(app, request, identity.picture);
    const letter = (icon: string) =>
      `<text x="32" y="34" fill="#fff" font-family="system-ui, sans-serif" font-size="38" font-weight="700" text-anchor="middle" dominant-baseline="central">${Bun.escapeHTML(icon)}</text>`;
    const sign = identity.icon === "" ? star : letter(identity.icon);
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><title>${Bun.escapeHTML(identity.name)}</title><rect width="64" height="64" rx="14" fill="${accent}"/>${sign}</svg>\n`;
    return new Response(svg, {
      headers: { "content-type": "image/svg+xml", "cache-control": "no-cache" },
    });
  },
});

/** Everybody can ask for it and it costs nothing, so it is read once. */
const readPictures = new WeakMap<App, { id: FileId; bytes: ArrayBuffer }>();

async function sendServerPicture(app: App, request: Request, id: FileId): Promise<Response> {
  const headers = { etag: `"${id}"`, "cache-control": "no-cache" };
  if (request.headers.get("if-none-match") === headers.etag)
    return new Response(null, { status: 304, headers });
  let known = readPictures.get(app);
  if (known?.id !== id) {
    known = { id, bytes: await (await sendPicture(app, id)).arrayBuffer() };
    readPictures.set(app, known);
  }
  return new Response(known.bytes, { headers: { ...headers, "content-type": "image/webp" } });
}

const manifestRoute = defineRoute({
  method: "GET",
  path: "/app.webmanifest",
  summary: "The web app manifest.",
  access: "public",
  cost: 0,
  isUndocumented: true,
  handle: ({ app: { identity }, context: { t, language } }) =>
    Response.json(
      {
        id: "/chat",
        name: identity.name,
        short_name: identity.name,
        lang: language,
        start_url: "/chat",
        scope: "/",
        shortcuts: appShortcuts.map((open) => ({ name: t.app[open], url: `/chat?open=${open}` })),
        display: "standalone",
        background_color: background,
        theme_color: accent,
        // The installed app is in the system's share sheet. Its service worker takes what comes.
        share_target: {
          action: "/chat/share",
          method: "POST",
          enctype: "multipart/form-data",
          params: {
            ...{ title: "title", text: "text", url: "url" },
            files: [{ name: "files", accept: ["*/*"] }],
          },
        },
        icons: iconsOf(identity),
      },
      { headers: { "content-type": "application/manifest+json", "cache-control": "no-cache" } },
    ),
});

type Icon = { src: string; sizes: string; type: string; purpose: "any" | "maskable" };

/** A picture is square and large enough for all uses. A star has its own files, because not every system takes SVG. */
function iconsOf({ picture, icon }: App["identity"]): Icon[] {
  if (picture) return [{ src: "/icon.svg", sizes: "512x512", type: "image/webp", purpose: "any" }];
  const drawn: Icon = { src: "/icon.svg", sizes: "any", type: "image/svg+xml", purpose: "any" };
  const file = (name: string, size: number, purpose: Icon["purpose"]): Icon => ({
    ...{ src: `/${name}-${size}.png`, sizes: `${size}x${size}`, type: "image/png", purpose },
  });
  const star = [file("icon", 192, "any"), file("icon", 512, "any"), file("icon-maskable", 512, "maskable")];
  return icon === "" ? [drawn, ...star] : [drawn];
}

/** For the home screen of iPhones, which reads no manifest for it. */
const touchIconRoute = defineRoute({
  method: "GET",
  path: "/apple-touch-icon.png",
  summary: "The server's icon, for home screens.",
  access: "public",
  cost: 0,
  isUndocumented: true,
  handle: async ({ app, request }) =>
    app.identity.picture
      ? sendServerPicture(app, request, app.identity.picture)
      : new Response(null, { status: 302, headers: { location: "/icon-180.png" } }),
});

export const serverIconRoutes: readonly Route[] = [iconRoute, touchIconRoute, manifestRoute];
