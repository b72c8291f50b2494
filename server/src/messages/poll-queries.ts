import type { PollState } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

export type Poll = { seq: number; choices: number; isAnonymous: boolean; isClosed: boolean };

/** Returns the votes of polls, by the `seq` of their message. Voters are sorted by account id. */
export async function readPollStates(
  sql: Sql,
  room: RoomId,
  polls: readonly Poll[],
): Promise<Map<number, PollState>> {
  if (polls.length === 0) return new Map();
  const rows = await sql<{ seq: number; choice: number; account_id: AccountId }>`
    select seq, choice, account_id from poll_votes
    where room_id = ${room} and seq = any(${sql.array(
      polls.map((poll) => poll.seq),
      "bigint",
    )})
    order by account_id`;
  return new Map(
    polls.map((poll) => {
      const voters = Array.from({ length: poll.choices }, (_, choice) =>
        rows.filter((row) => row.seq === poll.seq && row.choice === choice).map((row) => row.account_id),
      );
      return [
        poll.seq,
        {
          counts: voters.map((list) => list.length),
          voters: poll.isAnonymous ? null : voters,
          isClosed: poll.isClosed,
        },
      ];
    }),
  );
}
