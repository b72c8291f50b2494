import { z } from "zod";
import { findAccountById } from "../../accounts/queries.ts";
import {
  addPasskey,
  nameOwnPasskey,
  newPasskeySchema,
  removePasskey,
  requestNewPasskey,
} from "../../auth/own-passkeys.ts";
import { listPasskeys } from "../../auth/passkey-queries.ts";
import { countRecoveryCodes } from "../../auth/recovery-code-queries.ts";
import { isRecoveryCode } from "../../auth/recovery-codes.ts";
import type { Actor } from "../../auth/sessions.ts";
import {
  confirmTotp,
  disableFactor,
  renewRecoveryCodes,
  resumeTotp,
  startTotp,
  turnOnWithPasskeys,
} from "../../auth/two-factor.ts";
import { Refusal } from "../../lib/refusal.ts";
import type { App } from "../app.ts";
import { defineAction, defineForm, textField } from "../form-route.ts";
import { passkeysPage, recoveryCodesPage, twoFactorPage } from "../pages/factor-pages.ts";
import { doneText } from "../pages/form.ts";
import { defineSessionRoute, type Exchange, type Route } from "../route.ts";
import { doneQuery, emptyBody, isFactorRequired } from "./account.ts";
import { limitPasskeyOptions } from "./sign-in.ts";

const codesSchema = z.strictObject({ message: z.string(), recovery_codes: z.array(z.string()) });

const twoFactorRoutes = defineForm({
  path: "/account/two-factor",
  summary:
    "Turn on two-factor authentication with the first code from an authenticator app. Returns the recovery codes.",
  access: "enrolment",
  needsRecentProof: true,
  // The seed was given out after a proof, and is sealed with its expiry. So somebody who is slow to scan the code need
  // not start again.
  provesItself: true,
  body: z.strictObject({ enrolment: textField, code: textField }),
  query: z.strictObject({ done: textField.optional(), setup: textField.optional() }),
  result: codesSchema,
  page: async ({ app, actor, context, query }, { problem, body }) => {
    const view = await readFactorView(app, actor);
    const isSetup = !view.hasFactor || query?.setup !== undefined;
    const enrolment = body
      ? resumeOrStart(app, actor, body.enrolment)
      : isSetup
        ? startTotp(app, actor)
        : null;
    return twoFactorPage(context, { ...view, enrolment, problem, done: doneText(context, query) });
  },
  submit: async (exchange) => {
    const { app, actor, body, origin } = exchange;
    return showCodes(exchange, await confirmTotp(app, actor, body, origin));
  },
});

const startTotpRoute = defineAction({
  path: "/account/two-factor/start",
  summary:
    "Get a new seed for an authenticator app. It takes effect once you send back one of its codes with the enrolment.",
  access: "enrolment",
  needsRecentProof: true,
  body: emptyBody,
  result: z.strictObject({ seed: z.string(), uri: z.string(), enrolment: z.string() }),
  submit: async ({ app, actor }) => Response.json(startTotp(app, actor)),
});

const passkeysAsFactorRoute = defineAction({
  path: "/account/two-factor/passkeys",
  summary: "Turn on two-factor authentication with your passkeys. Returns the recovery codes.",
  access: "enrolment",
  needsRecentProof: true,
  body: emptyBody,
  result: codesSchema,
  submit: async (exchange) => {
    const { app, actor, origin } = exchange;
    return showCodes(exchange, await turnOnWithPasskeys(app, actor, origin));
  },
});

const renewCodesRoute = defineAction({
  path: "/account/two-factor/recovery-codes",
  summary: "Create ten new recovery codes. The old ones stop working.",
  access: "session",
  needsRecentProof: true,
  body: emptyBody,
  result: codesSchema,
  submit: async (exchange) => {
    const { app, actor, origin } = exchange;
    return showCodes(exchange, await renewRecoveryCodes(app, actor, origin), "codes");
  },
});

const downloadCodesRoute = defineAction({
  path: "/account/two-factor/recovery-codes/download",
  summary: "Return the recovery codes on the page as a file. The server itself no longer knows them.",
  access: "session",
  body: z.strictObject({ codes: textField }),
  answers: { 200: { description: "The codes.", type: "text/plain" } },
  submit: async ({ actor, body, app, context }) => {
    const codes = body.codes.split(" ");
    // Only recovery codes, so that a link cannot make this server deliver a file with content of an attacker's choice.
    if (codes.length > 10 || !codes.every(isRecoveryCode))
      throw new Refusal("malformed", "codes: these aren't recovery codes");
    const text = `${context.t.factors.codesFile(app.identity.name, actor.username, app.publicUrl.host)}\n\n${codes.join("\n")}\n`;
    return new Response(text, {
      headers: {
        "content-type": "text/plain; charset=utf-8",
        "content-disposition": 'attachment; filename="novax-recovery-codes.txt"',
      },
    });
  },
});

const disableRoute = defineAction({
  path: "/account/two-factor/disable",
  summary: "Turn off two-factor authentication.",
  access: "session",
  needsRecentProof: true,
  body: emptyBody,
  submit: async ({ app, actor, origin }) => {
    await disableFactor(app, actor, await isFactorRequired(app, actor), origin);
    return { result: { message: "Turned off" }, next: "/account?done=off" };
  },
});

const passkeysPageRoute = defineSessionRoute({
  access: "enrolment",
  method: "GET",
  path: "/account/passkeys",
  summary: "List your passkeys.",
  query: doneQuery,
  isPage: true,
  handle: async ({ app, actor, context, query }) =>
    passkeysPage(context, await listPasskeys(app.db.sql, actor.id), doneText(context, query)),
});

const newPasskeyOptionsRoute = defineAction({
  path: "/account/passkeys/options",
  summary: "Get the options to create a passkey.",
  access: "enrolment",
  needsRecentProof: true,
  body: emptyBody,
  result: z.looseObject({}),
  submit: async ({ app, actor, origin }) => {
    await limitPasskeyOptions(app, origin.address);
    return Response.json(await requestNewPasskey(app, actor));
  },
});

const newPasskeyRoute = defineAction({
  path: "/account/passkeys",
  summary: "Add a passkey.",
  access: "enrolment",
  needsRecentProof: true,
  body: z.strictObject({ response: newPasskeySchema, name: textField.optional() }),
  result: z.strictObject({ message: z.string(), next: z.string() }),
  submit: async ({ app, actor, body, origin }) => {
    await addPasskey(app, actor, { response: body.response, name: body.name ?? "" }, origin);
    const next = "/account/passkeys?done=added";
    return { result: { message: "Added", next }, next };
  },
});

const renamePasskeyRoute = defineAction({
  path: "/account/passkeys/:passkey/rename",
  summary: "Rename a passkey.",
  access: "session",
  body: z.strictObject({ name: textField }),
  submit: async ({ app, actor, body, params }) => {
    await nameOwnPasskey(app, actor, params.passkey!, { name: body.name });
    return { result: { message: "Renamed" }, next: "/account/passkeys?done=renamed" };
  },
});

const removePasskeyRoute = defineAction({
  path: "/account/passkeys/:passkey/remove",
  summary: "Remove a passkey.",
  access: "session",
  needsRecentProof: true,
  body: emptyBody,
  submit: async ({ app, actor, params, origin }) => {
    await removePasskey(app, actor, params.passkey!, origin);
    return { result: { message: "Removed" }, next: "/account/passkeys?done=removed" };
  },
});

export const factorRoutes: readonly Route[] = [
  ...twoFactorRoutes,
  startTotpRoute,
  passkeysAsFactorRoute,
  renewCodesRoute,
  downloadCodesRoute,
  disableRoute,
  passkeysPageRoute,
  newPasskeyOptionsRoute,
  newPasskeyRoute,
  renamePasskeyRoute,
  removePasskeyRoute,
];

async function showCodes(
  { isForm, context }: Pick<Exchange<unknown, unknown>, "isForm" | "context">,
  codes: string[],
  done: "factor" | "codes" = "factor",
): Promise<Response> {
  if (isForm) return recoveryCodesPage(context, codes, done);
  return Response.json({ message: "Turned on", recovery_codes: codes });
}

/** Keeps the seed on the page while its codes are tried. An expired one is replaced. */
function resumeOrStart(app: App, actor: Actor, enrolment: string) {
  try {
    return resumeTotp(app, actor, enrolment);
  } catch {
    return startTotp(app, actor);
  }
}

async function readFactorView(app: App, actor: Actor) {
  const { hasFactor, hasTotp } = (await findAccountById(app.db.sql, actor.id))!;
  return {
    hasFactor,
    hasTotp,
    isRequired: await isFactorRequired(app, actor),
    mustEnrol: actor.mustEnrol,
    recoveryCodesLeft: await countRecoveryCodes(app.db.sql, actor.id),
    passkeys: (await listPasskeys(app.db.sql, actor.id)).length,
  };
}
