import { type BasicMessage, type MessageBody, type Quote, toBasicMessage } from "@novax/protocol/entities";
import type { AccountId, RoomId, SessionId } from "@novax/protocol/ids";
import { roomPermissions } from "@novax/protocol/permissions";
import { toPerson } from "@novax/protocol/person";
import { excerptOf } from "@novax/protocol/text";
import type { Sql } from "../db/database.ts";
import type { MessageDraft } from "./room-writer.ts";

/** What became of the draft at `index`: written now, or known before. A draft without a row was refused. */
export type InsertedMessage = { index: number; seq: number; sentAt: number; isNew: boolean };

/** In the place of a session's id: the server itself sends what somebody told it to send. */
const noSession = "00000000-0000-0000-0000-000000000000" as SessionId;

/**
 * Writes the drafts of those who may write here now, each with the next `seq`, in the order given.
 *
 * The room's row is locked first. The statement after it therefore sees every membership, session and message that was
 * committed before, on any process: nobody writes after their removal, and no `sendId` is written twice. What was
 * written before is known, whatever its sender may do by now.
 */
export async function insertMessages(
  tx: Sql,
  room: RoomId,
  now: number,
  drafts: readonly MessageDraft[],
): Promise<InsertedMessage[]> {
  const column = <T>(pick: (draft: MessageDraft) => T, type: "uuid" | "text" | "bigint") =>
    tx.array(drafts.map(pick), type);
  const maySend = tx.array(roomPermissions["message.send"], "text");
  const mayAlways = tx.array(roomPermissions["message.send_always"], "text");
  // What a draft needs is looked up draft by draft ("lateral" with "limit", "(select true …)" in the place of "exists"):
  // the plan of a joined table is made once, while a room is small, and would go on reading the whole room when it is not.
  // The arrays are selects for the same end: their length would be planned for each time, which takes longer than a send.
  // Both are handed over at once: on one connection they run one after the other, and the second sees what the first
  // waited for.
  const locked = tx`select 1 from rooms where id = ${room} for no key update`;
  const inserted = tx<{ index: number; seq: number; sent_at: number; is_new: boolean }>`
    with draft as (
      select d.index, d.sender_id, d.send_id, d.body, nullif(d.reply_to, 0) as reply_to,
        nullif(d.thread_root, 0) as thread_root, d.mentions_all = 1 as mentions_all, r.slow_mode_seconds,
        r.archived_at is null and x.role = any(${maySend}) and coalesce(m.silenced_until, 0) <= ${now}
        and (r.posting = 'everybody' or x.role = any(${mayAlways}))
        and (r.slow_mode_seconds = 0 or x.role = any(${mayAlways})
          or m.last_sent_at + r.slow_mode_seconds * 1000 <= ${now})
        and (d.reply_to = 0 or (
          select true from messages q where q.room_id = ${room} and q.seq = d.reply_to and q.deleted_at is null
        ))
        and (d.thread_root = 0 or (
          select true from messages t
          where t.room_id = ${room} and t.seq = d.thread_root and t.thread_root is null and t.deleted_at is null
        ))
        and (r.kind <> 'direct' or not exists (
          select 1 from memberships o join blocks b
            on (b.blocker_id = o.account_id and b.blocked_id = d.sender_id)
            or (b.blocked_id = o.account_id and b.blocker_id = d.sender_id)
          where o.room_id = ${room}
        )) as may_send, r.slow_mode_seconds > 0 and not x.role = any(${mayAlways}) as must_wait
      from unnest(
        (select ${column((draft) => draft.sender.id, "uuid")}),
        (select ${column((draft) => draft.sessionId ?? noSession, "uuid")}),
        (select ${column((draft) => draft.sendId, "uuid")}),
        (select ${column((draft) => JSON.stringify(draft.body), "text")}),
        (select ${column((draft) => draft.replyTo ?? 0, "bigint")}),
        (select ${column((draft) => draft.threadRoot ?? 0, "bigint")}),
        (select ${column((draft) => (draft.mentionsEveryone ? 1 : 0), "bigint")})
      ) with ordinality as d (sender_id, session_id, send_id, body, reply_to, thread_root, mentions_all, index)
        join rooms r on r.id = ${room}
        cross join lateral (
          select role, silenced_until, last_sent_at from memberships
          where room_id = ${room} and account_id = d.sender_id limit 1
        ) m
        cross join lateral (
          select server_role from accounts
          where id = d.sender_id and disabled_at is null and deleted_at is null limit 1
        ) a
        cross join lateral (
          select case when a.server_role in ('owner', 'admin') and r.kind in ('public', 'private') then 'owner'
            else m.role end as role
        ) x
      where d.session_id = ${noSession}::uuid or (
        select s.account_id = d.sender_id and s.ended_at is null from sessions s where s.id = d.session_id
      )
    ), known as (
      select d.index, m.seq, m.sent_at
      from draft d cross join lateral (
        select seq, sent_at from messages
        where room_id = ${room} and sender_id = d.sender_id and send_id = d.send_id limit 1
      ) m
    ), fresh as (
      select f.*, row_number() over (order by f.index) as place
      from (
        select d.*, row_number() over (partition by d.sender_id order by d.index) as nth
        from draft d
        where d.may_send and not exists (select 1 from known k where k.index = d.index)
      ) f
      where f.nth = 1 or not f.must_wait
    ), head as (
      update rooms set head_seq = head_seq + (select count(*) from fresh),
        last_message_at = case when exists (select 1 from fresh) then ${now} else last_message_at end
      where id = ${room}
      returning head_seq - (select count(*) from fresh) as before
    ), event as (
      insert into room_events (room_id, seq, type, actor_id, at, is_shown)
      select ${room}, head.before + fresh.place, 'message.sent', fresh.sender_id, ${now}, fresh.thread_root is null
      from fresh, head
    ), message as (
      insert into messages (room_id, seq, sender_id, send_id, sent_at, body, reply_to, thread_root, mentions_all)
      select ${room}, head.before + fresh.place, fresh.sender_id, fresh.send_id, ${now}, fresh.body::jsonb,
        fresh.reply_to, fresh.thread_root, fresh.mentions_all
      from fresh, head
    ), paced as (
      update memberships m set last_sent_at = ${now}
      from fresh where fresh.slow_mode_seconds > 0 and m.room_id = ${room} and m.account_id = fresh.sender_id
    )
    select index, seq, sent_at, false as is_new from known
    union all
    select fresh.index, head.before + fresh.place, ${now}, true from fresh, head`;
  const [, rows] = await Promise.all([locked, inserted]);
  return rows.map((row) => ({
    index: row.index - 1,
    seq: row.seq,
    sentAt: row.sent_at,
    isNew: row.is_new,
  }));
}

/**
 * Counts answers at the message that their thread hangs on; whoever wrote it and whoever answers follow the
 * thread. Returns how many answers each thread has now.
 */
export async function recordReplies(
  tx: Sql,
  room: RoomId,
  now: number,
  replies: readonly { root: number; seq: number; sender: AccountId }[],
): Promise<Map<number, number>> {
  const roots = tx.array(
    replies.map((reply) => reply.root),
    "bigint",
  );
  const counted = await tx<{ seq: number; reply_count: number }>`
    update messages m set reply_count = reply_count + counted.replies, last_reply_at = ${now}
    from (select root, count(*) as replies from unnest(${roots}) as r (root) group by root) counted
    where m.room_id = ${room} and m.seq = counted.root
    returning m.seq, m.reply_count`;
  await tx`
    insert into threads_followed (account_id, room_id, root_seq, is_followed, read_seq)
    select r.sender, ${room}, r.root, true, max(r.seq)
    from unnest(${roots}, ${tx.array(
      replies.map((reply) => reply.seq),
      "bigint",
    )}, ${tx.array(
      replies.map((reply) => reply.sender),
      "uuid",
    )}) as r (root, seq, sender)
    group by r.sender, r.root
    on conflict (account_id, room_id, root_seq) do update
      set is_followed = true, read_seq = greatest(threads_followed.read_seq, excluded.read_seq)`;
  await tx`
    insert into threads_followed (account_id, room_id, root_seq, is_followed)
    select m.sender_id, ${room}, m.seq, true from messages m where m.room_id = ${room} and m.seq = any(${roots})
    on conflict do nothing`;
  return new Map(counted.map((row) => [row.seq, row.reply_count]));
}

/**
 * Writes down whom messages call: by username, or as one of `accounts`. Only members are called, nobody calls
 * themselves, and nobody is called by whom they blocked. Whoever is called in a thread follows it. Returns who was.
 */
export async function insertMentions(
  tx: Sql,
  room: RoomId,
  now: number,
  mentioning: readonly {
    seq: number;
    threadRoot: number | null;
    sender: AccountId;
    names: readonly string[];
    accounts: readonly AccountId[];
  }[],
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
    select distinct m.account_id, ${room}, c.seq, ${now}::bigint, nullif(c.root, 0)
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
  // What was said in it before they were called is not new to them.
  if (inThreads.length > 0)
    await tx`
      insert into threads_followed (account_id, room_id, root_seq, is_followed, read_seq)
      select c.account, ${room}, c.root, true, min(c.seq) - 1
      from unnest(${senders(inThreads)}, ${roots(inThreads)}, ${seqs(inThreads)}) as c (account, root, seq)
      group by c.account, c.root
      on conflict (account_id, room_id, root_seq) do update set is_followed = true`;
  return mentioned;
}

/** What is shown of messages above those that answer them. */
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
      return [seq, { seq, sender, excerpt: excerptOf(row.body) }];
    }),
  );
}

/** A room's newest messages with `seq <= lastSeq` in the basic form, oldest first. The caller has checked the membership. */
export async function readNewestMessagesUpTo(
  sql: Sql,
  room: RoomId,
  lastSeq: number,
  limit: number,
): Promise<BasicMessage[]> {
  const rows = await sql<{ id: AccountId; username: string; sent_at: number; body: MessageBody }>`
    select a.id, a.username, m.sent_at, m.body
    from messages m join accounts a on a.id = m.sender_id
    where m.room_id = ${room} and m.seq <= ${lastSeq} and m.thread_root is null and m.deleted_at is null
    order by m.seq desc
    limit ${limit}`;
  return rows
    .reverse()
    .map(({ id, username, sent_at, body }) =>
      toBasicMessage({ sender: { id, username }, body, sentAt: sent_at }),
    );
}

/** Why somebody's message would be refused here now; null: it would not. For the words of a refusal. */
export async function findObstacle(
  sql: Sql,
  room: RoomId,
  now: number,
  draft: Pick<MessageDraft, "sender" | "replyTo" | "threadRoot">,
): Promise<{ isMissing: boolean; isBlocked: boolean; waitMs: number }> {
  const [row] = await sql<{ found: number; is_blocked: boolean; wait_ms: number }>`
    select
      (select count(*) from messages
        where room_id = ${room} and deleted_at is null
          and (seq = ${draft.replyTo ?? 0} or (seq = ${draft.threadRoot ?? 0} and thread_root is null))) as found,
      exists (
        select 1 from memberships o join blocks b
          on (b.blocker_id = o.account_id and b.blocked_id = ${draft.sender.id})
          or (b.blocked_id = o.account_id and b.blocker_id = ${draft.sender.id})
        where o.room_id = ${room}
      ) as is_blocked,
      coalesce((
        select m.last_sent_at + r.slow_mode_seconds * 1000 - ${now}
        from memberships m join rooms r on r.id = m.room_id
        where m.room_id = ${room} and m.account_id = ${draft.sender.id}
      ), 0) as wait_ms`;
  const wanted = new Set([draft.replyTo, draft.threadRoot].filter((seq) => seq !== null)).size;
  return {
    isMissing: row!.found < wanted,
    isBlocked: row!.is_blocked,
    waitMs: row!.wait_ms,
  };
}
