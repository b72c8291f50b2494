import { emailCharsMax } from "@novax/protocol/limits";
import { z } from "zod";
import { Refusal } from "../lib/refusal.ts";

const emailSchema = z.email().max(emailCharsMax);

/**
 * Parses an address and checks its form only; whether anybody reads it, the confirmation mail shows. Refuses with
 * `email_invalid`.
 */
export function parseEmail(text: string): string {
  const parsed = emailSchema.safeParse(text.trim());
  if (!parsed.success) throw new Refusal("email_invalid", (t) => t.noEmail, { field: "email" });
  return parsed.data;
}
