alter table rooms
  add column kind text not null default 'public' check (kind in ('public', 'private', 'direct', 'group')),
  add column description text not null default '',
  add column icon text not null default '',
  add column colour smallint check (colour between 0 and 23),
  add column archived_at bigint,
  -- Who may write: every member, or moderators alone.
  add column posting text not null default 'everybody' check (posting in ('everybody', 'moderators')),
  -- How long a member waits between two messages.
  add column slow_mode_seconds integer not null default 0,
  -- Whether a deleted message leaves a mark in its place.
  add column leaves_mark boolean not null default true,
  -- Of a direct room: who is in it, so that the same people have one such room. Sorted ids.
  add column direct_key text unique,
  -- Kept with every joining and leaving: counting 5,000 members for every list of rooms would cost.
  add column member_count integer not null default 0,
  add column last_message_at bigint not null default 0;
update rooms set member_count = (select count(*) from memberships where room_id = rooms.id);
create index rooms_to_browse on rooms (lower(name), id) where kind = 'public' and archived_at is null;

alter table memberships
  -- How far this person ever read, for those who want to know who has read a message. `read_seq` can be taken back.
  add column seen_seq bigint not null default 0,
  add column is_favourite boolean not null default false,
  add column is_muted boolean not null default false,
  add column notify text not null default 'all' check (notify in ('all', 'mentions', 'nothing')),
  -- May not write until then.
  add column silenced_until bigint,
  -- For slow mode.
  add column last_sent_at bigint not null default 0;
update memberships set seen_seq = read_seq;

alter table room_events
  -- The message an event is about.
  add column target_seq bigint,
  -- What an event says beside whom and what it is about; never a message's text.
  add column payload jsonb,
  -- Whether the room itself shows it: threads, reactions and the like are events, and a page of history passes them by.
  add column is_shown boolean not null default true;
create index room_events_shown on room_events (room_id, seq) where is_shown;

alter table messages
  add column edited_at bigint,
  add column deleted_at bigint,
  add column reply_to bigint,
  add column thread_root bigint,
  -- Of a message that has a thread: the answers in it.
  add column reply_count integer not null default 0,
  add column last_reply_at bigint,
  add column pinned_at bigint,
  add column mentions_all boolean not null default false,
  add column poll_closed_at bigint;
create index messages_of_thread on messages (room_id, thread_root, seq) where thread_root is not null;
create index messages_pinned on messages (room_id, pinned_at) where pinned_at is not null;
create index messages_for_all on messages (room_id, seq) where mentions_all;
create index messages_of_sender on messages (sender_id, room_id, seq);

-- What a message said before it was edited.
create table message_revisions (
  room_id text not null,
  seq bigint not null,
  revision integer not null,
  body jsonb not null,
  -- When it was said.
  at bigint not null,
  primary key (room_id, seq, revision),
  foreign key (room_id, seq) references messages on delete cascade
);

create table reactions (
  room_id text not null,
  seq bigint not null,
  emoji text not null,
  account_id uuid not null references accounts on delete cascade,
  -- The event's place: reactions are shown in the order in which they came.
  event_seq bigint not null,
  primary key (room_id, seq, emoji, account_id),
  foreign key (room_id, seq) references messages on delete cascade
);
create index reactions_of_account on reactions (account_id);

create table poll_votes (
  room_id text not null,
  seq bigint not null,
  account_id uuid not null references accounts on delete cascade,
  choice smallint not null,
  primary key (room_id, seq, account_id, choice),
  foreign key (room_id, seq) references messages on delete cascade
);
create index poll_votes_of_account on poll_votes (account_id);

-- Whom a message calls: by name, because they are here, or by a word that they want to hear of.
create table mentions (
  account_id uuid not null references accounts on delete cascade,
  room_id text not null,
  seq bigint not null,
  at bigint not null,
  primary key (account_id, room_id, seq),
  foreign key (room_id, seq) references messages on delete cascade
);
create index mentions_of_account on mentions (account_id, at desc);
create index mentions_of_message on mentions (room_id, seq);

create table threads_followed (
  account_id uuid not null references accounts on delete cascade,
  room_id text not null,
  root_seq bigint not null,
  is_followed boolean not null,
  read_seq bigint not null default 0,
  primary key (account_id, room_id, root_seq),
  foreign key (room_id, root_seq) references messages (room_id, seq) on delete cascade
);

create table saved_messages (
  account_id uuid not null references accounts on delete cascade,
  room_id text not null,
  seq bigint not null,
  saved_at bigint not null,
  primary key (account_id, room_id, seq),
  foreign key (room_id, seq) references messages on delete cascade
);

create table drafts (
  account_id uuid not null references accounts on delete cascade,
  room_id text not null references rooms on delete cascade,
  text text not null,
  at bigint not null,
  primary key (account_id, room_id)
);

-- To be sent at a time of the author's choice. The id is the message's `sendId`, so it is sent once however often it is
-- tried.
create table scheduled_messages (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  room_id text not null references rooms on delete cascade,
  thread_root bigint,
  text text not null,
  due_at bigint not null,
  -- Why it could not be sent; it stays for its author to see.
  refused text
);
create index scheduled_of_account on scheduled_messages (account_id, due_at);

create table reminders (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  room_id text not null references rooms on delete cascade,
  seq bigint,
  note text not null,
  due_at bigint not null,
  told_at bigint
);
create index reminders_of_account on reminders (account_id, due_at);

create table room_bans (
  room_id text not null references rooms on delete cascade,
  account_id uuid not null references accounts on delete cascade,
  banned_by uuid not null references accounts,
  reason text not null,
  at bigint not null,
  primary key (room_id, account_id)
);

create table blocks (
  blocker_id uuid not null references accounts on delete cascade,
  blocked_id uuid not null references accounts on delete cascade,
  at bigint not null,
  primary key (blocker_id, blocked_id)
);
create index blocks_of_blocked on blocks (blocked_id);

-- A message that somebody wants a moderator to look at, as it was when it was reported.
create table reports (
  id uuid primary key,
  room_id text not null references rooms on delete cascade,
  seq bigint not null,
  reporter_id uuid not null references accounts on delete cascade,
  sender_id uuid not null references accounts on delete cascade,
  reason text not null,
  body jsonb not null,
  at bigint not null,
  resolved_at bigint,
  resolved_by uuid references accounts,
  outcome text,
  note text not null default ''
);
create index reports_open on reports (room_id, at) where resolved_at is null;
create unique index reports_once on reports (room_id, seq, reporter_id) where resolved_at is null;

alter table accounts
  add column status_emoji text not null default '',
  add column status_text text not null default '',
  add column status_until bigint,
  add column quiet_until bigint,
  add column shares_reading boolean not null default true;

-- Words that call a person as their name does. In lower case.
create table alert_words (
  account_id uuid not null references accounts on delete cascade,
  word text not null,
  primary key (account_id, word)
);

-- Addresses and ranges from which nobody may come, but owners.
create table banned_addresses (address text primary key, banned_by uuid references accounts, at bigint not null);

-- Words that no message may hold. In lower case.
create table filter_words (word text primary key);
