import type { AccountId } from "@novax/protocol/ids";
import type { Language } from "@novax/protocol/language";
import type { NoticeSignal } from "@novax/protocol/signals";
import type { Sql } from "../db/database.ts";
import type { QueueNeeds } from "../jobs/queue.ts";
import { queueMail } from "../jobs/send-mail.ts";
import type { ServerName } from "../lib/server-name.ts";
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

type Notice = { kind: NoticeKind; detail: NoticeText };

type NoticeNeeds = QueueNeeds & { publicUrl: URL; identity: ServerName };

/**
 * Stores an account notice in the transaction that causes it, and queues it as an email if the address is verified:
 * otherwise anyone could register a stranger's address and have mail sent there. Returns the signal to publish after
 * the commit.
 */
export async function recordNotice(
  app: NoticeNeeds,
  tx: Sql,
  to: Recipient,
  { kind, detail }: Notice,
): Promise<NoticeSignal> {
  const { notices } = textsIn(to.language);
  const said = detail(notices);
  await insertNotice(tx, { id: app.random.uuid(), account: to.id, kind, at: app.clock.now(), detail: said });
  if (to.isEmailVerified) await mailNotice(app, tx, { ...to, address: to.email }, { kind, detail });
  return { type: "notice", title: notices.titles[kind], detail: said };
}

/** Queues only the email, also for an address that no longer belongs to the account. */
export async function mailNotice(
  app: NoticeNeeds,
  tx: Sql,
  to: { username: string; address: string; language: Language },
  { kind, detail }: Notice,
): Promise<void> {
  const { notices } = textsIn(to.language);
  const url = new URL("/account", app.publicUrl).href;
  const facts = { username: to.username, title: notices.titles[kind], detail: detail(notices), url };
  await queueMail(app, tx, noticeLetter(to.address, to.language, facts));
}
