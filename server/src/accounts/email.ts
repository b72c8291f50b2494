import { domainToASCII, domainToUnicode } from "node:url";
import { emailCharsMax } from "@novax/protocol/limits";
import { z } from "zod";
import { Refusal } from "../lib/refusal.ts";

/**
 * Parses an address and checks its form only, as `<input type="email">` does; whether anybody reads it, the confirmation
 * mail shows. A name in another script than Latin, such as "пример.рф", gets the form in which mail servers know it, so
 * that both forms are one address. Refuses with `email_invalid`.
 */
export function parseEmail(text: string): string {
  const email = emailOrNull(text);
  if (email === null) throw new Refusal("email_invalid", (t) => t.noEmail, { field: "email" });
  return email;
}

/** As {@link parseEmail}; null for what is no address. */
export function emailOrNull(text: string): string | null {
  const typed = text.trim();
  const at = typed.lastIndexOf("@");
  const domain = typed.slice(at + 1);
  // An ASCII name stays as it was typed.
  const email = /^[\0-\x7f]*$/.test(domain) ? typed : `${typed.slice(0, at + 1)}${domainToASCII(domain)}`;
  return email.length <= emailCharsMax && z.regexes.html5Email.test(email) ? email : null;
}

/** Returns an address as its owner writes it. */
export function readableEmail(email: string): string {
  const at = email.lastIndexOf("@");
  return at < 0
    ? email
    : `${email.slice(0, at + 1)}${domainToUnicode(email.slice(at + 1)) || email.slice(at + 1)}`;
}
