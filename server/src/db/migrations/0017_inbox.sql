alter table accounts
  -- What of a person's inbox is older than this they have seen.
  add column inbox_seen_at bigint not null default 0,
  -- Besides messages to them: whether replies in threads that they follow, and reactions to their messages, notify them.
  add column notifies_of_threads boolean not null default true,
  add column notifies_of_reactions boolean not null default false,
  -- When a reaction notified them last.
  add column reaction_notified_at bigint not null default 0;
-- Nobody's inbox begins with years of news.
update accounts set inbox_seen_at = (extract(epoch from now()) * 1000)::bigint;

alter table reactions
  -- Whose message it is; null if it is their own reaction.
  add column to_id uuid references accounts on delete cascade,
  add column at bigint;
update reactions r set to_id = nullif(m.sender_id, r.account_id), at = e.at
from messages m, room_events e
where m.room_id = r.room_id and m.seq = r.seq and e.room_id = r.room_id and e.seq = r.event_seq;
create index reactions_to on reactions (to_id, at desc) where to_id is not null;
