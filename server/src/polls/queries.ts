import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { AccountData } from "../accounts/account-data.ts";
import type { Sql } from "../db/database.ts";

/** Replaces a person's choices in a poll. Returns whether they were others before. */
export async function replaceVote(
  tx: Sql,
  vote: { room: RoomId; seq: number; account: AccountId; choices: readonly number[] },
): Promise<boolean> {
  const { room, seq, account, choices } = vote;
  const before = await tx<{ choice: number }>`
    delete from poll_votes where room_id = ${room} and seq = ${seq} and account_id = ${account} returning choice`;
  await tx`
    insert into poll_votes (room_id, seq, account_id, choice)
    select ${room}, ${seq}, ${account}, unnest(${tx.array(choices, "bigint")})`;
  return before.length !== choices.length || before.some(({ choice }) => !choices.includes(choice));
}

export async function setPollClosed(
  tx: Sql,
  room: RoomId,
  seq: number,
  { at }: { at: number },
): Promise<void> {
  await tx`update messages set poll_closed_at = ${at} where room_id = ${room} and seq = ${seq}`;
}

export const voteData: AccountData = {
  name: "votes",
  read: (sql, account) =>
    sql`select room_id as room, seq, choice from poll_votes where account_id = ${account}`,
};
