import type { AccountId } from "@novax/protocol/ids";
import { withoutEnd } from "@novax/protocol/text";
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from "openid-client";
import type { OidcConfig } from "../config/read-config.ts";
import type { Clock } from "../lib/clock.ts";
import { Refusal } from "../lib/refusal.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { Log } from "../log/log.ts";
import type { RefusalText } from "../texts/texts.ts";

/** What a provider says about a person. It is verified that the provider said it, in answer to our request. */
export type ProvidedIdentity = {
  issuer: string;
  subject: string;
  email: string | null;
  /** The provider says that it has verified the address. */
  isEmailVerified: boolean;
  suggestedName: string;
};

export type SsoClient = {
  name: string;
  /**
   * Returns the provider's page to send the browser to, and the sealed state to keep in the browser meanwhile; a
   * response to another browser's request does not match it. `linksTo` is the account to link, or null to sign in.
   */
  start(linksTo: AccountId | null): Promise<{ url: URL; flow: string }>;
  /** Looks whether the provider can be used, and logs what is wrong. Never rejects. */
  check(): Promise<void>;
  /** Handles the provider's response. Refuses with `sso_refused`, whatever does not match. */
  finish(callback: URL, flow: string): Promise<{ linksTo: AccountId | null; identity: ProvidedIdentity }>;
};

export const ssoFlowMs = 10 * 60_000;
const callbackPath = "/login/sso/callback";
const answerWithinSeconds = 10;
const flowContext = "sso-flow";

type PersonClaims = {
  email?: unknown;
  email_verified?: unknown;
  preferred_username?: unknown;
  name?: unknown;
};

type Flow = { linksTo: AccountId | null; state: string; nonce: string; verifier: string; until: number };

/**
 * OpenID Connect with authorization code flow, PKCE, state and nonce. The provider's metadata is fetched on first use,
 * so that a provider that is down does not keep this server from starting.
 */
export function createSsoClient(
  app: { clock: Clock; secret: ServerSecret; log: Log; publicUrl: URL },
  config: OidcConfig,
): SsoClient {
  const discover = (issuer: URL) =>
    discovery(issuer, config.clientId, config.clientSecret ?? undefined, undefined, {
      timeout: answerWithinSeconds,
      execute: [
        // By default the package accepts an ID token that came over TLS without checking its signature; we check it as
        // well.
        enableNonRepudiationChecks,
        // The configuration only allows http on loopback.
        ...(config.issuer.protocol === "http:" ? [allowInsecureRequests] : []),
      ],
    });
  let discovered: Promise<Configuration> | null = null;
  const provider = (): Promise<Configuration> => {
    discovered ??= discover(config.issuer)
      .catch((error: unknown) => {
        const named = issuerNamedIn(error);
        if (named === null) throw error;
        // A slash at the end is part of the name, and easily lost when it's copied. Only that may differ.
        if (withoutEnd(named, "/") === withoutEnd(config.issuer.href, "/")) return discover(new URL(named));
        app.log.warn("sso.issuer_differs", {
          setting: "OIDC_ISSUER",
          configured: config.issuer.href,
          provider: named,
        });
        throw new Refusal("sso_refused", (t) => t.ssoIssuerDiffers);
      })
      .catch((error: unknown) => {
        discovered = null;
        if (error instanceof Refusal) throw error;
        app.log.warn("sso.provider_away", {
          setting: "OIDC_ISSUER",
          error: (error as Error).name,
          code: (error as { code?: string }).code,
        });
        throw new Refusal("unavailable", (t) => t.ssoAway(config.name), {
          retryInMs: 5000,
        });
      });
    return discovered;
  };
  /**
   * What the provider says of the person beside the ID token. In the code flow an ID token needs no more than the
   * subject (OpenID Connect Core 5.4), and most providers have the address here. Empty if it doesn't answer.
   */
  const readUserInfo = async (
    configuration: Configuration,
    accessToken: string,
    subject: string,
  ): Promise<PersonClaims> => {
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return {};
    try {
      // Refused if it is about another subject.
      return await fetchUserInfo(configuration, accessToken, subject);
    } catch (error) {
      const { name, code } = error as Error & { code?: string };
      app.log.warn("sso.userinfo_failed", { error: name, code });
      return {};
    }
  };

  return {
    name: config.name,
    check: () =>
      provider().then(
        () => {},
        () => {},
      ),
    start: async (linksTo) => {
      const configuration = await provider();
      const flow: Flow = {
        linksTo,
        state: randomState(),
        nonce: randomNonce(),
        verifier: randomPKCECodeVerifier(),
        until: app.clock.now() + ssoFlowMs,
      };
      const url = buildAuthorizationUrl(configuration, {
        redirect_uri: new URL(callbackPath, app.publicUrl).href,
        scope: "openid email profile",
        state: flow.state,
        nonce: flow.nonce,
        code_challenge: await calculatePKCECodeChallenge(flow.verifier),
        code_challenge_method: "S256",
      });
      return { url, flow: app.secret.seal(JSON.stringify(flow), flowContext).toString("base64url") };
    },
    finish: async (callback, sealedFlow) => {
      const opened = app.secret.open(Buffer.from(sealedFlow, "base64url"), flowContext);
      const flow = opened === null ? null : (JSON.parse(opened) as Flow);
      if (!flow || flow.until < app.clock.now()) throw ssoRefused();
      const configuration = await provider();
      // The address as the browser sees it, whatever a proxy has rewritten.
      const current = new URL(callback.pathname + callback.search, app.publicUrl);
      try {
        const tokens = await authorizationCodeGrant(configuration, current, {
          expectedState: flow.state,
          expectedNonce: flow.nonce,
          pkceCodeVerifier: flow.verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims()!;
        // The standard allows a subject up to 255 ASCII characters.
        if (!/^[\x20-\x7e]{1,255}$/.test(claims.sub)) throw new Error("a subject out of bounds");
        const isComplete = typeof claims.email === "string" && typeof claims.preferred_username === "string";
        const info = isComplete ? {} : await readUserInfo(configuration, tokens.access_token, claims.sub);
        // The address and whether it's verified belong together: both are from the same place.
        const about = typeof claims.email === "string" ? (claims as PersonClaims) : info;
        const email = typeof about.email === "string" ? about.email : null;
        const name = [
          claims.preferred_username,
          info.preferred_username,
          email?.split("@")[0],
          claims.name,
          info.name,
        ].find((candidate) => typeof candidate === "string" && candidate !== "");
        return {
          linksTo: flow.linksTo,
          identity: {
            issuer: claims.iss,
            subject: claims.sub,
            email,
            // The standard says a boolean here; the text "true" does not count.
            isEmailVerified: email !== null && about.email_verified === true,
            suggestedName: (name as string | undefined) ?? "",
          },
        };
      } catch (error) {
        const { name, code, error: answer } = error as Error & { code?: string; error?: unknown };
        // The provider's own word, such as "invalid_client": the secret here is not the one there.
        const provider = typeof answer === "string" ? answer.slice(0, 100) : undefined;
        app.log.warn("sso.refused", { error: name, code, provider });
        throw ssoRefused();
      }
    },
  };
}

/** The issuer that the provider's metadata names, if it is another than was asked for; otherwise null. */
function issuerNamedIn(error: unknown): string | null {
  const { cause } = (error ?? {}) as { cause?: { cause?: unknown; body?: { issuer?: unknown } } };
  for (const found of [cause, cause?.cause as typeof cause]) {
    const issuer = found?.body?.issuer;
    if (typeof issuer === "string" && URL.canParse(issuer)) return issuer;
  }
  return null;
}

export function ssoRefused(detail: RefusalText = (t) => t.ssoFailed): Refusal {
  return new Refusal("sso_refused", detail);
}
