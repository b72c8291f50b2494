import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { AccountData } from "../accounts/account-data.ts";
import type { Sql } from "../db/database.ts";

export type ReactionKey = { room: RoomId; seq: number; emoji: string; account: AccountId };

/**
 * Adds a reaction, whose event is the room's newest one, `to` the message's sender; null if they react to themselves. Fails if it
 * exists: the caller has checked that in the same transaction.
 */
export async function insertReaction(
  tx: Sql,
  {
    room,
    seq,
    emoji,
    account,
    to,
    at,
  }: ReactionKey & {
    to: AccountId | null;
    at: number;
  },
): Promise<void> {
  await tx`
    insert into reactions (room_id, seq, emoji, account_id, event_seq, to_id, at)
    select id, ${seq}, ${emoji}, ${account}, head_seq, ${to}::uuid, ${at} from rooms where id = ${room}`;
}

/**
 * Returns how many different emoji a message has as reactions, whether this one is among them (`isKnown`), and whether
 * the account added it (`isOwn`).
 */
export async function readReactions(
  tx: Sql,
  { room, seq, emoji, account }: ReactionKey,
): Promise<{ kinds: number; isKnown: boolean; isOwn: boolean }> {
  const [row] = await tx<{ kinds: number; is_known: boolean | null; is_own: boolean | null }>`
    select count(distinct emoji) as kinds, bool_or(emoji = ${emoji}) as is_known,
      bool_or(emoji = ${emoji} and account_id = ${account}) as is_own
    from reactions where room_id = ${room} and seq = ${seq}`;
  return { kinds: row!.kinds, isKnown: row!.is_known ?? false, isOwn: row!.is_own ?? false };
}

export async function deleteReaction(tx: Sql, { room, seq, emoji, account }: ReactionKey): Promise<void> {
  await tx`
    delete from reactions
    where room_id = ${room} and seq = ${seq} and emoji = ${emoji} and account_id = ${account}`;
}

export const reactionData: AccountData = {
  name: "reactions",
  read: (sql, account) =>
    sql`select room_id as room, seq, emoji from reactions where account_id = ${account}`,
};
