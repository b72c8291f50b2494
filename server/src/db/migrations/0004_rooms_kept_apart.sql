-- One name is one public room. Of those that have the same name the oldest keeps it.
update rooms r set name = left(r.name, 50) || ' ' || right(r.id, 8)
where r.kind = 'public' and r.archived_at is null and exists (
  select 1 from rooms o
  where o.kind = 'public' and o.archived_at is null and lower(o.name) = lower(r.name)
    and (o.created_at, o.id) < (r.created_at, r.id)
);
drop index rooms_to_browse;
create unique index rooms_public on rooms (lower(name)) where kind = 'public' and archived_at is null;

-- "all" was what everybody had, and called no more than "mentions" does; now every message calls.
alter table memberships alter column notify set default 'mentions';
update memberships set notify = 'mentions' where notify = 'all';

-- Deleted without a mark: nothing stands in its place.
alter table messages add column is_hidden boolean not null default false;
update messages m set is_hidden = true
from room_events e
where e.room_id = m.room_id and e.seq = m.seq and not e.is_shown and m.deleted_at is not null and m.thread_root is null;
-- Every send kept it, and nothing asked it.
drop index messages_of_sender;

-- The job goes with what it was for. One that is not known any more finds nothing to do when its time comes.
alter table scheduled_messages add column job_id uuid not null default gen_random_uuid();
alter table scheduled_messages alter column job_id drop default;
alter table reminders add column job_id uuid not null default gen_random_uuid();
alter table reminders alter column job_id drop default;

-- What holds for somebody who left, and holds again when they come back: going out and in must not lift it.
create table former_members (
  room_id text not null references rooms on delete cascade,
  account_id uuid not null references accounts on delete cascade,
  is_read_only boolean not null,
  silenced_until bigint,
  last_sent_at bigint not null,
  primary key (room_id, account_id)
);

-- A vote says what its voter chose and the counts, and no longer every voter.
update room_events e
set payload = jsonb_build_object('counts', payload->'poll'->'counts', 'isClosed', payload->'poll'->'isClosed')
  || case when jsonb_typeof(payload->'poll'->'voters') = 'array' and exists (
    select 1 from messages m where m.room_id = e.room_id and m.seq = e.target_seq and m.deleted_at is null
  ) then jsonb_build_object('choices', coalesce((
    select jsonb_agg(v.place - 1 order by v.place)
    from jsonb_array_elements(e.payload->'poll'->'voters') with ordinality as v (ids, place)
    where v.ids ? e.actor_id::text
  ), '[]')) else '{}' end
where type = 'poll.changed' and payload ? 'poll';
