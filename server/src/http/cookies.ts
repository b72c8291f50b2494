// Session and device cookies (ASVS 3.3). Over https they have the `__Host-` prefix, so that no subdomain and no
// plain-http page can plant one. Plain http is used on loopback only, where browsers reject that prefix.

import { isLanguage, type Language } from "@novax/protocol/language";

export type CookieJar = {
  sessionToken: string | null;
  deviceToken: string | null;
  /** A sign-in that still needs its second factor. */
  challengeToken: string | null;
  /** A sign-in that is under way at the single sign-on provider, sealed. */
  ssoFlow: string | null;
  /** The page that somebody wanted before they were asked to sign in. As it came: to be checked before it is used. */
  wantedPage: string | null;
  /** The theme chosen in this browser; null: follow the system. */
  theme: "light" | "dark" | null;
  /** The language chosen in this browser; null: follow Accept-Language. */
  language: Language | null;
  /** The room last open in this browser. */
  lastRoom: string | null;
};

type CookieKind = "session" | "device" | "challenge" | "sso" | "wanted";

const deviceMaxAgeMs = 400 * 86_400_000;

export function readCookies(header: string | null, isSecure: boolean): CookieJar {
  const cookies = new Bun.CookieMap(header ?? "");
  const theme = cookies.get("novax_theme");
  const language = cookies.get("novax_language");
  const read = (kind: CookieKind) => cookies.get(cookieName(kind, isSecure));
  return {
    theme: theme === "light" || theme === "dark" ? theme : null,
    language: isLanguage(language) ? language : null,
    lastRoom: cookies.get("novax_room"),
    sessionToken: read("session"),
    deviceToken: read("device"),
    challengeToken: read("challenge"),
    ssoFlow: read("sso"),
    wantedPage: read("wanted"),
  };
}

export function sessionCookie(token: string, isSecure: boolean, maxAgeMs: number): string {
  return serialise("session", token, isSecure, maxAgeMs);
}

export function deviceCookie(token: string, isSecure: boolean): string {
  return serialise("device", token, isSecure, deviceMaxAgeMs);
}

export function challengeCookie(token: string, isSecure: boolean, maxAgeMs: number): string {
  return serialise("challenge", token, isSecure, maxAgeMs);
}

export function ssoCookie(flow: string, isSecure: boolean, maxAgeMs: number): string {
  return serialise("sso", flow, isSecure, maxAgeMs);
}

/** It outlasts a sign-in by the slowest way: a mail that is looked for, and the provider's own pages. */
const wantedMs = 15 * 60_000;

export function wantedPageCookie(path: string, isSecure: boolean): string {
  return serialise("wanted", path, isSecure, wantedMs);
}

/** A Set-Cookie value that deletes the cookie. */
export function clearedCookie(kind: CookieKind, isSecure: boolean): string {
  return serialise(kind, "", isSecure, 0);
}

export function cookieName(kind: CookieKind, isSecure: boolean): string {
  return `${isSecure ? "__Host-" : ""}novax_${kind}`;
}

function serialise(kind: CookieKind, value: string, isSecure: boolean, maxAgeMs: number): string {
  return new Bun.Cookie(cookieName(kind, isSecure), value, {
    httpOnly: true,
    maxAge: Math.floor(maxAgeMs / 1000),
    path: "/",
    sameSite: "lax",
    secure: isSecure,
  }).serialize();
}
