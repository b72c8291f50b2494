import type { Person } from "@novax/protocol/entities";
import { displayNameCharsMax } from "@novax/protocol/limits";
import { isLegibleName, tidyName } from "@novax/protocol/names";
import { toPerson } from "@novax/protocol/person";
import { isUniqueViolation } from "../db/database.ts";
import { Refusal } from "../lib/refusal.ts";
import type { RefusalText } from "../texts/texts.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { changeAccount } from "./change-account.ts";
import { assertFreeUsername, assertOwnDisplayName } from "./free-names.ts";
import { lockAccount, setDisplayName } from "./queries.ts";
import { countNamesGivenUp, reserveName, setUsername } from "./reserved-username-queries.ts";
import { parseUsername, usernameKey, usernameTaken } from "./username.ts";

const dayMs = 24 * 3_600_000;
/** How long a username that was given up stays reserved, so that nobody can impersonate its old owner. */
const reservedMs = 30 * dayMs;
const renamesPerDay = 3;

type Self = Person;

/** Parses a display name; "" means none. Refuses with `display_name_invalid`. */
export function parseDisplayName(text: string): string {
  const name = tidyName(text);
  if (!isLegibleName(name)) throw invalid((t) => t.displayNameVisible);
  if ([...name].length > displayNameCharsMax) throw invalid((t) => t.displayNameLength(displayNameCharsMax));
  return name;
}

/**
 * Changes the actor's display name. Refuses with `display_name_invalid`, also if it passes for somebody else.
 */
export async function changeDisplayName(app: TransactionNeeds, actor: Self, text: string): Promise<void> {
  const name = parseDisplayName(text);
  const person = await app.db.transact(async (sql) => {
    await assertOwnDisplayName(sql, name, actor.id);
    return setDisplayName(sql, actor.id, name);
  });
  app.bus.publish({ kind: "person_changed", person });
}

/**
 * Changes the actor's username. The old one stays reserved for 30 days. Refuses with `username_invalid`,
 * `username_taken`, and `too_many_attempts` after three changes in a day.
 */
export async function changeUsername(
  app: TransactionNeeds,
  actor: Self,
  text: string,
  origin: { address: string },
): Promise<void> {
  const username = parseUsername(text);
  const key = usernameKey(username);
  const now = app.clock.now();
  try {
    const displayName = await changeAccount(app, async ({ sql, notify, audit }) => {
      await assertFreeUsername(sql, username, { self: actor.id, now });
      const account = (await lockAccount(sql, actor.id))!;
      if (account.username === username) return account.displayName;
      if (usernameKey(account.username) !== key) {
        // Every name given up is reserved, so without a limit one person could block many names.
        if ((await countNamesGivenUp(sql, actor.id, now + reservedMs - dayMs)) >= renamesPerDay) {
          throw new Refusal("too_many_attempts", (t) => t.usernameTooOften, {
            retryInMs: dayMs,
          });
        }
        await reserveName(sql, usernameKey(account.username), actor.id, { until: now + reservedMs });
      }
      await setUsername(sql, actor.id, username, { key });
      await notify({ ...account, username }, "username_changed", (t) => t.wasUsername(account.username));
      audit({
        action: "account.renamed",
        actor: account,
        subject: { id: account.id, username },
        address: origin.address,
        detail: `${account.username} to ${username}`,
      });
      return account.displayName;
    });
    app.bus.publish({ kind: "person_changed", person: toPerson(actor.id, username, displayName) });
  } catch (error) {
    throw isUniqueViolation(error) ? usernameTaken() : error;
  }
}

function invalid(detail: RefusalText): Refusal {
  return new Refusal("display_name_invalid", detail, { field: "display_name" });
}
