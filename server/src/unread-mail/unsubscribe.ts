import type { FieldsOf } from "@novax/protocol/commands";
import type { AccountId } from "@novax/protocol/ids";
import type { ReadResult } from "@novax/protocol/reads";
import type { Actor } from "../auth/sessions.ts";
import type { Database } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import type { ServerSecret } from "../lib/server-secret.ts";
import type { Mailer } from "../mail/mailer.ts";
import { findUnreadMail, updateMinutes } from "./queries.ts";

const sealContext = "unsubscribe";

type UnreadMailSettings = { db: Database; mailer: Pick<Mailer, "isReal"> };

/** The address that ends these emails for an account, without signing in (RFC 8058). It does not expire. */
export function unsubscribeUrl(app: { publicUrl: URL; secret: ServerSecret }, account: AccountId): URL {
  const url = new URL("/unsubscribe", app.publicUrl);
  url.searchParams.set("token", app.secret.seal(account, sealContext).toString("base64url"));
  return url;
}

/** Returns whose emails a token ends. Refuses with `not_found` any other text. */
export function readUnsubscribeToken(app: { secret: ServerSecret }, token: string): AccountId {
  const account = app.secret.open(Buffer.from(token, "base64url"), sealContext);
  if (account === null) throw new Refusal("not_found", (t) => t.nothingHere);
  return account as AccountId;
}

/** Ends these emails for an account. */
export async function unsubscribe(app: { db: Database; secret: ServerSecret }, token: string): Promise<void> {
  await updateMinutes(app.db.sql, readUnsubscribeToken(app, token), null);
}

/** Changes after how many minutes the actor gets an email; null: never. */
export async function setUnreadMail(
  app: UnreadMailSettings,
  actor: Actor,
  { minutes }: FieldsOf<"unread_mail.set">,
): Promise<void> {
  await updateMinutes(app.db.sql, actor.id, minutes);
}

/** Returns whether this server sends such emails to the actor, and when. */
export async function readUnreadMail(
  app: UnreadMailSettings,
  actor: Actor,
): Promise<ReadResult<"me.unread_mail">> {
  const { minutes, isVerified } = (await findUnreadMail(app.db.sql, actor.id))!;
  return { isPossible: app.mailer.isReal && isVerified, minutes };
}
