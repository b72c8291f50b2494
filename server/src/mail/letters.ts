import type { Language } from "@novax/protocol/language";
import { textsIn } from "../texts/texts.ts";
import type { Mail } from "./mailer.ts";

/** A mail's content: paragraphs, at most one link, and at its end another one that is about mails like this. Its text and its HTML are made from this. */
type Letter = { subject: string; paragraphs: string[]; link?: Link; footer?: Link };
type Link = { label: string; url: string };

/** To somebody who forgot their password. */
export function resetLetter(
  to: string,
  language: Language,
  facts: { username: string; url: string; minutes: number },
): Mail {
  const { mails: t } = textsIn(language);
  return compose(to, language, {
    subject: t.resetSubject,
    paragraphs: [t.resetAsked(facts.username), t.resetWorks(facts.minutes), t.resetNotYou],
    link: { label: t.resetSubject, url: facts.url },
  });
}

/** To an owner who wants to know whether mail works. */
export function testLetter(to: string, language: Language, { serverName }: { serverName: string }): Mail {
  const { mails: t } = textsIn(language);
  return compose(to, language, { subject: t.testSubject(serverName), paragraphs: [t.test] });
}

/** To an address that an account wants to confirm. */
export function verifyLetter(
  to: string,
  language: Language,
  facts: { username: string; url: string; code: string },
): Mail {
  const { mails: t } = textsIn(language);
  return compose(to, language, {
    subject: t.verifySubject(facts.code),
    paragraphs: [t.verifyAsked(facts.username), facts.code, t.verifyWorks],
    link: { label: t.verifyLink, url: facts.url },
  });
}

/** To the owner of a confirmed address that another account tried to use. */
export function addressInUseLetter(
  to: string,
  language: Language,
  facts: { username: string; url: string },
): Mail {
  const { mails: t, parts } = textsIn(language);
  return compose(to, language, {
    subject: t.inUseSubject,
    paragraphs: [t.inUse(facts.username), t.inUseYou],
    link: { label: parts.toLogin, url: facts.url },
  });
}

/** Tells an account's owner about a security event. */
export function noticeLetter(
  to: string,
  language: Language,
  facts: { username: string; title: string; detail: string; url: string },
): Mail {
  const { mails: t } = textsIn(language);
  return compose(to, language, {
    subject: facts.title,
    paragraphs: [t.notice(facts.title, facts.username), facts.detail, t.noticeNotYou],
    link: { label: t.noticeLink, url: facts.url },
  });
}

/** Tells somebody where they were called for, and not with what words. */
export function unreadLetter(
  to: string,
  language: Language,
  facts: { username: string; count: number; lines: readonly string[]; url: string; unsubscribe: string },
): Mail {
  const { mails: t } = textsIn(language);
  const letter = {
    subject: t.unreadSubject(facts.count),
    paragraphs: [t.unread(facts.username), ...facts.lines],
    link: { label: t.unreadLink, url: facts.url },
    footer: { label: t.unreadEnd, url: facts.unsubscribe },
  };
  return { ...compose(to, language, letter), unsubscribe: facts.unsubscribe };
}

function compose(to: string, language: Language, { subject, paragraphs, link, footer }: Letter): Mail {
  const links = [link, footer].flatMap((given) => given ?? []);
  const text = [...paragraphs, ...links.map(({ label, url }) => `${label}:\n${url}`)].join("\n\n");
  const blocks = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`);
  for (const { label, url } of links)
    blocks.push(`<p><a href="${escapeHtml(url)}">${escapeHtml(label)}</a></p>`);
  const html = `<!doctype html><html lang="${language}"><body style="font: 16px/1.5 sans-serif; max-width: 34em">${blocks.join("\n")}</body></html>`;
  return { to, subject, text: `${text}\n`, html };
}

const escapeHtml = Bun.escapeHTML;
