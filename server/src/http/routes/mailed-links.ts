import { z } from "zod";
import { requireVerification, verifyByToken } from "../../accounts/verify-email.ts";
import { requestReset, requireReset, resetPassword } from "../../auth/reset-password.ts";
import { Refusal } from "../../lib/refusal.ts";
import { readUnsubscribeToken, unsubscribe } from "../../unread-mail/unsubscribe.ts";
import { anyText, defineForm, textField } from "../form-route.ts";
import { cardPage, messagePage, renderForm } from "../pages/form.ts";
import { forgotPage, resetPage } from "../pages/sign-in-pages.ts";
import { defineRoute, type Exchange, type Route, redirect } from "../route.ts";

const tokenQuery = z.strictObject({ token: textField.default("") });

const forgotRoutes = defineForm({
  path: "/forgot",
  summary: "Request a link to set a new password. The response is the same for every address.",
  access: "public",
  body: z.strictObject({ email: textField }),
  answers: {
    202: {
      description: "Whether there is such an account isn't told.",
      type: "application/json",
      schema: z.strictObject({ message: z.string() }),
    },
  },
  query: z.strictObject({ sent: textField.optional() }),
  page: ({ app, context, query }, { problem }) =>
    forgotPage(context, { problem, isSent: query?.sent !== undefined, isMailReal: app.mailer.isReal }),
  submit: async ({ app, body, origin, isForm }) => {
    await requestReset(app, body.email, origin);
    if (isForm) return redirect("/forgot?sent=1");
    return Response.json(
      { message: "If an account uses this address, we've sent it a link." },
      { status: 202 },
    );
  },
});

const resetRoutes = defineForm({
  path: "/reset",
  summary: "Set a new password with a link from an email. Doesn't sign you in.",
  access: "public",
  body: z.strictObject({ token: textField, password: anyText, confirm_password: anyText }),
  query: tokenQuery,
  page: async (exchange, { problem, body }) => {
    const { app, context, origin } = exchange;
    // A form that could not be parsed has no token.
    const token = body?.token ?? exchange.query?.token ?? "";
    try {
      const { username } = await requireReset(app, token, origin);
      const { passwordCodePointsMin } = app.config;
      return withoutReferrer(await resetPage(context, { token, username, problem, passwordCodePointsMin }));
    } catch (error) {
      return withoutReferrer(
        await deadLink(context, error, { href: "/forgot", label: context.t.signIn.newLink }),
      );
    }
  },
  submit: async ({ app, body, origin }) => {
    const reset = { token: body.token, password: body.password, confirmPassword: body.confirm_password };
    await resetPassword(app, reset, origin);
    return { result: { message: "Your new password is set. Sign in with it." }, next: "/?done=reset" };
  },
});

const verifyRoutes = defineForm({
  path: "/verify",
  summary: "Confirm an email address with a link from an email.",
  access: "public",
  body: z.strictObject({ token: textField }),
  query: tokenQuery,
  page: async (exchange, { problem, body }) => {
    const { app, context } = exchange;
    // A form that could not be parsed has no token.
    const token = body?.token ?? exchange.query?.token ?? "";
    try {
      const { email } = await requireVerification(app, token);
      // A page with a button, because mail scanners follow links and must not confirm an address by that.
      const form = renderForm({
        action: "/verify",
        submit: context.t.account.confirm,
        problem,
        fields: [{ kind: "hidden", name: "token", value: token }],
      });
      return withoutReferrer(
        await cardPage(context, { title: context.t.signIn.confirmAddress, lead: email, body: form }),
      );
    } catch (error) {
      return withoutReferrer(
        await deadLink(context, error, { href: "/account/email", label: context.t.account.yourEmail }),
      );
    }
  },
  submit: async ({ app, body, actor }) => {
    await verifyByToken(app, body.token);
    const next = actor ? "/account/email?done=verified" : "/?done=verified";
    return { result: { message: "Your email address is confirmed." }, next };
  },
});

const unsubscribePage = defineRoute({
  method: "GET",
  path: "/unsubscribe",
  summary: "Show the page that stops emails about unread messages.",
  access: "public",
  query: tokenQuery,
  isPage: true,
  handle: async ({ app, context, query }) => {
    readUnsubscribeToken(app, query.token);
    // A page with a button: mail scanners follow links.
    const form = renderForm({
      action: `/unsubscribe?token=${encodeURIComponent(query.token)}`,
      submit: context.t.account.stopEmails,
      fields: [],
    });
    const { stopEmails: title, stopEmailsLead: lead } = context.t.account;
    return withoutReferrer(await cardPage(context, { title, lead, body: form }));
  },
});

/** Takes the form of the page, and that of a mail program, `List-Unsubscribe=One-Click` (RFC 8058). */
const unsubscribeRoute = defineRoute({
  method: "POST",
  path: "/unsubscribe",
  summary: "Stop emails about unread messages, with the link from one of them.",
  access: "public",
  query: tokenQuery,
  // Of any type, also `multipart/form-data`, and nothing of it is read.
  body: "stream",
  bodyBytesMax: 10_000,
  isFromAnywhere: true,
  handle: async ({ app, context, query }) => {
    await unsubscribe(app, query.token);
    return withoutReferrer(
      await messagePage(context, {
        title: context.t.account.emailsStopped,
        lead: context.t.account.emailsStoppedLead,
        link: { href: "/chat", label: context.t.account.toChat },
      }),
    );
  },
});

/** The pages that mails link to. */
export const mailedLinkRoutes: readonly Route[] = [
  ...forgotRoutes,
  ...resetRoutes,
  ...verifyRoutes,
  unsubscribePage,
  unsubscribeRoute,
];

/** The page's URL contains a secret, which must not reach other sites as a referrer (R07). */
function withoutReferrer(page: Response): Response {
  page.headers.set("referrer-policy", "no-referrer");
  return page;
}

async function deadLink(
  context: Exchange<unknown, unknown>["context"],
  error: unknown,
  link: { href: string; label: string },
): Promise<Response> {
  if (!(error instanceof Refusal)) throw error;
  if (error.code !== "link_invalid") throw error;
  return messagePage(context, {
    title: context.t.signIn.deadLink,
    lead: error.detailIn(context.language),
    link,
    status: 400,
  });
}
