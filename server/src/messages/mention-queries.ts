import type { AccountId, RoomId } from "@novax/protocol/ids";
import type { MessagePreview } from "@novax/protocol/reads";
import type { AccountData } from "../accounts/account-data.ts";
import type { Sql } from "../db/database.ts";
import type { ListCursor } from "../lib/cursor.ts";
import { type PreviewRow, toPreview } from "./preview.ts";

/** Returns messages that mention a person, in rooms they are in now, newest first, after the cursor. */
export async function listMentions(
  sql: Sql,
  account: AccountId,
  { at, room, seq }: ListCursor,
  { limit }: { limit: number },
): Promise<MessagePreview[]> {
  const rows = await sql<PreviewRow>`
    select f.room_id, f.seq, f.thread_root, a.id, a.username, a.display_name, f.sent_at, f.body, f.listed_at as at
    from (
      (select m.*, x.at as listed_at from mentions x
        join memberships own on own.room_id = x.room_id and own.account_id = x.account_id
        join messages m on m.room_id = x.room_id and m.seq = x.seq
      where x.account_id = ${account} and (x.at, x.room_id, x.seq) < (${at}::bigint, ${room}::text, ${seq}::bigint)
      order by x.at desc, x.room_id desc, x.seq desc ${sql.limit(limit)})
      union
      (select m.*, m.sent_at as listed_at from memberships own
        cross join lateral (
          select * from messages
          where room_id = own.room_id and mentions_all and sender_id <> own.account_id
            and (sent_at, room_id, seq) < (${at}::bigint, ${room}::text, ${seq}::bigint)
            and not exists (select 1 from blocks b where b.blocker_id = own.account_id and b.blocked_id = sender_id)
          order by sent_at desc, seq desc ${sql.limit(limit)}
        ) m
      where own.account_id = ${account}
      order by m.sent_at desc, m.room_id desc, m.seq desc ${sql.limit(limit)})
    ) f join accounts a on a.id = f.sender_id
    order by f.listed_at desc, f.room_id desc, f.seq desc
    ${sql.limit(limit)}`;
  return rows.map(toPreview);
}

/** How many followers of a thread are notified of a reply. The others see it when they open their threads. */
export const followersNotifiedMax = 500;

/** Returns the members of a room who follow at least one of these threads, at most `limit` per thread. */
export async function listFollowers(
  sql: Sql,
  room: RoomId,
  { roots, limit }: { roots: readonly number[]; limit: number | null },
): Promise<AccountId[]> {
  const rows = await sql<{ account_id: AccountId }>`
    select distinct f.account_id
    from unnest(${sql.array(roots, "bigint")}) r (root) cross join lateral (
      select t.account_id
      from threads_followed t join memberships m on m.room_id = t.room_id and m.account_id = t.account_id
      where t.room_id = ${room} and t.root_seq = r.root and t.is_followed
      limit ${limit}::bigint
    ) f`;
  return rows.map((row) => row.account_id);
}

/**
 * Stores who messages mention, by username or as one of `accounts`. Only members are mentioned, never the sender, and
 * no one is mentioned by someone they blocked. A person mentioned in a thread follows it from then on. Returns who was
 * mentioned where.
 */
export async function insertMentions(
  tx: Sql,
  {
    room,
    at,
    mentioning,
  }: {
    room: RoomId;
    at: number;
    mentioning: readonly {
      seq: number;
      threadRoot: number | null;
      sender: AccountId;
      names: readonly string[];
      accounts: readonly AccountId[];
    }[];
  },
): Promise<{ account: AccountId; seq: number; threadRoot: number | null }[]> {
  const byName = mentioning.flatMap((message) => message.names.map((name) => ({ ...message, name })));
  const byId = mentioning.flatMap((message) => message.accounts.map((account) => ({ ...message, account })));
  const seqs = (list: readonly { seq: number }[]) =>
    tx.array(
      list.map((item) => item.seq),
      "bigint",
    );
  const roots = (list: readonly { threadRoot: number | null }[]) =>
    tx.array(
      list.map((item) => item.threadRoot ?? 0),
      "bigint",
    );
  const senders = (list: readonly { sender: AccountId }[]) =>
    tx.array(
      list.map((item) => item.sender),
      "uuid",
    );
  const rows = await tx<{ account_id: AccountId; seq: number; thread_root: number | null }>`
    insert into mentions (account_id, room_id, seq, at, thread_root)
    select distinct m.account_id, ${room}, c.seq, ${at}::bigint, nullif(c.root, 0)
    from (
      select a.id, n.seq, n.root, n.sender
      from unnest(${seqs(byName)}, ${roots(byName)}, ${senders(byName)}, ${tx.array(
        byName.map((item) => item.name),
        "text",
      )}) as n (seq, root, sender, key) join accounts a on a.username_key = n.key
      union
      select i.id, i.seq, i.root, i.sender
      from unnest(${seqs(byId)}, ${roots(byId)}, ${senders(byId)}, ${tx.array(
        byId.map((item) => item.account),
        "uuid",
      )}) as i (seq, root, sender, id)
    ) c
      join memberships m on m.room_id = ${room} and m.account_id = c.id
    where c.id <> c.sender
      and not exists (select 1 from blocks b where b.blocker_id = c.id and b.blocked_id = c.sender)
    on conflict do nothing
    returning account_id, seq, thread_root`;
  const mentioned = rows.map((row) => ({
    account: row.account_id,
    seq: row.seq,
    threadRoot: row.thread_root,
  }));
  const inThreads = mentioned.flatMap((mention) =>
    mention.threadRoot === null
      ? []
      : [{ ...mention, threadRoot: mention.threadRoot, sender: mention.account }],
  );
  // Messages of the thread from before the mention are not unread for the mentioned person.
  if (inThreads.length > 0)
    await tx`
      insert into threads_followed (account_id, room_id, root_seq, is_followed, read_seq)
      select c.account, ${room}, c.root, true, min(c.seq) - 1
      from unnest(${senders(inThreads)}, ${roots(inThreads)}, ${seqs(inThreads)}) as c (account, root, seq)
      group by c.account, c.root
      on conflict (account_id, room_id, root_seq) do update set is_followed = true`;
  return mentioned;
}

/** Deletes the mentions of a message. Returns who was mentioned. */
export async function takeMentions(tx: Sql, room: RoomId, seq: number): Promise<Set<AccountId>> {
  const rows = await tx<{ account_id: AccountId }>`
    delete from mentions where room_id = ${room} and seq = ${seq} returning account_id`;
  return new Set(rows.map((row) => row.account_id));
}

/** The newest: an export holds them in memory. */
const exportedMax = 1000;

export const mentionData: AccountData = {
  name: "mentions",
  read: (sql, account) => sql`
    select room_id as room, seq, at from mentions where account_id = ${account}
    order by at desc ${sql.limit(exportedMax)}`,
  erase: (tx, account) => tx`delete from mentions where account_id = ${account}`,
};
