import type { SessionId } from "@novax/protocol/ids";
import { z } from "zod";
import { findAccountById } from "../../accounts/queries.ts";
import {
  confirmByPasskey,
  confirmByPassword,
  requestConfirmingPasskey,
} from "../../auth/confirm-identity.ts";
import { listTrustedDevices } from "../../auth/known-device-queries.ts";
import { distrustOwnDevice, endOtherSessions, endOwnSession } from "../../auth/own-sessions.ts";
import { listPasskeys } from "../../auth/passkey-queries.ts";
import { passkeyResponseSchema } from "../../auth/passkeys.ts";
import { listSessions } from "../../auth/session-queries.ts";
import type { Actor } from "../../auth/sessions.ts";
import { Refusal } from "../../lib/refusal.ts";
import type { App } from "../app.ts";
import { anyText, checkbox, defineAction, defineForm, textField } from "../form-route.ts";
import { isOwnPage } from "../own-page.ts";
import { devicesPage } from "../pages/factor-pages.ts";
import { doneText } from "../pages/form.ts";
import { confirmPage } from "../pages/sign-in-pages.ts";
import { defineSessionRoute, type Route } from "../route.ts";
import { doneQuery, emptyBody } from "./account.ts";
import { limitPasskeyOptions } from "./sign-in.ts";

const devicesPageRoute = defineSessionRoute({
  method: "GET",
  path: "/account/devices",
  summary: "Show where you're signed in.",
  needsRecentProof: true,
  query: doneQuery,
  isPage: true,
  handle: async ({ app, actor, context, query }) =>
    devicesPage(context, {
      ...(await readDevices(app, actor)),
      current: actor.sessionId,
      done: doneText(context, query),
    }),
});

const devicesRoute = defineSessionRoute({
  method: "GET",
  path: "/api/account/devices",
  summary: "List your sessions and trusted browsers.",
  needsRecentProof: true,
  result: z.looseObject({ sessions: z.array(z.looseObject({})), trusted: z.array(z.looseObject({})) }),
  handle: async ({ app, actor }) =>
    Response.json({ ...(await readDevices(app, actor)), current: actor.sessionId }),
});

const endSessionRoute = defineAction({
  path: "/account/devices/end",
  summary: "Sign out one of your devices.",
  access: "session",
  needsRecentProof: true,
  body: z.strictObject({ session: z.uuid() }),
  submit: async ({ app, actor, body, origin }) => {
    await endOwnSession(app, actor, body.session as SessionId, origin);
    return { result: { message: "Signed out" }, next: "/account/devices?done=ended" };
  },
});

const endOthersRoute = defineAction({
  path: "/account/devices/end-others",
  summary: "Sign out all of your other devices.",
  access: "session",
  needsRecentProof: true,
  body: emptyBody,
  submit: async ({ app, actor, origin }) => {
    await endOtherSessions(app, actor, origin);
    return { result: { message: "Signed out" }, next: "/account/devices?done=others" };
  },
});

const distrustRoute = defineAction({
  path: "/account/devices/distrust",
  summary: "Stop trusting a browser, so that it's asked for two-factor authentication again.",
  access: "session",
  needsRecentProof: true,
  body: z.strictObject({ device: z.uuid() }),
  submit: async ({ app, actor, body, origin }) => {
    await distrustOwnDevice(app, actor, body.device, origin);
    return { result: { message: "Done" }, next: "/account/devices?done=distrusted" };
  },
});

const confirmRoutes = defineForm({
  path: "/account/confirm",
  summary: "Confirm it's you, with your password and second factor.",
  access: "enrolment",
  body: z.strictObject({ password: anyText, code: textField.optional(), next: textField.optional() }),
  query: z.strictObject({ next: textField.optional() }),
  page: async ({ app, context, actor, query }, { problem, body }) => {
    const account = (await findAccountById(app.db.sql, actor.id))!;
    const passkeys = await listPasskeys(app.db.sql, actor.id);
    return confirmPage(context, {
      problem,
      username: actor.username,
      next: parseNext(body?.next ?? query?.next),
      hasPassword: account.passwordHash !== null,
      hasCode: account.hasFactor,
      hasPasskeys: passkeys.length > 0,
    });
  },
  submit: async ({ app, actor, body, cookies, origin }) => {
    const next = parseNext(body.next);
    const proof = { password: body.password, code: body.code ?? "", deviceToken: cookies.deviceToken };
    await confirmByPassword(app, actor, proof, origin);
    return { result: { message: "Confirmed" }, next };
  },
});

const confirmPasskeyOptionsRoute = defineAction({
  path: "/account/confirm/passkey/options",
  summary: "Get the options to confirm it's you with a passkey.",
  access: "enrolment",
  body: emptyBody,
  result: z.looseObject({}),
  submit: async ({ app, actor, origin }) => {
    await limitPasskeyOptions(app, origin.address);
    return Response.json(await requestConfirmingPasskey(app, actor));
  },
});

const confirmPasskeyRoute = defineAction({
  path: "/account/confirm/passkey",
  summary: "Confirm it's you, with a passkey.",
  access: "enrolment",
  body: z.strictObject({ response: passkeyResponseSchema, trust_device: checkbox }),
  result: z.strictObject({ message: z.string(), next: z.string() }),
  submit: async ({ app, actor, body, url }) => {
    const next = parseNext(url.searchParams.get("next") ?? undefined);
    await confirmByPasskey(app, actor, body.response);
    return { result: { message: "Confirmed", next }, next };
  },
});

/** Sessions, trusted browsers, and re-authentication. */
export const deviceRoutes: readonly Route[] = [
  devicesPageRoute,
  devicesRoute,
  endSessionRoute,
  endOthersRoute,
  distrustRoute,
  ...confirmRoutes,
  confirmPasskeyOptionsRoute,
  confirmPasskeyRoute,
];

/**
 * Where to go after re-authentication: one of our own pages only, or this would be an open redirect. Anything else is
 * refused (X07).
 */
function parseNext(text: string | undefined): string {
  if (text === undefined) return "/account";
  if (!isOwnPage(text)) throw new Refusal("malformed", "next: isn't a page of your account");
  return text;
}

async function readDevices(app: App, actor: Actor) {
  return {
    sessions: await listSessions(app, actor.id),
    trusted: await listTrustedDevices(app.db.sql, actor.id, app.clock.now()),
  };
}
