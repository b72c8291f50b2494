import type { AccountId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import type { NoticeSignal } from "@novax/protocol/signals";
import type { Sql } from "../db/database.ts";
import type { QueueNeeds } from "../jobs/queue.ts";
import { queueMail } from "../jobs/send-mail.ts";
import { noticeLetter } from "../mail/letters.ts";
import { type NoticeText, textsIn } from "../texts/texts.ts";
import { insertNotice, type NoticeKind } from "./queries.ts";

export type Recipient = {
  id: AccountId;
  username: string;
  email: string;
  isEmailVerified: boolean;
  language: Language;
};

type NoticeNeeds = QueueNeeds & { publicUrl: URL };

/**
 * Tells a person what happened to their account, in the transaction in which it happens. By email only where the address
 * is known to be theirs, or a stranger's address could be registered to have its owner written to. Returns what their open
 * pages are to be told after the commit.
 */
export async function recordNotice(
  app: NoticeNeeds,
  tx: Sql,
  to: Recipient,
  kind: NoticeKind,
  detail: NoticeText,
): Promise<NoticeSignal> {
  const { notices } = textsIn(to.language);
  const said = detail(notices);
  await insertNotice(tx, { id: app.random.uuid(), account: to.id, kind, at: app.clock.now(), detail: said });
  if (to.isEmailVerified) await mailNotice(app, tx, { ...to, address: to.email }, kind, detail);
  return { type: "notice", title: notices.titles[kind], detail: said };
}

/** The email alone, also to an address that is no longer the account's. */
export async function mailNotice(
  app: NoticeNeeds,
  tx: Sql,
  to: { username: string; address: string; language: Language },
  kind: NoticeKind,
  detail: NoticeText,
): Promise<void> {
  const { notices } = textsIn(to.language);
  const url = new URL("/account", app.publicUrl).href;
  const facts = { username: to.username, title: notices.titles[kind], detail: detail(notices), url };
  await queueMail(app, tx, noticeLetter(to.address, to.language, facts));
}
