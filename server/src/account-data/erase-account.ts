import type { AccountId } from "@novax/protocol/ids";
import { asPerson } from "@novax/protocol/person";
import { changeAccount } from "../accounts/change-account.ts";
import { assertNotLastOwner, emptyAccount, readErasesMessages } from "../accounts/deletion-queries.ts";
import { lockAccount } from "../accounts/queries.ts";
import { reserveName } from "../accounts/reserved-username-queries.ts";
import { usernameKey } from "../accounts/username.ts";
import { markAllSessionsEnded } from "../auth/session-queries.ts";
import { defineJob } from "../jobs/job.ts";
import type { Random } from "../lib/random.ts";
import { endMembership } from "../rooms/end-membership.ts";
import { listRoomIds } from "../rooms/member-queries.ts";
import type { TransactionNeeds } from "../transaction/transact.ts";
import { accountData } from "./parts.ts";
import { eraseMessages } from "./queries.ts";

const reservedMs = 30 * 24 * 3_600_000;
const erasedBody = { kind: "text", text: "(erased by its author)" } as const;

/**
 * Deletes an account whose grace period is over, unless its owner took the deletion back. Messages stay under "Deleted
 * account" or lose their text, as the person chose.
 */
export const eraseAccountJob = defineJob(
  "account.erase",
  async (app: TransactionNeeds, { accountId }: { accountId: AccountId }) => {
    await changeAccount(app, async (transaction) => {
      const { sql, endSessions, audit, publishAfterCommit } = transaction;
      const now = app.clock.now();
      const account = await lockAccount(sql, accountId);
      if (!account || account.deleteAt === null || account.deleteAt > now) return;
      await assertNotLastOwner(sql, account);
      endSessions(await markAllSessionsEnded(sql, accountId, now));
      const person = asPerson(account);
      for (const room of await listRoomIds(sql, account))
        await endMembership(app, transaction, { room, member: person, actor: person });
      for (const { erase } of accountData) await erase?.(sql, accountId);
      const erases = await readErasesMessages(sql, accountId);
      if (erases) await eraseMessages(sql, accountId, erasedBody);
      await reserveName(sql, usernameKey(account.username), accountId, { until: now + reservedMs });
      const username = tombstone(app.random);
      await emptyAccount(sql, accountId, username, { now });
      audit({ action: "account.deleted", actor: null, subject: { id: accountId, username } });
      if (erases) publishAfterCommit({ kind: "history_rewritten" });
    });
  },
);

/** Returns an unused username that marks the account as deleted. */
function tombstone(random: Random): string {
  const suffix = random
    .token()
    .replace(/[^a-z0-9]/g, "")
    .slice(0, 16);
  return `deleted-${suffix}`;
}
