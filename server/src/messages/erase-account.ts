import type { AccountId } from "@novax/protocol/ids";
import { asPerson } from "@novax/protocol/person";
import { type AccountChangeNeeds, changeAccount } from "../accounts/account-change.ts";
import { assertNotLastOwner, emptyAccount, readErasesMessages } from "../accounts/deletion.ts";
import { lockAccount } from "../accounts/queries.ts";
import { reserveName } from "../accounts/reserved-usernames.ts";
import { usernameKey } from "../accounts/username.ts";
import { markAllSessionsEnded } from "../auth/sessions.ts";
import { listRoomIds } from "../rooms/memberships.ts";
import { endMembership } from "../rooms/remove-member.ts";
import { eraseBelongings, eraseMessages } from "./account-queries.ts";

const reservedMs = 30 * 24 * 3_600_000;
const erasedMark = { kind: "text", text: "(erased by its author)" } as const;

/**
 * The job that deletes an account whose time of grace is over; one that was taken back meanwhile stays. Messages stay
 * under "Deleted account", or lose their text, as the person chose.
 */
export async function eraseAccount(
  app: AccountChangeNeeds,
  { accountId }: { accountId: AccountId },
): Promise<void> {
  const isRewritten = await changeAccount(app, async ({ tx, recordEvent, endedSessions, audit }) => {
    const now = app.clock.now();
    const account = await lockAccount(tx, accountId);
    if (!account || account.deleteAt === null || account.deleteAt > now) return false;
    await assertNotLastOwner(tx, account);
    endedSessions(await markAllSessionsEnded(tx, accountId, now));
    for (const room of await listRoomIds(tx, account))
      await endMembership(tx, recordEvent, asPerson(account), room, asPerson(account));
    await eraseBelongings(tx, accountId);
    const erases = await readErasesMessages(tx, accountId);
    if (erases) await eraseMessages(tx, accountId, erasedMark);
    await reserveName(tx, usernameKey(account.username), accountId, now + reservedMs);
    const tombstone = `deleted-${app.random
      .token()
      .replace(/[^a-z0-9]/g, "")
      .slice(0, 16)}`;
    await emptyAccount(tx, accountId, tombstone, now);
    audit({ action: "account.deleted", actor: null, subject: { id: accountId, username: tombstone } });
    return erases;
  });
  if (isRewritten) app.bus.publish({ kind: "history_rewritten" });
}
