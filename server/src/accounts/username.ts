import { usernameCharsMax, usernameCharsMin } from "@novax/protocol/limits";
import { Refusal } from "../lib/refusal.ts";
import type { RefusalText } from "../texts/texts.ts";

// Plain letters only: no two names look alike, none turns the direction of the line, each can be typed anywhere.
const usernamePattern = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;

// Names that would be taken for the server or for a group of people.
const reservedNames = new Set([
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

/** The name as it is shown. Refuses with `username_invalid`. */
export function parseUsername(text: string): string {
  const username = text.trim();
  if (username.length < usernameCharsMin || username.length > usernameCharsMax) {
    throw invalid((t) => t.usernameLength(usernameCharsMin, usernameCharsMax));
  }
  if (!usernamePattern.test(username)) {
    throw invalid((t) => t.usernameLetters);
  }
  if (reservedNames.has(usernameKey(username))) throw invalid((t) => t.usernameReserved);
  return username;
}

/** Whether an account could have this name. */
export function isUsername(text: string): boolean {
  return text.length <= usernameCharsMax && usernamePattern.test(text.trim());
}

/** What makes two names the same name. */
export function usernameKey(username: string): string {
  return username.trim().toLowerCase();
}

function invalid(detail: RefusalText): Refusal {
  return new Refusal("username_invalid", detail, { field: "username" });
}

export function usernameTaken(): Refusal {
  return new Refusal("username_taken", (t) => t.usernameTaken, { field: "username" });
}
