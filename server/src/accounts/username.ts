import { usernameCharsMax, usernameCharsMin } from "@novax/protocol/limits";
import { Refusal } from "../lib/refusal.ts";
import type { RefusalText } from "../texts/texts.ts";

// ASCII only: no two names look alike, none changes the writing direction, and everybody can type them.
const usernamePattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

// Names that could be mistaken for the server or for a group of people.
export const reservedUsernames = new Set([
  "admin",
  "administrator",
  "all",
  "everyone",
  "here",
  "novax",
  "room",
  "root",
  "system",
]);

/** Parses a username, and keeps its case. Refuses with `username_invalid`. */
export function parseUsername(text: string): string {
  const username = text.trim();
  if (username.length < usernameCharsMin || username.length > usernameCharsMax) {
    throw invalid((t) => t.usernameLength(usernameCharsMin, usernameCharsMax));
  }
  if (!usernamePattern.test(username)) {
    throw invalid((t) => t.usernameLetters);
  }
  if (reservedUsernames.has(usernameKey(username))) throw invalid((t) => t.usernameReserved);
  return username;
}

/** Whether an existing account could have this name, which may be written as a mention. */
export function isUsername(text: string): boolean {
  const name = usernameKey(text);
  return name.length <= usernameCharsMax && usernamePattern.test(name);
}

/** Names with the same key count as the same name. "@alice" is how people know the name from mentions. */
export function usernameKey(username: string): string {
  return username.trim().replace(/^@/, "").toLowerCase();
}

function invalid(detail: RefusalText): Refusal {
  return new Refusal("username_invalid", detail, { field: "username" });
}

export function usernameTaken(): Refusal {
  return new Refusal("username_taken", (t) => t.usernameTaken, { field: "username" });
}
