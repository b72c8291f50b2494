import type { AccountId, RoomId } from "@novax/protocol/ids";
import {
  requestsReceivedMax,
  requestsSentMax,
  roomsAddedByOneMax,
  roomsPerPersonMax,
} from "@novax/protocol/limits";
import type { Sql } from "../db/database.ts";

/** How somebody comes into a room that another person put them into. */
export type Seat = { addedBy: AccountId | null; isRequest: boolean };

/** Somebody who came by themselves. */
export const ownSeat: Seat = { addedBy: null, isRequest: false };

/**
 * Returns which of these people somebody can put into one more room, and how: those who are in too many rooms already, or
 * whom they put into too many, are left out, and so are strangers who have too many requests or were sent the last one
 * that the sender has.
 *
 * The limits of all of them are locked.
 *
 * A stranger, whose room is only a request until it is accepted, shares no room but the general one with somebody who
 * registered without being invited, approved or known to single sign-on, and who has no role.
 */
export async function listSeats(
  tx: Sql,
  by: AccountId,
  ids: readonly AccountId[],
): Promise<Map<AccountId, Seat>> {
  const rows = await tx<{
    id: AccountId;
    is_privileged: boolean;
    is_request: boolean;
    rooms: number;
    added: number;
    received: number;
    sent: number;
  }>`
    select a.id, w.server_role in ('owner', 'admin') as is_privileged,
      w.server_role = 'member' and w.invited_by is null
        and not exists (select 1 from identities i where i.account_id = w.id)
        and not exists (
          select 1 from memberships x join memberships y on y.room_id = x.room_id
          where x.account_id = w.id and y.account_id = a.id and x.room_id <> ${"general" as RoomId}
            and not x.is_request and not y.is_request
        ) as is_request,
      (select count(*) from memberships m where m.account_id = a.id and not m.is_request) as rooms,
      (select count(*) from memberships m where m.added_by = w.id and m.account_id = a.id) as added,
      (select count(*) from memberships m where m.account_id = a.id and m.is_request and m.hidden_at is null) as received,
      (select count(*) from memberships m where m.added_by = w.id and m.is_request) as sent
    from accounts a join accounts w on w.id = ${by}
    where a.id = any(${tx.array(ids, "uuid")})`;
  let sent = rows[0]?.sent ?? 0;
  const seats = new Map<AccountId, Seat>();
  for (const row of rows) {
    if (row.rooms >= roomsPerPersonMax) continue;
    if (row.added >= roomsAddedByOneMax && !row.is_privileged) continue;
    if (row.is_request && (row.received >= requestsReceivedMax || sent >= requestsSentMax)) continue;
    if (row.is_request) sent += 1;
    seats.set(row.id, { addedBy: by, isRequest: row.is_request });
  }
  return seats;
}
