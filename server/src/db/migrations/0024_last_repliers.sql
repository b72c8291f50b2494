-- Who wrote last in the thread of a message, at most three, the last first.
alter table messages add column last_repliers uuid[] not null default '{}';

update messages root set last_repliers = (
  select array_agg(last.sender_id order by last.seq desc)
  from (
    select reply.sender_id, max(reply.seq) as seq from messages reply
    where reply.room_id = root.room_id and reply.thread_root = root.seq
    group by reply.sender_id order by seq desc limit 3
  ) last
)
where root.reply_count > 0 and exists (
  select 1 from messages reply where reply.room_id = root.room_id and reply.thread_root = root.seq
);
