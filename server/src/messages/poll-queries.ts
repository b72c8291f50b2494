import type { PollState } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { Sql } from "../db/database.ts";

export type Poll = { seq: number; choices: number; isAnonymous: boolean; isClosed: boolean };

type Vote = { seq: number; choice: number; account_id: AccountId };

/** Returns the votes of polls, by the `seq` of their message. Voters are sorted by account id. */
export async function readPollStates(
  sql: Sql,
  room: RoomId,
  polls: readonly Poll[],
): Promise<Map<number, PollState>> {
  if (polls.length === 0) return new Map();
  const votes = await sql<Vote>`
    select seq, choice, account_id from poll_votes
    where room_id = ${room} and seq = any(${sql.array(
      polls.map((poll) => poll.seq),
      "bigint",
    )})
    order by account_id`;
  return tally(polls, votes);
}

/** Counts the votes of polls. Reads each vote once, because a page of polls can have very many. */
export function tally(polls: readonly Poll[], votes: Iterable<Vote>): Map<number, PollState> {
  const voters = new Map(
    polls.map(({ seq, choices }) => [seq, Array.from({ length: choices }, (): AccountId[] => [])]),
  );
  for (const { seq, choice, account_id } of votes) voters.get(seq)?.[choice]?.push(account_id);
  return new Map(
    polls.map(({ seq, isAnonymous, isClosed }) => {
      const lists = voters.get(seq)!;
      return [
        seq,
        { counts: lists.map((list) => list.length), voters: isAnonymous ? null : lists, isClosed },
      ];
    }),
  );
}
