import { z } from "zod";
import { changePassword } from "../../auth/change-password.ts";
import type { FinishedLogin } from "../../auth/finish-login.ts";
import { logIn } from "../../auth/log-in.ts";
import { register } from "../../auth/register.ts";
import { endSessions } from "../../auth/sessions.ts";
import type { Config } from "../../config/read-config.ts";
import { Refusal } from "../../lib/refusal.ts";
import { clearedSessionCookie, deviceCookie, sessionCookie } from "../cookies.ts";
import { type FormProblem, loginPage, passwordPage, registerPage } from "../pages/sign-in-pages.ts";
import { toProblem } from "../problem.ts";
import { defineRoute, defineSessionRoute, type Exchange, type Route } from "../route.ts";
import type { PageAssets } from "../serve-web.ts";

// Far more than any valid value has; the rules of each field say what is wrong with one in between.
const field = z.string().max(4096);

const loginSchema = z.strictObject({ username: field, password: field });

const registerSchema = z.strictObject({
  email: field,
  username: field,
  password: field,
  confirm_password: field,
  setup_code: field.optional(),
});

const signedInSchema = z.strictObject({ message: z.string(), username: z.string() });

/** The ways in, and the password's change. Their forms are answered with pages, which need the page's files. */
export function createSignInRoutes(assets: PageAssets): Route[] {
  const loginRoute = defineRoute({
    method: "POST",
    path: "/login",
    summary: "Sign in. Takes JSON, or the login page's form and then redirects.",
    access: "public",
    body: loginSchema,
    answer: signedInSchema,
    handle: async (exchange) => {
      const { app, body, cookies, actor, origin } = exchange;
      try {
        const finished = await logIn(
          app,
          {
            username: body.username,
            password: body.password,
            deviceToken: cookies.deviceToken,
            presentedSession: actor?.sessionId ?? null,
          },
          origin,
        );
        return signedIn(exchange, finished, "Signed in");
      } catch (error) {
        if (!exchange.isForm) throw error;
        return refusedForm(exchange, error, (problem) =>
          loginPage({ assets, theme: exchange.cookies.theme }, { username: body.username, problem }),
        );
      }
    },
  });

  const registerRoute = defineRoute({
    method: "POST",
    path: "/register",
    summary: "Make an account and sign in. Takes JSON, or the registration page's form and then redirects.",
    access: "public",
    body: registerSchema,
    answer: signedInSchema,
    handle: async (exchange) => {
      const { app, body, actor, origin } = exchange;
      try {
        const finished = await register(
          app,
          {
            email: body.email,
            username: body.username,
            password: body.password,
            confirmPassword: body.confirm_password,
            setupCode: body.setup_code ?? null,
            presentedSession: actor?.sessionId ?? null,
          },
          origin,
        );
        return signedIn(exchange, finished, "Registered");
      } catch (error) {
        if (!exchange.isForm) throw error;
        const needsSetupCode =
          "setup_code" in body || (error instanceof Refusal && error.code === "setup_code_required");
        return refusedForm(exchange, error, (problem) =>
          registerPage(
            { assets, theme: exchange.cookies.theme },
            {
              username: body.username,
              email: body.email,
              problem,
              needsSetupCode,
              passwordCodePointsMin: app.config.passwordCodePointsMin,
            },
          ),
        );
      }
    },
  });
  const passwordPageRoute = defineRoute({
    method: "GET",
    path: "/account/password",
    summary: "The page to change one's password; signed out, the login page.",
    access: "public",
    isPage: true,
    handle: ({ app, actor, cookies }) => {
      if (!actor) return redirect("/");
      const { passwordCodePointsMin } = app.config;
      return passwordPage({ assets, theme: cookies.theme }, { passwordCodePointsMin });
    },
  });

  const passwordRoute = defineSessionRoute({
    method: "POST",
    path: "/account/password",
    summary: "Change one's password; every other session ends. Takes JSON, or a form and then redirects.",
    body: z.strictObject({ current_password: field, password: field, confirm_password: field }),
    answer: signedInSchema,
    handle: async (exchange) => {
      const { app, body, actor, cookies, origin } = exchange;
      try {
        const change = {
          current: body.current_password,
          password: body.password,
          confirmPassword: body.confirm_password,
          deviceToken: cookies.deviceToken,
        };
        return signedIn(exchange, await changePassword(app, actor, change, origin), "Password changed");
      } catch (error) {
        if (!exchange.isForm) throw error;
        const { passwordCodePointsMin } = app.config;
        return refusedForm(exchange, error, (problem) =>
          passwordPage({ assets, theme: cookies.theme }, { problem, passwordCodePointsMin }),
        );
      }
    },
  });

  return [loginRoute, registerRoute, passwordPageRoute, passwordRoute];
}

export const logoutRoute = defineRoute({
  method: "POST",
  path: "/logout",
  summary: "End this session. Takes an empty JSON object, or the chat page's form and then redirects.",
  access: "public",
  body: z.strictObject({}),
  answer: z.strictObject({ message: z.string() }),
  handle: async ({ app, actor, isForm }) => {
    if (actor) {
      await endSessions(app, [actor.sessionId]);
      app.log.info("session.ended", { account: actor.id });
    }
    const response = isForm ? redirect("/") : Response.json({ message: "Signed out" });
    response.headers.append("set-cookie", clearedSessionCookie(app.config.isSecure));
    // What this browser kept of the chat goes with the session (ASVS 14.3.1).
    response.headers.set("clear-site-data", '"cache", "storage"');
    return response;
  },
});

function signedIn(exchange: Exchange<unknown, unknown>, finished: FinishedLogin, message: string): Response {
  const { config } = exchange.app;
  const response = exchange.isForm
    ? redirect("/chat")
    : Response.json({ message, username: finished.username });
  setLoginCookies(response.headers, finished, config);
  return response;
}

function setLoginCookies(headers: Headers, finished: FinishedLogin, config: Config): void {
  headers.append("set-cookie", sessionCookie(finished.sessionToken, config.isSecure, config.sessionMaxMs));
  if (finished.deviceToken !== null)
    headers.append("set-cookie", deviceCookie(finished.deviceToken, config.isSecure));
}

async function refusedForm(
  { app }: Exchange<unknown, unknown>,
  error: unknown,
  page: (problem: FormProblem) => Promise<Response>,
): Promise<Response> {
  const { problem, retryInMs } = toProblem(error, app.log);
  const response = await page({ detail: problem.detail, field: problem.field });
  const headers = new Headers(response.headers);
  if (retryInMs !== undefined) headers.set("retry-after", String(Math.ceil(retryInMs / 1000)));
  return new Response(response.body, { status: problem.status, headers });
}

function redirect(path: string): Response {
  return new Response(null, { status: 303, headers: { location: path } });
}
