-- What calls somebody in a thread is read there, and counted there.
alter table mentions add column thread_root bigint;
update mentions x set thread_root = m.thread_root
from messages m where m.room_id = x.room_id and m.seq = x.seq and m.thread_root is not null;
create index mentions_in_threads on mentions (account_id, room_id, thread_root, seq) where thread_root is not null;

-- In a thread, "@room" calls whoever follows it; they are named in mentions.
update messages set mentions_all = false where mentions_all and thread_root is not null;
create index messages_for_all_by_time on messages (room_id, sent_at) where mentions_all;

-- Who follows the thread of a message.
create index threads_followed_of_message on threads_followed (room_id, root_seq);

-- Who is told of reports, without reading everybody.
create index accounts_in_charge on accounts (id) where server_role in ('owner', 'admin');
