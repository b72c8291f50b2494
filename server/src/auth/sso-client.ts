import type { AccountId } from "@novax/protocol/ids";
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  discovery,
  enableNonRepudiationChecks,
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

/** What a provider says of somebody, verified to come from it and to answer our question. */
export type ProvidedIdentity = {
  issuer: string;
  subject: string;
  email: string | null;
  /** The provider vouches for the address. */
  isEmailVerified: boolean;
  suggestedName: string;
};

export type SsoClient = {
  name: string;
  /**
   * Where to send the browser, and what it keeps meanwhile, sealed: nobody else's answer fits it. `linksTo`: whose
   * account shall be linked; null to sign in.
   */
  start(linksTo: AccountId | null): Promise<{ url: URL; flow: string }>;
  /** What came back. Refuses with `sso_refused`, the same for everything that does not fit. */
  finish(callback: URL, flow: string): Promise<{ linksTo: AccountId | null; identity: ProvidedIdentity }>;
};

export const ssoFlowMs = 10 * 60_000;
const callbackPath = "/login/sso/callback";
const answerWithinSeconds = 10;
const flowContext = "sso-flow";

type Flow = { linksTo: AccountId | null; state: string; nonce: string; verifier: string; until: number };

/**
 * OpenID Connect with the authorization code flow, PKCE, state and nonce. The provider is asked for its addresses when
 * somebody first wants to go there: one that is away must not keep this server from starting.
 */
export function createSsoClient(
  app: { clock: Clock; secret: ServerSecret; log: Log; publicUrl: URL },
  config: OidcConfig,
): SsoClient {
  let discovered: Promise<Configuration> | null = null;
  const provider = (): Promise<Configuration> => {
    discovered ??= discovery(config.issuer, config.clientId, config.clientSecret ?? undefined, undefined, {
      timeout: answerWithinSeconds,
      execute: [
        // By default the package takes the ID token's word where it came over TLS; we want its signature as well.
        enableNonRepudiationChecks,
        // The configuration allows http on loopback only.
        ...(config.issuer.protocol === "http:" ? [allowInsecureRequests] : []),
      ],
    }).catch((error: unknown) => {
      discovered = null;
      app.log.warn("sso.provider_away", {
        error: (error as Error).name,
        code: (error as { code?: string }).code,
      });
      throw new Refusal("unavailable", (t) => t.ssoAway(config.name), {
        retryInMs: 5000,
      });
    });
    return discovered;
  };

  return {
    name: config.name,
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
      // The address as the world sees it, whatever a proxy made of it.
      const current = new URL(callback.pathname + callback.search, app.publicUrl);
      try {
        const tokens = await authorizationCodeGrant(configuration, current, {
          expectedState: flow.state,
          expectedNonce: flow.nonce,
          pkceCodeVerifier: flow.verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims()!;
        // 255 ASCII characters are what the standard allows a subject.
        if (!/^[\x20-\x7e]{1,255}$/.test(claims.sub)) throw new Error("a subject out of bounds");
        const email = typeof claims.email === "string" ? claims.email : null;
        const name = [claims.preferred_username, email?.split("@")[0], claims.name].find(
          (candidate) => typeof candidate === "string" && candidate !== "",
        );
        return {
          linksTo: flow.linksTo,
          identity: {
            issuer: claims.iss,
            subject: claims.sub,
            email,
            // The word of the provider, as the standard writes it; "true" as text is no such word.
            isEmailVerified: email !== null && claims.email_verified === true,
            suggestedName: (name as string | undefined) ?? "",
          },
        };
      } catch (error) {
        const { name, code } = error as Error & { code?: string };
        app.log.warn("sso.refused", { error: name, code });
        throw ssoRefused();
      }
    },
  };
}

export function ssoRefused(detail: RefusalText = (t) => t.ssoFailed): Refusal {
  return new Refusal("sso_refused", detail);
}
