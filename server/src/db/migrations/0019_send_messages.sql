-- Inserts messages into any number of rooms, in one statement of the caller. See docs/decisions/0032.

-- Whether what a draft refers to is there: the message that it answers, its thread, its files; and, in a direct room, whether
-- nobody there and the sender have blocked each other. In a function of its own, because most drafts need none of it.
create function has_what_it_needs(
  room text, kind text, sender uuid, reply_to bigint, thread_root bigint, file_ids uuid[]
) returns boolean
language plpgsql stable
as $$
begin
  if reply_to is not null and not exists (
    select 1 from messages m where m.room_id = room and m.seq = has_what_it_needs.reply_to and m.deleted_at is null
  ) then
    return false;
  end if;
  if thread_root is not null and not exists (
    select 1 from messages m
    where m.room_id = room and m.seq = has_what_it_needs.thread_root and m.thread_root is null and m.deleted_at is null
  ) then
    return false;
  end if;
  if file_ids is not null and (
    select count(*) < cardinality(file_ids) from files f
    where f.id = any(file_ids) and f.owner_id = sender and f.seq is null
      and f.details is not null and f.purpose = 'message'
  ) then
    return false;
  end if;
  return kind <> 'direct' or not exists (
    select 1 from memberships o join blocks b
      on (b.blocker_id = o.account_id and b.blocked_id = sender)
      or (b.blocked_id = o.account_id and b.blocker_id = sender)
    where o.room_id = room
  );
end
$$;

-- The drafts whose senders are members with a session, and whether they may send what they want to send now. It becomes part of
-- the statement that calls it. Each draft is looked up by itself (lateral with limit): a join might read a
-- whole table or room.
create function judge_drafts(drafts json, locked text[], now_ms bigint, may_send text[], may_always text[])
returns table (
  index int, room_id text, sender_id uuid, send_id uuid, body jsonb, reply_to bigint, thread_root bigint, mentions_all boolean,
  slow_mode_seconds int, may_send boolean, must_wait boolean
)
language sql stable
as $$
  select d.index, d.room, d.sender, d.send_id, d.body, d.reply_to, d.thread_root, coalesce(d.mentions_all, false),
    r.slow_mode_seconds,
    r.archived_at is null and x.role = any(may_send) and coalesce(m.silenced_until, 0) <= now_ms
    and (r.posting = 'everybody' or x.role = any(may_always))
    and (r.slow_mode_seconds = 0 or x.role = any(may_always)
      or m.last_sent_at + r.slow_mode_seconds * 1000 <= now_ms)
    and (
      (d.reply_to is null and d.thread_root is null and d.files is null and r.kind <> 'direct')
      or has_what_it_needs(d.room, r.kind, d.sender, d.reply_to, d.thread_root, d.files)
    ), r.slow_mode_seconds > 0 and not x.role = any(may_always)
  from json_to_recordset(drafts) as d (
      index int, room text, sender uuid, session uuid, send_id uuid, body jsonb, reply_to bigint, thread_root bigint,
      mentions_all boolean, files uuid[]
    )
    cross join lateral (
      select slow_mode_seconds, archived_at, posting, kind from rooms where id = d.room limit 1
    ) r
    cross join lateral (
      select role, silenced_until, last_sent_at from memberships
      where room_id = d.room and account_id = d.sender limit 1
    ) m
    cross join lateral (
      select server_role from accounts
      where id = d.sender and disabled_at is null and deleted_at is null limit 1
    ) a
    cross join lateral (
      select case when a.server_role in ('owner', 'admin') and r.kind in ('public', 'private') then 'owner'
        else m.role end as role
    ) x
  -- Without a session the server sends on the sender's behalf.
  where d.room = any(locked) and (d.session is null or (
    select s.account_id = d.sender and s.ended_at is null from sessions s where s.id = d.session
  ))
$$;

-- room_ids: the rooms of the drafts. file_ids: all of their files. waits: whether a room whose row is locked is waited for; its
-- drafts are returned as 'held' otherwise. until_ms: after this time, by this server's clock, nothing may happen any more,
-- because the caller has given up. A draft that is neither 'sent', 'known' (sent before) nor 'held' was refused.
create function send_messages(
  room_ids text[], drafts json, file_ids uuid[], now_ms bigint, until_ms bigint, may_send text[], may_always text[], waits boolean
) returns table (index int, outcome text, seq bigint, sent_at bigint)
language plpgsql
-- The plan never depends on the values, and to plan takes longer than to send.
set plan_cache_mode = force_generic_plan
as $$
declare
  locked text[];
  one record;
begin
  -- Each statement here sees what was committed before it, so those below see everything that the locks waited for: nobody posts
  -- after their removal, and no message or file is taken twice. In the order of the ids, so that two of these never wait for each other.
  if waits then
    select array_agg(r.id) into locked
      from (select id from rooms where id = any(room_ids) order by id for no key update) r;
  else
    perform set_config('lock_timeout', '500ms', true);
    select array_agg(r.id) into locked
      from (select id from rooms where id = any(room_ids) order by id for no key update skip locked) r;
  end if;
  locked := coalesce(locked, '{}');
  if cardinality(file_ids) > 0 then
    perform 1 from files where id = any(file_ids) order by id for update;
  end if;
  if not waits and cardinality(locked) < cardinality(room_ids) then
    return query
      select h.index, 'held', null::bigint, null::bigint
      from json_to_recordset(drafts) as h (index int, room text)
      where h.room <> all(locked) and exists (select 1 from rooms where id = h.room);
  end if;

  if json_array_length(drafts) = 1 then
    -- One message alone is the usual case. These statements together cost half as much as the one below.
    select * into one from judge_drafts(drafts, locked, now_ms, may_send, may_always);
    if found then
      select one.index, 'known', m.seq, m.sent_at into index, outcome, seq, sent_at
        from messages m
        where m.room_id = one.room_id and m.sender_id = one.sender_id and m.send_id = one.send_id;
      if found then
        return next;
      elsif one.may_send then
        update rooms set head_seq = head_seq + 1, last_message_at = now_ms
          where id = one.room_id
          returning one.index, 'sent', head_seq, now_ms into index, outcome, seq, sent_at;
        insert into room_events (room_id, seq, type, actor_id, at, is_shown)
          values (one.room_id, send_messages.seq, 'message.sent', one.sender_id, now_ms, one.thread_root is null);
        insert into messages (room_id, seq, sender_id, send_id, sent_at, body, reply_to, thread_root, mentions_all)
          values (one.room_id, send_messages.seq, one.sender_id, one.send_id, now_ms, one.body, one.reply_to,
            one.thread_root, one.mentions_all);
        if one.slow_mode_seconds > 0 then
          update memberships set last_sent_at = now_ms where room_id = one.room_id and account_id = one.sender_id;
        end if;
        return next;
      end if;
    end if;
  else
    return query
      with draft as (
        select * from judge_drafts(drafts, locked, now_ms, may_send, may_always)
      ), known as (
        select d.index, m.seq, m.sent_at
        from draft d cross join lateral (
          select m.seq, m.sent_at from messages m
          where m.room_id = d.room_id and m.sender_id = d.sender_id and m.send_id = d.send_id limit 1
        ) m
      ), fresh as (
        select f.*, row_number() over (partition by f.room_id order by f.index) as rank
        from (
          select d.*, row_number() over (partition by d.room_id, d.sender_id order by d.index) as nth
          from draft d
          where d.may_send and not exists (select 1 from known k where k.index = d.index)
        ) f
        where f.nth = 1 or not f.must_wait
      ), head as (
        update rooms set head_seq = head_seq + c.count, last_message_at = now_ms
        from (select room_id, count(*) from fresh group by room_id) c
        where rooms.id = c.room_id
        returning rooms.id, head_seq - c.count as before
      ), numbered as materialized (
        select f.*, h.before + f.rank as seq from fresh f join head h on h.id = f.room_id
      ), event as (
        insert into room_events (room_id, seq, type, actor_id, at, is_shown)
        select n.room_id, n.seq, 'message.sent', n.sender_id, now_ms, n.thread_root is null from numbered n
      ), message as (
        insert into messages (room_id, seq, sender_id, send_id, sent_at, body, reply_to, thread_root, mentions_all)
        select n.room_id, n.seq, n.sender_id, n.send_id, now_ms, n.body, n.reply_to, n.thread_root, n.mentions_all
        from numbered n
      ), paced as (
        update memberships m set last_sent_at = now_ms
        from numbered n where n.slow_mode_seconds > 0 and m.room_id = n.room_id and m.account_id = n.sender_id
      )
      select k.index, 'known', k.seq, k.sent_at from known k
      union all
      select n.index, 'sent', n.seq, now_ms from numbered n;
  end if;

  if clock_timestamp() > to_timestamp(until_ms / 1000.0) then
    raise exception 'the caller has given up waiting' using errcode = 'query_canceled';
  end if;
end
$$;
