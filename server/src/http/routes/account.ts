import type { Language } from "@novax/protocol/language";
import { z } from "zod";
import { exportAccount } from "../../account-data/export-account.ts";
import { exportWithFiles } from "../../account-data/export-files.ts";
import { deletionGraceDays, requestDeletion } from "../../account-data/request-deletion.ts";
import { parseEmail } from "../../accounts/email.ts";
import { findVerification } from "../../accounts/email-queries.ts";
import { requiresFactor } from "../../accounts/policy.ts";
import { readPolicy } from "../../accounts/policy-queries.ts";
import { changeDisplayName, changeUsername } from "../../accounts/profile.ts";
import { findAccountById } from "../../accounts/queries.ts";
import { requestEmailChange, resendVerification, verifyByCode } from "../../accounts/verify-email.ts";
import { isPrivileged } from "../../admin/permissions.ts";
import { recordAudit } from "../../audit/audit-log.ts";
import { type AttemptLimit, assertAttempt } from "../../auth/attempt-limits.ts";
import { changePassword } from "../../auth/change-password.ts";
import { listIdentities } from "../../auth/identity-queries.ts";
import { listPasskeys } from "../../auth/passkey-queries.ts";
import { countRecoveryCodes } from "../../auth/recovery-code-queries.ts";
import { listSessions } from "../../auth/session-queries.ts";
import type { Actor } from "../../auth/sessions.ts";
import { readStorageUse } from "../../files/queries.ts";
import { Refusal } from "../../lib/refusal.ts";
import { listNotices, markNoticesSeen } from "../../notices/queries.ts";
import type { App } from "../app.ts";
import { clearedCookie } from "../cookies.ts";
import { anyText, checkbox, defineAction, defineForm, textField } from "../form-route.ts";
import { dataPage, emailPage, type Overview, overviewPage, profilePage } from "../pages/account-pages.ts";
import { doneText } from "../pages/form.ts";
import { passwordPage } from "../pages/sign-in-pages.ts";
import { defineSessionRoute, type Route } from "../route.ts";
import { signedIn } from "./sign-in.ts";

const noticesShown = 20;

/** Set after a redirect, to confirm what was just done. */
export const doneQuery = z.strictObject({ done: textField.optional() });
export const emptyBody = z.strictObject({});

const overviewRoute = defineSessionRoute({
  method: "GET",
  path: "/account",
  summary: "Show how your account is secured, at a glance.",
  query: doneQuery,
  isPage: true,
  handle: async ({ app, actor, context, query }) => {
    const page = await overviewPage(
      context,
      await readOverview(app, actor, context.language),
      doneText(context, query),
    );
    // The page shows the notices, so they count as seen.
    await markNoticesSeen(app.db.sql, actor.id, app.clock.now());
    return page;
  },
});

const accountRoute = defineSessionRoute({
  method: "GET",
  path: "/api/account",
  summary: "Get your account: what's set up, what's missing, and its security activity.",
  result: z.looseObject({
    username: z.string(),
    hasFactor: z.boolean(),
    notices: z.array(z.looseObject({})),
  }),
  handle: async ({ app, actor, context }) => Response.json(await readOverview(app, actor, context.language)),
});

const profileRoutes = defineForm({
  path: "/account/profile",
  summary: "Change your display name.",
  access: "session",
  body: z.strictObject({ display_name: textField }),
  query: doneQuery,
  page: ({ context, actor, query }, { problem, body }) =>
    profilePage(context, {
      username: actor.username,
      displayName: body?.display_name ?? actor.displayName ?? "",
      problem,
      done: doneText(context, query),
    }),
  submit: async ({ app, actor, body }) => {
    await changeDisplayName(app, actor, body.display_name);
    return { result: { message: "Saved" }, next: "/account/profile?done=saved" };
  },
});

const usernameRoutes = defineForm({
  path: "/account/username",
  summary: "Change your username. Your old one stays reserved for 30 days.",
  access: "session",
  needsRecentProof: true,
  body: z.strictObject({ username: textField }),
  page: ({ context, actor }, { problem, body }) =>
    profilePage(context, {
      username: body?.username ?? actor.username,
      displayName: actor.displayName ?? "",
      problem: problem && { ...problem, field: "username" },
      done: undefined,
    }),
  submit: async ({ app, actor, body, origin }) => {
    await changeUsername(app, actor, body.username, origin);
    return { result: { message: "Changed" }, next: "/account/profile?done=username" };
  },
});

const passwordRoutes = defineForm({
  path: "/account/password",
  summary: "Change your password and sign out everywhere else. Takes JSON, or a form and then redirects.",
  access: "session",
  body: z.strictObject({ current_password: anyText, password: anyText, confirm_password: anyText }),
  result: z.strictObject({ message: z.string(), username: z.string() }),
  page: ({ app, context, actor }, { problem }) =>
    passwordPage(context, {
      username: actor.username,
      problem,
      passwordCodePointsMin: app.config.passwordCodePointsMin,
    }),
  submit: async (exchange) => {
    const { app, body, actor, cookies, origin } = exchange;
    const change = {
      current: body.current_password,
      password: body.password,
      confirmPassword: body.confirm_password,
      deviceToken: cookies.deviceToken,
    };
    const accepted = signedIn(exchange, await changePassword(app, actor, change, origin), "Password changed");
    return accepted instanceof Response ? accepted : { ...accepted, next: "/account?done=password" };
  },
});

const emailRoutes = defineForm({
  path: "/account/email",
  summary: "Change your email address. The new one takes effect once it's confirmed.",
  access: "session",
  needsRecentProof: true,
  body: z.strictObject({ email: textField }),
  query: doneQuery,
  page: async ({ app, context, actor, query }, { problem, body }) =>
    emailPage(context, {
      ...(await readEmailView(app, actor)),
      typed: body?.email,
      problem,
      done: doneText(context, query),
    }),
  submit: async ({ app, actor, body, origin }) => {
    await requestEmailChange(app, actor, parseEmail(body.email), origin);
    return {
      result: { message: "We've sent an email to the new address" },
      next: "/account/email?done=asked",
    };
  },
});

const emailCodeRoutes = defineForm({
  path: "/account/email/verify",
  summary: "Confirm your email address with the code from the email.",
  access: "session",
  body: z.strictObject({ code: textField }),
  page: async ({ app, context, actor }, { problem }) =>
    emailPage(context, { ...(await readEmailView(app, actor)), typed: undefined, problem, done: undefined }),
  submit: async ({ app, actor, body }) => {
    await verifyByCode(app, actor.id, body.code);
    return { result: { message: "Confirmed" }, next: "/account/email?done=verified" };
  },
});

const emailResendRoute = defineAction({
  path: "/account/email/resend",
  summary: "Resend the email that confirms your address.",
  back: ({ context }) => ({ href: "/account/email", label: context.t.account.yourEmail }),
  access: "session",
  body: emptyBody,
  submit: async ({ app, actor }) => {
    await resendVerification(app, actor.id);
    return { result: { message: "We've sent you an email" }, next: "/account/email?done=sent" };
  },
});

const dataRoutes = defineForm({
  path: "/account/data",
  summary: "Delete your account in 14 days. Signing in before then cancels it.",
  access: "session",
  needsRecentProof: true,
  body: z.strictObject({ messages: z.enum(["keep", "erase"]), is_sure: checkbox }),
  page: async ({ app, context, actor }, { problem, body }) => {
    const { allowsErasure } = await readPolicy(app.db.sql);
    const messages = body?.messages ?? "keep";
    const { own: storedBytes } = await readStorageUse(app.db.sql, actor.id);
    const storage = { storedBytes, storedBytesMax: app.fileLimits.perPersonBytes };
    return dataPage(context, { allowsErasure, messages, graceDays: deletionGraceDays, ...storage, problem });
  },
  submit: async ({ app, actor, body, origin }) => {
    if (!body.is_sure) {
      throw new Refusal("malformed", (t) => t.tickBox, { field: "is_sure" });
    }
    await requestDeletion(app, actor, { erasesMessages: body.messages === "erase" }, origin);
    const cookies = [clearedCookie("session", app.config.isSecure)];
    return { result: { message: "The account will be deleted in 14 days" }, next: "/?done=deleted", cookies };
  },
});

const exportLimit: AttemptLimit = { max: 5, windowMs: 3_600_000 };

const exportRoute = defineAction({
  path: "/account/export",
  summary: "Download everything the server stores about you, as one JSON file.",
  access: "session",
  needsRecentProof: true,
  body: emptyBody,
  answers: { 200: { description: "The export.", type: "application/json" } },
  submit: async ({ app, actor, origin }) => {
    await assertExport(app, actor, origin);
    return new Response(exportAccount(app, actor) as unknown as ReadableStream, {
      headers: {
        "content-type": "application/json; charset=utf-8",
        "content-disposition": `attachment; filename="novax-${actor.username}.json"`,
      },
    });
  },
});

const exportFilesRoute = defineAction({
  path: "/account/export/files",
  summary: "Download everything the server stores about you and your files, as one ZIP file.",
  access: "session",
  needsRecentProof: true,
  body: emptyBody,
  answers: { 200: { description: "The export.", type: "application/zip" } },
  submit: async ({ app, actor, origin }) => {
    await assertExport(app, actor, origin);
    return new Response(exportWithFiles(app, actor), {
      headers: {
        "content-type": "application/zip",
        "content-disposition": `attachment; filename="novax-${actor.username}.zip"`,
      },
    });
  },
});

/** It reads all that somebody ever wrote, and is an entry of the audit log. */
async function assertExport(app: App, actor: Actor, { address }: { address: string }): Promise<void> {
  await assertAttempt(app.attemptLimits, `export:${actor.id}`, exportLimit);
  await app.db.transact((tx) =>
    recordAudit(app, tx, { action: "account.exported", actor, subject: actor, address }),
  );
}

export const accountRoutes: readonly Route[] = [
  overviewRoute,
  accountRoute,
  ...profileRoutes,
  ...usernameRoutes,
  ...passwordRoutes,
  ...emailRoutes,
  ...emailCodeRoutes,
  emailResendRoute,
  ...dataRoutes,
  exportRoute,
  exportFilesRoute,
];

async function readOverview(app: App, actor: Actor, language: Language): Promise<Overview> {
  const { sql } = app.db;
  const account = (await findAccountById(sql, actor.id))!;
  const { username, displayName, email, isEmailVerified, hasFactor, hasTotp } = account;
  return {
    username,
    displayName,
    email,
    isEmailVerified,
    hasPassword: account.passwordHash !== null,
    hasFactor,
    hasTotp,
    recoveryCodesLeft: await countRecoveryCodes(sql, actor.id),
    passkeys: (await listPasskeys(sql, actor.id)).length,
    sessions: (await listSessions(app, actor.id)).length,
    identities: (await listIdentities(sql, actor.id)).length,
    ssoName: app.sso?.name ?? null,
    isPrivileged: isPrivileged(actor.serverRole),
    notices: await listNotices(sql, actor.id, language, { limit: noticesShown }),
  };
}

async function readEmailView(app: App, actor: Actor) {
  const account = (await findAccountById(app.db.sql, actor.id))!;
  const pending = await findVerification(app.db.sql, actor.id);
  return {
    email: account.email,
    isVerified: account.isEmailVerified,
    pending: pending?.email ?? null,
    isMailReal: app.mailer.isReal,
  };
}

/** Whether this person must have a second factor. */
export async function isFactorRequired(app: App, actor: Actor): Promise<boolean> {
  const account = (await findAccountById(app.db.sql, actor.id))!;
  return requiresFactor(await readPolicy(app.db.sql), account);
}
