import type { Mail } from "./mailer.ts";

/** A mail as paragraphs, with one link at most, from which its text and its HTML are made. */
type Letter = { subject: string; paragraphs: string[]; link?: { label: string; url: string } };

/** To whoever forgot their password. */
export function resetLetter(to: string, facts: { username: string; url: string; minutes: number }): Mail {
  return compose(to, {
    subject: "Set a new password",
    paragraphs: [
      `Somebody, you we hope, asked for a new password for the account ${facts.username}.`,
      `The link works once, for ${facts.minutes} minutes. It signs you out everywhere.`,
      "If it was not you, there is nothing to do: the password stays as it is.",
    ],
    link: { label: "Set a new password", url: facts.url },
  });
}

/** To an address that somebody says is theirs. */
export function verifyLetter(to: string, facts: { username: string; url: string; code: string }): Mail {
  return compose(to, {
    subject: `${facts.code} is your code`,
    paragraphs: [
      `The account ${facts.username} wants to use this address. If that is you, follow the link, or type this code:`,
      facts.code,
      "Both work for one day. If it is not you, there is nothing to do.",
    ],
    link: { label: "Confirm this address", url: facts.url },
  });
}

/** To the owner of a verified address with which somebody else wanted to register, or to which they wanted to change. */
export function addressInUseLetter(to: string, facts: { username: string; url: string }): Mail {
  return compose(to, {
    subject: "Somebody used your address",
    paragraphs: [
      `Somebody gave this address for another account. It is confirmed for your account ${facts.username} and stays yours.`,
      "If it was you and you forgot that you have an account: sign in, or set a new password there.",
    ],
    link: { label: "To the login page", url: facts.url },
  });
}

/** Something happened to an account that its owner must hear of. */
export function noticeLetter(
  to: string,
  facts: { username: string; title: string; detail: string; url: string },
): Mail {
  return compose(to, {
    subject: facts.title,
    paragraphs: [
      `${facts.title}, account ${facts.username}.`,
      facts.detail,
      "If it was not you, set a new password and end the sessions that you do not know.",
    ],
    link: { label: "Look at your account", url: facts.url },
  });
}

function compose(to: string, { subject, paragraphs, link }: Letter): Mail {
  const text = [...paragraphs, ...(link ? [`${link.label}:\n${link.url}`] : [])].join("\n\n");
  const blocks = paragraphs.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`);
  if (link) blocks.push(`<p><a href="${escapeHtml(link.url)}">${escapeHtml(link.label)}</a></p>`);
  const html = `<!doctype html><html lang="en"><body style="font: 16px/1.5 sans-serif; max-width: 34em">${blocks.join("\n")}</body></html>`;
  return { to, subject: `novaX: ${subject}`, text: `${text}\n`, html };
}

const escapeHtml = Bun.escapeHTML;
