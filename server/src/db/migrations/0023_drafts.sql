-- A thread has a draft of its own; 0 is the room itself.
alter table drafts add column thread_root bigint not null default 0;
alter table drafts drop constraint drafts_pkey, add primary key (account_id, room_id, thread_root);

-- The message that a scheduled one answers.
alter table scheduled_messages add column reply_to bigint;
