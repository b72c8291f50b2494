// Session and device cookies (ASVS 3.3). Over https they bear the `__Host-` prefix, so no subdomain and no plain-http
// page can plant one; plain http exists on loopback only, where browsers would refuse that prefix.

export type CookieJar = {
  sessionToken: string | null;
  deviceToken: string | null;
  /** The colours this browser chose; null: those of its system. */
  theme: "light" | "dark" | null;
};

const deviceMaxAgeSeconds = 400 * 86_400;

export function readCookies(header: string | null, isSecure: boolean): CookieJar {
  const cookies = new Bun.CookieMap(header ?? "");
  const theme = cookies.get("novax_theme");
  return {
    theme: theme === "light" || theme === "dark" ? theme : null,
    sessionToken: cookies.get(cookieName("session", isSecure)),
    deviceToken: cookies.get(cookieName("device", isSecure)),
  };
}

export function sessionCookie(token: string, isSecure: boolean, maxAgeMs: number): string {
  return serialise("session", token, isSecure, Math.floor(maxAgeMs / 1000));
}

export function deviceCookie(token: string, isSecure: boolean): string {
  return serialise("device", token, isSecure, deviceMaxAgeSeconds);
}

export function clearedSessionCookie(isSecure: boolean): string {
  return serialise("session", "", isSecure, 0);
}

function cookieName(kind: "session" | "device", isSecure: boolean): string {
  return `${isSecure ? "__Host-" : ""}novax_${kind}`;
}

function serialise(kind: "session" | "device", value: string, isSecure: boolean, maxAge: number): string {
  return new Bun.Cookie(cookieName(kind, isSecure), value, {
    httpOnly: true,
    maxAge,
    path: "/",
    sameSite: "lax",
    secure: isSecure,
  }).serialize();
}
