import type { AccountId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";
import { lockOnly } from "../db/lock-queries.ts";
import { nameKeys } from "../lib/name-keys.ts";
import { Refusal } from "../lib/refusal.ts";
import { productName } from "../lib/server-name.ts";
import { hasUsernameLike } from "./queries.ts";
import { isNameReserved } from "./reserved-username-queries.ts";
import { reservedUsernames, usernameTaken } from "./username.ts";

// What a deleted person is called, in every language.
const reservedNames = [...reservedUsernames, productName, "Deleted account", "Gelöschtes Konto"];
const reservedKeys = new Set(reservedNames.flatMap(nameKeys));

/**
 * Asserts that nobody else has this username or one that looks like it, and that none of them is reserved for somebody
 * who recently gave it up. `self` is the account that shall have it; null if it is a new one. Usernames are locked until
 * the transaction ends, so lock them before any account. Refuses with `username_taken`.
 */
export async function assertFreeUsername(
  tx: Sql,
  username: string,
  { self, now }: { self: AccountId | null; now: number },
): Promise<void> {
  await lockOnly(tx, "usernames");
  const keys = nameKeys(username);
  if ((await hasUsernameLike(tx, keys, self)) || (await isNameReserved(tx, keys, self, { now })))
    throw usernameTaken();
}

/**
 * Asserts that a display name does not pass for somebody else: for another person's username, for the server or for a
 * deleted account. `self` is null for a new account. Refuses with `display_name_invalid`.
 */
export async function assertOwnDisplayName(sql: Sql, name: string, self: AccountId | null): Promise<void> {
  if (name === "") return;
  const keys = nameKeys(name);
  const refuse = (isReserved: boolean) =>
    new Refusal(
      "display_name_invalid",
      (t) => (isReserved ? t.displayNameReserved : t.displayNameOfAnother),
      { field: "display_name" },
    );
  if (keys.some((key) => reservedKeys.has(key))) throw refuse(true);
  if (await hasUsernameLike(sql, keys, self)) throw refuse(false);
}
