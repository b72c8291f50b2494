import type { AccountId } from "@novax/protocol/ids";
import { z } from "zod";
import { listIdentities } from "../../auth/identity-queries.ts";
import { linkIdentity, signInWithIdentity, unlinkIdentities } from "../../auth/sign-in-with-identity.ts";
import { type SsoClient, ssoFlowMs, ssoRefused } from "../../auth/sso-client.ts";
import { Refusal } from "../../lib/refusal.ts";
import type { App } from "../app.ts";
import { clearedCookie, ssoCookie } from "../cookies.ts";
import { defineAction } from "../form-route.ts";
import { ssoPage } from "../pages/account-pages.ts";
import { doneText } from "../pages/form.ts";
import { defineRoute, defineSessionRoute, type Route, redirect } from "../route.ts";
import { doneQuery, emptyBody } from "./account.ts";
import { presentedBy, signedIn } from "./sign-in.ts";

const startRoute = defineRoute({
  method: "GET",
  path: "/login/sso",
  summary: "Send the browser to the single sign-on provider.",
  access: "public",
  isPage: true,
  handle: ({ app }) => sendToProvider(app, null),
});

/**
 * The provider redirects the browser here. The standard makes this the only GET that opens a session; the sealed
 * cookie with state, nonce and PKCE verifier keeps another page from triggering it.
 */
const callbackRoute = defineRoute({
  method: "GET",
  path: "/login/sso/callback",
  summary: "Receive the browser back from the single sign-on provider.",
  access: "public",
  // The provider's code, state and error text. Microsoft's codes alone are up to 2 kB.
  queryBytesMax: 8192,
  isPage: true,
  handle: async (exchange) => {
    const { app, actor, cookies, origin, url } = exchange;
    if (cookies.ssoFlow === null) throw ssoRefused();
    const { linksTo, identity } = await requireSso(app).finish(url, cookies.ssoFlow);
    const cleared = clearedCookie("sso", app.config.isSecure);
    if (linksTo !== null) {
      if (actor?.id !== linksTo) throw ssoRefused();
      await linkIdentity(app, actor, identity, origin);
      return redirect("/account/sso?done=linked", [cleared]);
    }
    const finished = await signInWithIdentity(app, identity, presentedBy(exchange), origin);
    const accepted = signedIn(
      { app, context: exchange.context, cookies, isForm: true },
      finished,
      "Signed in",
    );
    if (accepted instanceof Response) {
      accepted.headers.append("set-cookie", cleared);
      return accepted;
    }
    return redirect(accepted.next, [...(accepted.cookies ?? []), cleared]);
  },
});

const pageRoute = defineSessionRoute({
  method: "GET",
  path: "/account/sso",
  summary: "Show the link to the single sign-on provider.",
  query: doneQuery,
  isPage: true,
  handle: async ({ app, actor, context, query }) => {
    const { name } = requireSso(app);
    return ssoPage(context, {
      name,
      identities: await listIdentities(app.db.sql, actor.id),
      done: doneText(context, query),
    });
  },
});

const linkRoute = defineSessionRoute({
  method: "GET",
  path: "/account/sso/link",
  summary: "Send the browser to the single sign-on provider to link it.",
  needsRecentProof: true,
  // A confirmation never leads to this address itself: linking begins with a click.
  returnTo: "/account/sso",
  isPage: true,
  handle: ({ app, actor, request }) => {
    // A link on another site must not start linking; Sec-Fetch-Site says where the click came from.
    const site = request.headers.get("sec-fetch-site") ?? "same-origin";
    if (site !== "same-origin" && site !== "none") throw ssoRefused((t) => t.ssoBeginHere);
    return sendToProvider(app, actor.id);
  },
});

const unlinkRoute = defineAction({
  path: "/account/sso/unlink",
  summary: "Unlink the single sign-on provider.",
  access: "session",
  needsRecentProof: true,
  body: emptyBody,
  result: z.strictObject({ message: z.string() }),
  submit: async ({ app, actor, origin }) => {
    await unlinkIdentities(app, actor, origin);
    return { result: { message: "Unlinked" }, next: "/account/sso?done=unlinked" };
  },
});

export const ssoRoutes: readonly Route[] = [startRoute, callbackRoute, pageRoute, linkRoute, unlinkRoute];

async function sendToProvider(app: App, linksTo: AccountId | null): Promise<Response> {
  const { url, flow } = await requireSso(app).start(linksTo);
  return redirect(url.href, [ssoCookie(flow, app.config.isSecure, ssoFlowMs)]);
}

function requireSso(app: App): SsoClient {
  if (!app.sso) throw new Refusal("not_found", (t) => t.noSso);
  return app.sso;
}
