import { z } from "zod";
import { findInviter, requireInviter } from "../../accounts/invite-queries.ts";
import { registrationMode } from "../../accounts/policy.ts";
import { readPolicy } from "../../accounts/policy-queries.ts";
import { findAccountById, hasAnyAccount } from "../../accounts/queries.ts";
import { answerChallenge, requestFactorPasskey } from "../../auth/answer-challenge.ts";
import { assertAttempt } from "../../auth/attempt-limits.ts";
import type { FinishedSignIn } from "../../auth/finish-sign-in.ts";
import { logOut } from "../../auth/own-sessions.ts";
import { listPasskeys } from "../../auth/passkey-queries.ts";
import { passkeyResponseSchema, requestPasskey } from "../../auth/passkeys.ts";
import { signIn, signInWithPasskey } from "../../auth/password-sign-in.ts";
import { register } from "../../auth/register.ts";
import { challengeMs, findChallenge } from "../../auth/sign-in-challenge-queries.ts";
import { addressKey } from "../../lib/ip-address.ts";
import { Refusal } from "../../lib/refusal.ts";
import type { App } from "../app.ts";
import { challengeCookie, clearedCookie, deviceCookie, sessionCookie } from "../cookies.ts";
import { type Accepted, anyText, checkbox, defineAction, defineForm, textField } from "../form-route.ts";
import { ownPageOf } from "../own-page.ts";
import { doneText, messagePage } from "../pages/form.ts";
import { codePage, registerPage, signInPage } from "../pages/sign-in-pages.ts";
import { problemResponse, toProblem } from "../problem.ts";
import { defineRoute, type Exchange, type Route, redirect } from "../route.ts";

const signInSchema = z.strictObject({ username: anyText, password: anyText });

const registerSchema = z.strictObject({
  email: anyText,
  username: anyText,
  display_name: anyText.optional(),
  password: anyText,
  confirm_password: anyText,
  setup_code: anyText.optional(),
  invite: anyText.optional(),
});

const signedInSchema = z.strictObject({ message: z.string(), username: z.string() });
/** For the page's script, which has to know where to go next. */
const signedInByScriptSchema = signedInSchema.extend({ next: z.string() });
const emptySchema = z.strictObject({});
const passkeyOptionsMax = { max: 60, windowMs: 60_000 };

const signInPageRoute = defineRoute({
  method: "GET",
  path: "/",
  summary: "Show the sign-in page, or the chat if you're signed in.",
  access: "public",
  query: z.strictObject({ done: textField.optional(), password: textField.optional() }),
  isPage: true,
  handle: async ({ app, actor, context, query }) => {
    if (actor) return redirect("/chat");
    const options = await readSignInOptions(app);
    if (query.password !== undefined) options.isPasswordAway = false;
    // Nobody can sign in yet.
    if (options.isFirst) return redirect("/register");
    return signInPage(context, { ...options, done: doneText(context, query) });
  },
});

const signInRoute = definePostOnlyForm({
  path: "/login",
  summary: "Sign in. Takes JSON, or the sign-in page's form and then redirects.",
  body: signInSchema,
  submit: async (exchange) => {
    const { app, body, origin } = exchange;
    const finished = await signIn(app, { ...body, ...presentedBy(exchange) }, origin);
    return signedIn(exchange, finished, "Signed in");
  },
  page: async ({ app, body, context }, problem) =>
    signInPage(context, {
      ...(await readSignInOptions(app)),
      ...(body ? { username: body.username } : {}),
      problem,
    }),
});

const registerRoutes = defineForm({
  path: "/register",
  summary: "Create an account and sign in. Takes JSON, or the sign-up page's form and then redirects.",
  access: "public",
  body: registerSchema,
  answers: {
    200: { description: "Created and signed in.", type: "application/json", schema: signedInSchema },
    202: { description: "Created; it waits for approval.", type: "application/json", schema: signedInSchema },
  },
  page: async ({ app, actor, context, origin }, { problem, body }) => {
    if (actor) return redirect("/chat");
    const isFirst = !(await hasAnyAccount(app.db.sql));
    const inviteToken = body?.invite ?? null;
    const mode = registrationMode(await readPolicy(app.db.sql), app.configuredRegistration);
    if (!isFirst && !problem && inviteToken === null && mode !== "open")
      return closedPage(app, context, mode);
    return registerPage(context, {
      inviter: inviteToken === null ? null : await findInviter(app.db.sql, inviteToken, app.clock.now()),
      ...(body ? { username: body.username, email: body.email, displayName: body.display_name } : {}),
      problem,
      isFirst,
      inviteToken,
      needsSetupCode: isFirst && !origin.isOnThisMachine,
      passwordCodePointsMin: app.config.passwordCodePointsMin,
    });
  },
  submit: async (exchange) => {
    const { app, body, actor, origin } = exchange;
    const signUp = {
      email: body.email,
      username: body.username,
      displayName: body.display_name ?? "",
      password: body.password,
      confirmPassword: body.confirm_password,
      setupCode: body.setup_code ?? null,
      inviteToken: body.invite ?? null,
      presented: actor,
      language: exchange.context.language,
    };
    const registered = await register(app, signUp, origin);
    if (registered.kind !== "approval_pending") return signedIn(exchange, registered, "Registered");
    const { signIn, parts } = exchange.context.t;
    const message = signIn.awaits;
    if (!exchange.isForm) return Response.json({ message, username: registered.username }, { status: 202 });
    return messagePage(exchange.context, {
      title: signIn.awaitsTitle,
      lead: message,
      link: { href: "/", label: parts.toLogin },
    });
  },
});

const joinRoute = defineRoute({
  method: "GET",
  path: "/join/:token",
  summary: "Show the sign-up page of an invitation.",
  access: "public",
  isPage: true,
  handle: async ({ app, actor, context, params }) => {
    if (actor) {
      const { signIn } = context.t;
      return messagePage(context, {
        title: signIn.alreadyInTitle,
        lead: signIn.alreadyIn(actor.username),
        link: { href: "/chat", label: signIn.openChat },
      });
    }
    const mode = registrationMode(await readPolicy(app.db.sql), app.configuredRegistration);
    if (mode === "closed" || mode === "sso") return closedPage(app, context, mode);
    return registerPage(context, {
      inviter: await requireInviter(app.db.sql, params.token!, app.clock.now()),
      inviteToken: params.token!,
      needsSetupCode: false,
      passwordCodePointsMin: app.config.passwordCodePointsMin,
    });
  },
});

const codeRoutes = defineForm({
  path: "/login/code",
  summary: "Finish signing in with a two-factor code or a recovery code.",
  access: "public",
  body: z.strictObject({ code: textField, trust_device: checkbox }),
  result: signedInSchema,
  page: async ({ app, cookies, context }, { problem }) => {
    const token = cookies.challengeToken;
    const challenge = token === null ? null : await findChallenge(app.db.sql, token, app.clock.now());
    const account = challenge && (await findAccountById(app.db.sql, challenge.accountId));
    if (!account) {
      const { signIn, parts } = context.t;
      return messagePage(context, {
        title: parts.startAgain,
        lead: problem ? signIn.challengeOver : signIn.noChallenge,
        link: { href: "/", label: parts.toLogin },
      });
    }
    const passkeys = await listPasskeys(app.db.sql, account.id);
    return codePage(context, { problem, hasTotp: account.hasTotp, hasPasskeys: passkeys.length > 0 });
  },
  submit: async (exchange) => {
    const { body } = exchange;
    const factor = { kind: "code", code: body.code } as const;
    return signedIn(exchange, await answer(exchange, factor, body.trust_device), "Signed in");
  },
});

const codePasskeyOptionsRoute = defineAction({
  path: "/login/code/passkey/options",
  summary: "Get the options to use a passkey as the second factor.",
  access: "public",
  body: emptySchema,
  result: z.looseObject({}),
  submit: async ({ app, cookies, origin }) => {
    await limitPasskeyOptions(app, origin.address);
    if (cookies.challengeToken === null) throw noChallenge();
    return Response.json(await requestFactorPasskey(app, cookies.challengeToken));
  },
});

const codePasskeyRoute = defineAction({
  path: "/login/code/passkey",
  summary: "Finish signing in with a passkey as the second factor.",
  access: "public",
  body: z.strictObject({ response: passkeyResponseSchema, trust_device: checkbox }),
  result: signedInByScriptSchema,
  submit: async (exchange) => {
    const { body } = exchange;
    const factor = { kind: "passkey", response: body.response } as const;
    return withNext(signedIn(exchange, await answer(exchange, factor, body.trust_device), "Signed in"));
  },
});

const passkeyOptionsRoute = defineAction({
  path: "/login/passkey/options",
  summary: "Get the options to sign in with a passkey.",
  access: "public",
  body: emptySchema,
  result: z.looseObject({}),
  submit: async ({ app, origin }) => {
    await limitPasskeyOptions(app, origin.address);
    return Response.json(await requestPasskey(app, "login", null));
  },
});

const passkeyRoute = defineAction({
  path: "/login/passkey",
  summary: "Sign in with a passkey, without a username or password.",
  access: "public",
  body: z.strictObject({ response: passkeyResponseSchema }),
  result: signedInByScriptSchema,
  submit: async (exchange) => {
    const { app, body, origin } = exchange;
    const attempt = { response: body.response, ...presentedBy(exchange) };
    return withNext(signedIn(exchange, await signInWithPasskey(app, attempt, origin), "Signed in"));
  },
});

const logoutRoute = defineRoute({
  method: "POST",
  path: "/logout",
  summary: "Sign out. Takes an empty JSON object, or the chat page's form and then redirects.",
  access: "public",
  body: emptySchema,
  result: z.strictObject({ message: z.string() }),
  handle: async ({ app, actor, isForm, origin }) => {
    if (actor) {
      await logOut(app, actor, origin);
      app.log.info("session.ended", { account: actor.id });
    }
    const response = isForm ? redirect("/") : Response.json({ message: "Signed out" });
    response.headers.append("set-cookie", clearedCookie("session", app.config.isSecure));
    // Signing out also deletes what this browser has stored of the chat (ASVS 14.3.1).
    response.headers.set("clear-site-data", '"cache", "storage"');
    return response;
  },
});

export const signInRoutes: readonly Route[] = [
  signInPageRoute,
  signInRoute,
  ...registerRoutes,
  joinRoute,
  ...codeRoutes,
  codePasskeyOptionsRoute,
  codePasskeyRoute,
  passkeyOptionsRoute,
  passkeyRoute,
  logoutRoute,
];

/** The response after every kind of sign-in: a session, or a request for the second factor. */
export function signedIn(
  exchange: Pick<Exchange<unknown, unknown>, "app" | "isForm" | "context" | "cookies">,
  finished: FinishedSignIn,
  message: string,
): Accepted | Response {
  const { app, isForm, context, cookies } = exchange;
  const { config } = app;
  if (finished.kind === "factor_owed") {
    const cookie = challengeCookie(finished.challengeToken, config.isSecure, challengeMs);
    if (isForm) return redirect("/login/code", [cookie]);
    const refusal = new Refusal("second_factor_required", "Send a two-factor code to /login/code.");
    const response = problemResponse(
      toProblem(refusal, app.log, { language: context.language }).problem,
      undefined,
    );
    response.headers.append("set-cookie", cookie);
    return response;
  }
  const wanted = cookies.wantedPage === null ? null : ownPageOf(cookies.wantedPage);
  const next = finished.mustEnrol ? "/account/two-factor" : (wanted ?? "/chat");
  const set = [
    sessionCookie(finished.sessionToken, config.isSecure, config.sessionMaxMs),
    clearedCookie("challenge", config.isSecure),
  ];
  if (wanted !== null && !finished.mustEnrol) set.push(clearedCookie("wanted", config.isSecure));
  if (finished.deviceToken !== null) set.push(deviceCookie(finished.deviceToken, config.isSecure));
  return { result: { message, username: finished.username }, next, cookies: set };
}

function withNext(accepted: Accepted | Response): Accepted | Response {
  if (accepted instanceof Response) return accepted;
  return { ...accepted, result: { ...accepted.result, next: accepted.next } };
}

/** The cookies that a sign-in takes into account. */
export function presentedBy({ cookies, actor }: Pick<Exchange<unknown, unknown>, "cookies" | "actor">) {
  return { deviceToken: cookies.deviceToken, presented: actor };
}

function answer(
  exchange: Exchange<unknown, unknown>,
  factor: Parameters<typeof answerChallenge>[1]["factor"],
  trustsDevice: boolean,
): Promise<FinishedSignIn> {
  const { app, cookies, origin } = exchange;
  if (cookies.challengeToken === null) throw noChallenge();
  const given = { challengeToken: cookies.challengeToken, factor, trustsDevice, ...presentedBy(exchange) };
  return answerChallenge(app, given, origin);
}

/** A form whose page has a different address. */
function definePostOnlyForm<Body>(spec: {
  path: string;
  summary: string;
  body: z.ZodType<Body>;
  submit: (exchange: Exchange<Body, unknown>) => Promise<Accepted | Response>;
  page: (
    exchange: Exchange<Body, unknown>,
    problem: { detail: string; field: string | undefined },
  ) => Promise<Response>;
}): Route {
  const [, post] = defineForm({
    ...spec,
    access: "public",
    result: signedInSchema,
    page: (exchange, { problem }) => spec.page(exchange as Exchange<Body, unknown>, problem!),
  });
  return post!;
}

/** The ways to sign in or register that the sign-in page offers. */
async function readSignInOptions(
  app: App,
): Promise<{ isFirst: boolean; mayRegister: boolean; ssoName: string | null; isPasswordAway: boolean }> {
  const isFirst = !(await hasAnyAccount(app.db.sql));
  const policy = await readPolicy(app.db.sql);
  const mode = registrationMode(policy, app.configuredRegistration);
  return {
    isFirst,
    mayRegister: isFirst || mode === "open",
    ssoName: app.sso?.name ?? null,
    isPasswordAway: !policy.allowsPasswords && app.sso !== null,
  };
}

function closedPage(
  app: App,
  context: Exchange<unknown, unknown>["context"],
  mode: "invite" | "sso" | "closed",
): Promise<Response> {
  const { signIn, parts } = context.t;
  if (mode === "sso" && app.sso !== null)
    return messagePage(context, {
      title: signIn.ssoOnlyTitle,
      lead: signIn.ssoOnly(app.sso.name),
      link: { href: "/login/sso", label: signIn.bySso(app.sso.name) },
      status: 403,
    });
  return messagePage(context, {
    title: mode === "invite" ? signIn.inviteTitle : signIn.closedTitle,
    lead: mode === "invite" ? signIn.invite : signIn.closed,
    link: { href: "/", label: parts.toLogin },
    status: 403,
  });
}

/** Each request stores a challenge until it is answered or expires, so their number is limited. */
export async function limitPasskeyOptions(app: App, address: string): Promise<void> {
  await assertAttempt(app.attemptLimits, `passkey-options:${addressKey(address)}`, passkeyOptionsMax);
}

function noChallenge(): Refusal {
  return new Refusal("challenge_ended", (t) => t.noChallenge);
}
