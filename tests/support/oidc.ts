// OpenID Connect providers on loopback: a real one, and a lying one.
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { freePort } from "./services.ts";

export const clientId = "novax";
export const clientSecret = "a-secret-between-us-of-some-length";

/** The provider's claims about a person. */
export type Claims = { email?: string; email_verified?: unknown; preferred_username?: string; name?: string };

export type TestProvider = {
  issuer: string;
  people: Map<string, Claims>;
  /** Signs in at the provider as a browser would, and returns the URL it redirects back to. */
  signIn(authorizeUrl: string, subject: string): Promise<string>;
  stop(): Promise<void>;
};

/**
 * `oidc-provider`, the certified implementation, with PKCE required. As it is by default and as the standard says, its ID
 * token has the subject alone, and the rest is in userinfo.
 */
export async function startProvider(redirectUri: string): Promise<TestProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const people = new Map<string, Claims>();
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["preferred_username", "name"] },
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...people.get(id) }) }),
    cookies: { keys: ["a key for the tests"] },
  });
  const server = createServer(provider.callback());
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    issuer,
    people,
    signIn: (url, subject) => walk(url, issuer, subject),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** Goes through the provider's pages: sign-in, consent, and every redirect in between. */
async function walk(start: string, issuer: string, subject: string): Promise<string> {
  const cookies = new Map<string, string>();
  const ask = async (url: string, form?: Record<string, string>): Promise<Response> => {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form ? { method: "POST", body: new URLSearchParams(form) } : {}),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ""] = cookie.split(";");
      const split = pair.indexOf("=");
      cookies.set(pair.slice(0, split), pair.slice(split + 1));
    }
    return response;
  };
  let url = start;
  for (let step = 0; step < 12; step++) {
    if (!url.startsWith(issuer)) return url;
    const response = await ask(url);
    const location = response.headers.get("location");
    if (location) {
      url = new URL(location, url).href;
      continue;
    }
    const page = await response.text();
    const action = /action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
    if (!action || !prompt) throw new Error(`the provider says ${response.status}: ${page.slice(0, 500)}`);
    const done = await ask(
      action,
      prompt === "login" ? { prompt, login: subject, password: "x" } : { prompt },
    );
    url = new URL(done.headers.get("location")!, action).href;
  }
  throw new Error("the provider leads nowhere");
}

/** What a lying provider puts into its ID token, and how it signs it. */
export type Lie = {
  claims?: Record<string, unknown>;
  key?: CryptoKey;
  algorithm?: "RS256" | "none";
  /** The `iss` parameter of the redirect. */
  issuerParameter?: string;
  /** What its userinfo says; without it there is none. */
  userinfo?: Record<string, unknown> | "fails";
};

export type HostileProvider = {
  issuer: string;
  lie: Lie;
  /** The redirect of its sign-in page, without any interaction. */
  signIn(authorizeUrl: string): Promise<string>;
  otherKey: CryptoKey;
  stop(): void;
};

/** Implements the protocol, but puts whatever `lie` says into its ID token. */
export async function startHostileProvider(): Promise<HostileProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const makeKey = () =>
    crypto.subtle.generateKey(
      {
        name: "RSASSA-PKCS1-v1_5",
        modulusLength: 2048,
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: "SHA-256",
      },
      true,
      ["sign", "verify"],
    ) as Promise<CryptoKeyPair>;
  const [keys, others] = [await makeKey(), await makeKey()];
  const jwk = {
    ...(await crypto.subtle.exportKey("jwk", keys.publicKey)),
    kid: "k",
    use: "sig",
    alg: "RS256",
  };
  const nonces = new Map<string, string>();
  const hostile = { lie: {} as Lie };

  const idToken = async (nonce: string): Promise<string> => {
    const { claims, key = keys.privateKey, algorithm = "RS256" } = hostile.lie;
    const now = Math.floor(Date.now() / 1000);
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const body = { iss: issuer, sub: "mallory", aud: clientId, iat: now, exp: now + 300, nonce, ...claims };
    const text = `${encode({ alg: algorithm, kid: "k", typ: "JWT" })}.${encode(body)}`;
    if (algorithm === "none") return `${text}.`;
    const signature = await crypto.subtle.sign("RSASSA-PKCS1-v1_5", key, Buffer.from(text));
    return `${text}.${Buffer.from(signature).toString("base64url")}`;
  };
  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname } = new URL(request.url);
      const [, realm] = /^(\/realm)?\/\.well-known\/openid-configuration$/.exec(pathname) ?? [];
      if (pathname.endsWith("/.well-known/openid-configuration")) {
        return Response.json({
          // A provider with a path in its name, which ends with a slash.
          issuer: realm ? `${issuer}/realm/` : issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
          userinfo_endpoint: `${issuer}/userinfo`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
          authorization_response_iss_parameter_supported: true,
        });
      }
      if (pathname === "/jwks") return Response.json({ keys: [jwk] });
      if (pathname === "/userinfo") {
        const { userinfo } = hostile.lie;
        return userinfo === undefined || userinfo === "fails"
          ? new Response(null, { status: 500 })
          : Response.json(userinfo);
      }
      if (pathname === "/token") {
        const form = new URLSearchParams(await request.text());
        const token = await idToken(nonces.get(form.get("code") ?? "") ?? "");
        return Response.json({ access_token: "a", token_type: "Bearer", id_token: token });
      }
      return new Response(null, { status: 404 });
    },
  });
  return Object.assign(hostile, {
    issuer,
    otherKey: others.privateKey,
    signIn: async (authorizeUrl: string) => {
      const asked = new URL(authorizeUrl).searchParams;
      const code = crypto.randomUUID();
      nonces.set(code, asked.get("nonce")!);
      const back = new URL(asked.get("redirect_uri")!);
      back.search = new URLSearchParams({
        code,
        state: asked.get("state")!,
        iss: hostile.lie.issuerParameter ?? issuer,
      }).toString();
      return back.href;
    },
    stop: () => void server.stop(true),
  });
}
