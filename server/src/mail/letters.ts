import type { Language } from "@novax/protocol/language";
import { textsIn } from "../texts/texts.ts";
import type { Mail } from "./mailer.ts";

/** A mail as paragraphs, with one link at most, from which its text and its HTML are made. */
type Letter = { subject: string; paragraphs: string[]; link?: { label: string; url: string } };

/** To whoever forgot their password. */
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

/** To an address that somebody says is theirs. */
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

/** To the owner of a verified address with which somebody else wanted to register, or to which they wanted to change. */
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

/** Something happened to an account that its owner must hear of. */
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

function compose(to: string, language: Language, { subject, paragraphs, link }: Letter): Mail {
  const text = [...paragraphs, ...(link ? [`${link.label}:\n${link.url}`] : [])].join("\n\n");
  const blocks = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`);
  if (link) blocks.push(`<p><a href="${escapeHtml(link.url)}">${escapeHtml(link.label)}</a></p>`);
  const html = `<!doctype html><html lang="${language}"><body style="font: 16px/1.5 sans-serif; max-width: 34em">${blocks.join("\n")}</body></html>`;
  return { to, subject: `novaX: ${subject}`, text: `${text}\n`, html };
}

const escapeHtml = Bun.escapeHTML;
