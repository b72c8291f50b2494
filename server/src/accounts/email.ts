import { emailCharsMax } from "@novax/protocol/limits";
import { z } from "zod";
import { Refusal } from "../lib/refusal.ts";

const emailSchema = z.email().max(emailCharsMax);

/** An address one could write to. Whether anybody reads it, only a mail can tell. Refuses with `email_invalid`. */
export function parseEmail(text: string): string {
  const parsed = emailSchema.safeParse(text.trim());
  if (!parsed.success) throw new Refusal("email_invalid", (t) => t.noEmail, { field: "email" });
  return parsed.data;
}
