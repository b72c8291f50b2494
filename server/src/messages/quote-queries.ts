import type { MessageBody, Quote } from "@novax/protocol/entities";
import type { AccountId, RoomId } from "@novax/protocol/ids";
import { toPerson } from "@novax/protocol/person";
import { toQuote } from "@novax/protocol/quote";
import type { Sql } from "../db/database.ts";

/** Returns the quotes of these messages, by `seq`, to be shown above replies to them. */
export async function readQuotes(
  sql: Sql,
  room: RoomId,
  seqs: readonly number[],
): Promise<Map<number, Quote>> {
  const rows = await sql<{
    seq: number;
    body: MessageBody;
    id: AccountId;
    username: string;
    display_name: string;
  }>`
    select m.seq, m.body, a.id, a.username, a.display_name
    from messages m join accounts a on a.id = m.sender_id
    where m.room_id = ${room} and m.seq = any(${sql.array(seqs, "bigint")})`;
  return new Map(
    rows.map((row) => {
      const seq = row.seq;
      const sender = toPerson(row.id, row.username, row.display_name);
      return [seq, toQuote(seq, sender, row.body)];
    }),
  );
}
