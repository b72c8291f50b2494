-- After how many minutes a person gets an email about what calls for them and stays unread; null: never. And when the last one
-- was sent.
alter table accounts
  add column unread_mail_minutes integer default 60,
  add column unread_mailed_at bigint;

-- Rooms with messages that may call for somebody, since the last look: the first of them.
create table unread_mail_rooms (
  room_id text primary key references rooms on delete cascade,
  from_seq bigint not null,
  at bigint not null
);

-- People for whom something called and was unread at the last look, and when it is looked at again.
create table unread_mail_people (
  account_id uuid primary key references accounts on delete cascade,
  due_at bigint not null
);
create index unread_mail_people_due on unread_mail_people (due_at);
