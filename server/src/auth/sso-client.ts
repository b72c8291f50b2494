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
  /** Handles the provider's response. Refuses with `sso_refused`, whatever does not match. */
  finish(callback: URL, flow: string): Promise<{ linksTo: AccountId | null; identity: ProvidedIdentity }>;
};

export const ssoFlowMs = 10 * 60_000;
const callbackPath = "/login/sso/callback";
const answerWithinSeconds = 10;
const flowContext = "sso-flow";

type Flow = { linksTo: AccountId | null; state: string; nonce: string; verifier: string; until: number };

/**
 * OpenID Connect with authorization code flow, PKCE, state and nonce. The provider's metadata is fetched on first use,
 * so that a provider that is down does not keep this server from starting.
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
        // By default the package accepts an ID token that came over TLS without checking its signature; we check it as
        // well.
        enableNonRepudiationChecks,
        // The configuration only allows http on loopback.
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
            // The standard says a boolean here; the text "true" does not count.
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
