import type { PollState } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { pollVotersMax } from "@novax/protocol/limits";
import type { Sql } from "../db/database.ts";

export type Poll = { seq: number; choices: number; isAnonymous: boolean; isClosed: boolean };

/** Of all polls that are read at once. Those beyond it say how many voted, and not who. */
const votersAtOnceMax = 2000;

/**
 * Returns the votes of polls, by the `seq` of their message. The database counts them; who voted is read of polls with few
 * votes, of the given ones the first. Voters are sorted by account id.
 */
export async function readPollStates(
  sql: Sql,
  room: RoomId,
  polls: readonly Poll[],
): Promise<Map<number, PollState>> {
  if (polls.length === 0) return new Map();
  const seqs = sql.array(
    polls.map((poll) => poll.seq),
    "bigint",
  );
  const counted = await sql<{ seq: number; choice: number; votes: number }>`
    select seq, choice, count(*) as votes from poll_votes
    where room_id = ${room} and seq = any(${seqs}) group by seq, choice`;
  const states = new Map(polls.map((poll) => [poll.seq, emptyState(poll)]));
  const totals = new Map<number, number>();
  for (const { seq, choice, votes } of counted) {
    const counts = states.get(seq)!.counts;
    // A vote for a choice that isn't there counts nowhere.
    if (choice >= counts.length) continue;
    counts[choice] = votes;
    totals.set(seq, (totals.get(seq) ?? 0) + votes);
  }
  const named = choosePolls(polls, totals);
  if (named.length === 0) return states;
  const votes = await sql<{ seq: number; choice: number; account_id: AccountId }>`
    select seq, choice, account_id from poll_votes
    where room_id = ${room} and seq = any(${sql.array(named, "bigint")})
    order by account_id`;
  for (const seq of named) states.get(seq)!.voters = states.get(seq)!.counts.map(() => []);
  for (const { seq, choice, account_id } of votes) states.get(seq)!.voters![choice]?.push(account_id);
  return states;
}

/** The polls whose voters are named. */
export function choosePolls(polls: readonly Poll[], totals: ReadonlyMap<number, number>): number[] {
  let left = votersAtOnceMax;
  return polls.flatMap(({ seq, isAnonymous }) => {
    const votes = totals.get(seq) ?? 0;
    if (isAnonymous || votes > pollVotersMax || votes > left) return [];
    left -= votes;
    return [seq];
  });
}

function emptyState({ choices, isClosed }: Poll): PollState {
  return { counts: Array.from({ length: choices }, () => 0), voters: null, isClosed };
}
