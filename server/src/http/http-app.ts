import { chooseLanguage } from "@novax/protocol/language";
import { withoutEnd } from "@novax/protocol/text";
import { Hono } from "hono";
import type { z } from "zod";
import { isPrivileged } from "../admin/permissions.ts";
import { addressBanned } from "../auth/finish-sign-in.ts";
import { findEnrollingActor } from "../auth/session-queries.ts";
import { type Actor, hasRecentProof, reauthRequired, userAgentCharsMax } from "../auth/sessions.ts";
import { answerWithinMs } from "../db/database.ts";
import { answerWithin } from "../lib/caller.ts";
import { addressKey, clientAddress, isLoopbackAddress } from "../lib/ip-address.ts";
import { Refusal } from "../lib/refusal.ts";
import { requestSeconds } from "../metrics/metrics.ts";
import { textsIn } from "../texts/texts.ts";
import type { App } from "./app.ts";
import { compress } from "./compress.ts";
import { type CookieJar, readCookies, wantedPageCookie } from "./cookies.ts";
import { createOpenApi } from "./openapi.ts";
import { assertOwnOrigin, preflightResponse, setCorsHeaders } from "./origin-check.ts";
import { isOwnPage, ownPageOf } from "./own-page.ts";
import { errorPage } from "./pages/error-page.ts";
import type { PageContext } from "./pages/layout.ts";
import { problemResponse, toProblem } from "./problem.ts";
import { assertQueryLength, isFormBody, limitBody, queryBytesMax, readBody, readQuery } from "./read-body.ts";
import { defineSessionRoute, type Exchange, isReading, type Route, redirect } from "./route.ts";
import { accountRoutes } from "./routes/account.ts";
import { adminRoutes } from "./routes/admin.ts";
import { auditRoutes } from "./routes/audit.ts";
import { createChatRoutes } from "./routes/chat.ts";
import { commandRoutes } from "./routes/commands.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { factorRoutes } from "./routes/factors.ts";
import { fileRoutes } from "./routes/files.ts";
import { healthRoute, readyRoute } from "./routes/health.ts";
import { mailedLinkRoutes } from "./routes/mailed-links.ts";
import { messagesRoute } from "./routes/messages.ts";
import { pictureRoutes } from "./routes/pictures.ts";
import { readRoutes } from "./routes/reads.ts";
import { serverIconRoutes } from "./routes/server-icon.ts";
import { signInRoutes } from "./routes/sign-in.ts";
import { ssoRoutes } from "./routes/sso.ts";
import { statusRoutes } from "./routes/status.ts";
import { uploadRoutes } from "./routes/uploads.ts";
import { wellKnownRoutes } from "./routes/well-known.ts";
import { setSecurityHeaders } from "./security-headers.ts";
import type { Web } from "./serve-web.ts";

/** What a route costs that says nothing else, where a message is 1: of the API, and a page or a form. */
const apiCost = 0.1;
const pageCost = 0.5;

/** The pages and steps of a sign-in. */
const signInPath = /^\/(?:login(?:\/.*)?)?$/;

const knownMethods = new Set(["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]);

/** What Bun knows of a request beside the request. */
export type Peer = { address: string };

export type HttpApp = { fetch(request: Request, peer: Peer): Promise<Response>; routes: readonly Route[] };

/** Every route, behind the same checks: origin, session, body, query; and the same headers and errors after it. */
export function createHttpApp(
  app: App,
  web: Web,
  routes: readonly Route[] = createRoutes(app, web),
): HttpApp {
  const { config } = app;
  const router = new Hono<{ Bindings: Peer }>();

  const routeOf = new WeakMap<Error, string>();
  /** The pattern, for what is counted and logged. */
  const routeOfRequest = new WeakMap<Request, string>();
  // Hono passes HEAD requests to the routes for GET, so those for HEAD are registered there, and first.
  const isHead = (route: Route) => route.method === "HEAD";
  for (const route of routes.filter(isHead).concat(routes.filter((route) => !isHead(route)))) {
    router.on(isHead(route) ? "GET" : route.method, route.path, (context, next) => {
      const { raw } = context.req;
      if (isHead(route) && raw.method !== "HEAD") return next();
      const params = context.req.param() as Record<string, string>;
      routeOfRequest.set(raw, route.path);
      const run = () => runRoute(app, web, route, raw, context.env, params);
      // A body takes as long as it takes to arrive. A command has its own deadline.
      const isBounded = route.path.startsWith("/api/") && !route.body;
      return (isBounded ? answerWithin(answerWithinMs, run) : run()).catch((error: unknown) => {
        // For the log: the pattern, because an address may be a secret.
        if (error instanceof Error) routeOf.set(error, route.path);
        throw error;
      });
    });
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const methods = routes.filter((route) => route.path === path).map((route) => route.method);
    router.all(path, () => {
      throw new MethodNotAllowed(methods);
    });
  }
  router.notFound((context) => {
    const { pathname } = new URL(context.req.url);
    const isRead = context.req.method === "GET" || context.req.method === "HEAD";
    const file = isRead ? web.serve(pathname, context.req.header("accept-encoding") ?? null) : null;
    if (file) return file;
    // A slash that was typed behind an address. One that would begin with two of them led to another host.
    if (isRead && /^\/[^/].*\/$/.test(pathname)) {
      const { search } = new URL(context.req.url);
      return new Response(null, { status: 308, headers: { location: withoutEnd(pathname, "/") + search } });
    }
    throw new Refusal("not_found", (t) => t.nothingHere);
  });
  router.onError(async (error, context) => {
    const pageContext = pageContextOf(
      app,
      web,
      context.req.raw.headers,
      readCookies(context.req.header("cookie") ?? null, config.isSecure),
    );
    const { problem, retryInMs } = toProblem(error, app.log, {
      language: pageContext.language,
      method: context.req.method,
      route: routeOf.get(error),
    });
    const isPage = (context.req.header("accept") ?? "").includes("text/html");
    // An address that only takes what a page sends: its page is one step up.
    if (error instanceof MethodNotAllowed && isPage && context.req.method === "GET") {
      return redirect(new URL(context.req.url).pathname.replace(/\/[^/]+$/, "") || "/");
    }
    const response = isPage ? await errorPage(pageContext, problem) : problemResponse(problem, retryInMs);
    if (retryInMs !== undefined)
      response.headers.set("retry-after", String(Math.max(1, Math.ceil(retryInMs / 1000))));
    if (error instanceof MethodNotAllowed) response.headers.set("allow", error.methods.join(", "));
    return response;
  });

  const headPaths = routes
    .filter(isHead)
    .map((route) => new RegExp(`^${route.path.replace(/:\w+/g, "[^/]+")}$`));
  const isHeadPath = (path: string) => headPaths.some((pattern) => pattern.test(path));
  const methods = [...new Set(routes.map((route) => route.method))].sort();
  return {
    routes,
    fetch: async (request, peer) => {
      const startedAt = performance.now();
      const origin = request.headers.get("origin");
      let route = "none";
      const answer = async (asked: Request) => {
        const answered = await router.fetch(asked, peer);
        route = routeOfRequest.get(asked) ?? route;
        return compress(asked, answered);
      };
      const isPreflight =
        request.method === "OPTIONS" && request.headers.has("access-control-request-method");
      const response = isPreflight
        ? preflightResponse(methods)
        : await (request.method === "HEAD" && !isHeadPath(new URL(request.url).pathname)
            ? headOf(request, answer)
            : answer(request));
      setSecurityHeaders(response.headers, config.isSecure);
      setCorsHeaders(response.headers, origin, config.allowedOrigins);
      if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
      const ms = performance.now() - startedAt;
      const method = knownMethods.has(request.method) ? request.method : "other";
      requestSeconds.observe({ method, route, status: response.status }, ms / 1000);
      if (config.logsRequests)
        app.log.info("request", {
          ...{ method, route, status: response.status, ms: Math.round(ms) },
          address: clientAddress(peer.address, request.headers.get("x-forwarded-for"), config.isTrustedProxy),
        });
      return response;
    },
  };
}

/** Answers HEAD as GET would be, with the length of what is left out (RFC 9110, 9.3.2). */
async function headOf(
  request: Request,
  answer: (get: Request) => Response | Promise<Response>,
): Promise<Response> {
  const { status, headers, body } = await answer(new Request(request, { method: "GET" }));
  if (headers.has("content-length")) await body?.cancel();
  else if (body) headers.set("content-length", String((await new Response(body).arrayBuffer()).byteLength));
  return new Response(null, { status, headers });
}

function createRoutes(app: App, web: Web): readonly Route[] {
  const routes: Route[] = [
    ...signInRoutes,
    ...ssoRoutes,
    ...mailedLinkRoutes,
    ...accountRoutes,
    ...deviceRoutes,
    ...factorRoutes,
    ...adminRoutes,
    ...auditRoutes,
    ...statusRoutes,
    ...serverIconRoutes,
    ...wellKnownRoutes,
    ...createChatRoutes(web.assets.chat),
    ...commandRoutes,
    ...readRoutes,
    ...uploadRoutes,
    ...fileRoutes,
    ...pictureRoutes,
    messagesRoute,
    healthRoute,
    readyRoute,
  ];
  const document = createOpenApi(routes, app.config);
  const openApiRoute = defineSessionRoute({
    method: "GET",
    path: "/api/openapi.json",
    summary: "Get this document.",
    isUndocumented: true,
    handle: () => Response.json(document),
  });
  return [...routes, openApiRoute];
}

class MethodNotAllowed extends Refusal {
  readonly methods: readonly string[];
  constructor(methods: readonly string[]) {
    super("method_not_allowed", `This address takes ${methods.join(" or ")} only.`);
    this.methods = methods;
  }
}

async function runRoute(
  app: App,
  web: Web,
  route: Route,
  request: Request,
  peer: Peer,
  params: Record<string, string>,
): Promise<Response> {
  const { config } = app;
  const cost = route.cost ?? (route.path.startsWith("/api/") ? apiCost : pageCost);
  const cookies = readCookies(request.headers.get("cookie"), config.isSecure);
  const origin = readOrigin(request.headers, peer, app);
  // A program that watches the server asks without a session, and costs nothing.
  const spendAsVisitor = () => {
    if (cost > 0) app.visitorBudgets.spend(addressKey(origin.address), 1);
  };
  // Before anything is read that a stranger sends.
  if (cookies.sessionToken === null) spendAsVisitor();
  const url = new URL(request.url);
  assertQueryLength(url, route.queryBytesMax ?? queryBytesMax);
  if (!isReading(route.method) && !route.isFromAnywhere) assertOwnOrigin(request.headers, app);
  if (Object.values(params).some((value) => value.includes("\0")))
    throw new Refusal("not_found", (t) => t.nothingHere);
  const actor = cookies.sessionToken === null ? null : await findEnrollingActor(app, cookies.sessionToken);
  // Owners can always come: nobody shuts the door behind themselves. Who signs in is known only at the end of it.
  const isWelcome = actor ? actor.serverRole === "owner" : signInPath.test(route.path);
  if (origin.isBanned && !isWelcome) throw addressBanned();
  // What says its cost is about messages, and spends what the person's messages spend. Pages and forms have a budget of their
  // session: somebody who has another one cannot keep its owner from ending it.
  if (actor && route.cost !== undefined) app.budgets.spend(actor.id, cost);
  else if (actor) app.sessionBudgets.spend(actor.sessionId, cost);
  else if (cookies.sessionToken !== null) spendAsVisitor();
  const isForm = hasParsedBody(route) && isFormBody(request.headers);
  const refusal = refuseActor(app, route, actor);
  if (refusal) {
    // A person is led to where they can do something about it, a program is told.
    const way = route.isPage || isForm ? wayOut(refusal, route, request, url) : null;
    if (way === null) throw refusal;
    if (refusal.code !== "unauthenticated") return redirect(way);
    const wanted = route.isPage ? (ownPageOf(url.pathname + url.search) ?? ownPageOf(url.pathname)) : null;
    // Somebody whose session has ended is told that, and comes back to where they were.
    return redirect(
      cookies.sessionToken === null ? way : `${way}?done=session-ended`,
      wanted === null ? [] : [wantedPageCookie(wanted, config.isSecure)],
    );
  }
  const { body, unreadable } = await readRouteBody(route, request, isForm);
  // A body may take seconds to arrive, and meanwhile the session may have ended: what was true before it is asked again.
  const current =
    hasParsedBody(route) && actor ? await findEnrollingActor(app, cookies.sessionToken!) : actor;
  const changed = refuseActor(app, route, current);
  if (changed) throw changed;
  const exchange: Exchange<unknown, unknown> = {
    app,
    request:
      route.body === "stream" && route.bodyBytesMax !== null
        ? limitBody(request, route.bodyBytesMax)
        : request,
    url,
    cookies,
    context: pageContextOf(app, web, request.headers, cookies),
    actor: current,
    params,
    origin,
    isForm,
    body,
    query: route.query ? readQuery(url, route.query, route.isPage === true) : undefined,
  };
  const handle = async () =>
    unreadable === undefined ? route.handle(exchange) : route.refused!(exchange, unreadable);
  try {
    if (!current || !route.takesTurns) return await handle();
    return await app.turns.run(current.id, () => {
      app.budgets.spend(current.id, 0);
      return handle();
    });
  } catch (error) {
    // What only the work itself found out to need a fresh proof.
    const way = isForm && error instanceof Refusal ? wayOut(error, route, request, url) : null;
    if (way === null) throw error;
    return redirect(way);
  }
}

/** How a page looks and speaks in the browser that asks for it. */
function pageContextOf(
  { identity }: Pick<App, "identity">,
  web: Web,
  headers: Headers,
  { theme, language: chosen }: CookieJar,
): PageContext {
  const language = chosen ?? chooseLanguage(headers.get("accept-language"));
  return { assets: web.assets.signIn, theme, language, t: textsIn(language), serverName: identity.name };
}

function hasParsedBody(route: Route): route is Route & { body: z.ZodType } {
  return route.body !== undefined && route.body !== "stream";
}

/** The body; or, of a form that can say so on its own page, why it cannot be read. */
async function readRouteBody(
  route: Route,
  request: Request,
  isForm: boolean,
): Promise<{ body: unknown; unreadable?: unknown }> {
  if (!hasParsedBody(route)) return { body: undefined };
  try {
    return { body: await readBody(request, route.body) };
  } catch (error) {
    if (!isForm || !route.refused) throw error;
    return { body: undefined, unreadable: error };
  }
}

/** Returns why the actor may not use this route, or null: the one place where that is decided. */
function refuseActor(app: App, route: Route, actor: Actor | null): Refusal | null {
  if (route.access === "public") return null;
  if (!actor) return new Refusal("unauthenticated", (t) => t.signInFirst);
  if (actor.mustEnrol && route.access !== "enrolment") {
    return new Refusal("second_factor_setup_required", (t) => t.factorFirst);
  }
  if (route.access === "admin" && !isPrivileged(actor.serverRole)) {
    return new Refusal("forbidden", (t) => t.forAdmins);
  }
  if (route.needsRecentProof && !hasRecentProof(actor, app.clock.now())) return reauthRequired();
  return null;
}

function wayOut(refusal: Refusal, route: Route, request: Request, url: URL): string | null {
  if (refusal.code === "unauthenticated") return "/";
  if (refusal.code === "second_factor_setup_required") return "/account/two-factor";
  if (refusal.code !== "reauth_required") return null;
  // A form's own address may have no page; the browser says on which page the form is.
  const page = route.isPage ? url : URL.parse(request.headers.get("referer") ?? "");
  const path = page && page.pathname + (page.searchParams.has("setup") ? "?setup=1" : "");
  const next = route.returnTo ?? (path && isOwnPage(path) ? path : "/account");
  // What was sent is not kept: one is told to send it again.
  const isSent = !route.isPage && !next.includes("?");
  return `/account/confirm?next=${encodeURIComponent(isSent ? `${next}?done=again` : next)}`;
}

/** Where a request comes from. A proxy's word counts only where the operator named the proxy. */
export function readOrigin(
  headers: Headers,
  peer: Peer,
  { config, addressBans }: Pick<App, "config" | "addressBans">,
): Exchange<unknown, unknown>["origin"] {
  const address = clientAddress(peer.address, headers.get("x-forwarded-for"), config.isTrustedProxy);
  const cameThroughProxy =
    headers.has("x-forwarded-for") || headers.has("forwarded") || headers.has("x-real-ip");
  return {
    address,
    isBanned: addressBans.has(address),
    userAgent: (headers.get("user-agent") ?? "").slice(0, userAgentCharsMax),
    // A proxy on this machine makes the whole world look like loopback; a request through one does not come from here.
    isOnThisMachine: isLoopbackAddress(address) && !cameThroughProxy && !config.isSecure,
  };
}
