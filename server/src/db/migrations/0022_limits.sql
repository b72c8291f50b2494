-- The votes in the log of a poll are found without reading what follows it.
create index room_events_of_poll on room_events (room_id, target_seq) where type = 'poll.changed';

-- Who pinned a message, because unpinning what somebody else has pinned is recorded.
alter table messages add column pinned_by uuid;

-- Public rooms that everybody has left keep their names from others no longer.
update rooms set archived_at = (extract(epoch from now()) * 1000)::bigint
where kind = 'public' and id <> 'general' and member_count = 0 and archived_at is null;

-- Open reports are counted by who made them.
create index reports_open_by on reports (reporter_id) where resolved_at is null;

-- Reports of one message are shown as one.
create index reports_of_message on reports (room_id, seq);
