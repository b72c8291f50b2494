// Addresses that browsers, search engines and security researchers ask every server for.

import { Refusal } from "../../lib/refusal.ts";
import { defineRoute, type Route, redirect } from "../route.ts";

const yearMs = 365 * 24 * 3_600_000;

/** For browsers that don't read the page for its icon. */
const faviconRoute = defineRoute({
  method: "GET",
  path: "/favicon.ico",
  summary: "The server's icon, for old browsers.",
  access: "public",
  cost: 0,
  isUndocumented: true,
  handle: ({ app }) => {
    const { picture, icon } = app.identity;
    const hasFile = picture === null && icon === "";
    return new Response(null, {
      status: 302,
      headers: { location: hasFile ? "/icon-192.png" : "/icon.svg" },
    });
  },
});

/** Nothing here is for search engines. */
const robotsRoute = defineRoute({
  method: "GET",
  path: "/robots.txt",
  summary: "What search engines can read: nothing.",
  access: "public",
  cost: 0,
  isUndocumented: true,
  handle: () => plainText("User-agent: *\nDisallow: /\n"),
});

/** Password managers send people here to change a password (W3C, A Well-Known URL for Changing Passwords). */
const changePasswordRoute = defineRoute({
  method: "GET",
  path: "/.well-known/change-password",
  summary: "Where a password is changed.",
  access: "public",
  cost: 0,
  isUndocumented: true,
  handle: () => redirect("/account/password"),
});

/** RFC 9116. Only for a server whose operator says where to write. */
const securityRoute = defineRoute({
  method: "GET",
  path: "/.well-known/security.txt",
  summary: "Where to report a security problem of this server.",
  access: "public",
  cost: 0,
  isUndocumented: true,
  handle: ({ app }) => {
    const { securityContact, publicUrl } = app.config;
    if (securityContact === null) throw new Refusal("not_found", (t) => t.nothingHere);
    const expires = new Date(app.clock.now() + yearMs).toISOString();
    const canonical = new URL("/.well-known/security.txt", publicUrl);
    return plainText(`Contact: ${securityContact}\nExpires: ${expires}\nCanonical: ${canonical}\n`);
  },
});

export const wellKnownRoutes: readonly Route[] = [
  faviconRoute,
  robotsRoute,
  changePasswordRoute,
  securityRoute,
];

function plainText(text: string): Response {
  return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8" } });
}
