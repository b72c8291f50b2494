-- Times are milliseconds since 1970, written by the server's clock: one clock, one type, no time zones.

create table installation (
  only_row boolean primary key default true check (only_row),
  -- Positions (`seq`) of one epoch mean nothing in another; a restored backup gets a new one.
  epoch uuid not null default gen_random_uuid(),
  -- SHA-256 of the one-time code with which the first account may be made from another machine.
  setup_code_hash bytea
);
insert into installation default values;

create table accounts (
  id uuid primary key,
  username text not null,
  -- The username in lower case: two names that differ in case only are the same name.
  username_key text not null unique,
  -- Not unique: an address belongs to nobody until it is verified, or sign-up would tell who has an account.
  email text not null,
  password_hash text,
  server_role text not null check (server_role in ('owner', 'admin', 'member', 'guest')),
  created_at bigint not null,
  disabled_at bigint,
  -- Wrong passwords in a row, from devices we do not know; a right one sets it to 0.
  failures_in_a_row integer not null default 0
);

create table sessions (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  token_hash bytea not null unique,
  created_at bigint not null,
  last_seen_at bigint not null,
  -- Ended is a fact of its own, not a comparison of times: no clock can bring a session back.
  ended_at bigint,
  user_agent text not null,
  address text not null
);
create index sessions_of_account on sessions (account_id) where ended_at is null;

-- A browser in which somebody signed in before. Its failed sign-ins are counted apart from those of strangers.
create table known_devices (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  token_hash bytea not null unique,
  created_at bigint not null,
  last_seen_at bigint not null,
  failures_in_a_row integer not null default 0
);
create index known_devices_of_account on known_devices (account_id);

create table rooms (
  id text primary key,
  name text not null,
  topic text not null default '',
  created_at bigint not null,
  -- The last event's seq. Taken and raised in the transaction that records events, so the order of commits is the
  -- order of seq, and a rollback leaves no hole.
  head_seq bigint not null default 0
);
insert into rooms (id, name, topic, created_at)
values ('general', 'General', 'The room everybody is in', (extract(epoch from now()) * 1000)::bigint);

create table memberships (
  room_id text not null references rooms on delete cascade,
  account_id uuid not null references accounts on delete cascade,
  role text not null default 'member' check (role in ('owner', 'moderator', 'member', 'read_only')),
  joined_at bigint not null,
  -- Everything up to here was read. Only grows.
  read_seq bigint not null default 0,
  primary key (room_id, account_id)
);
create index memberships_of_account on memberships (account_id);

-- The log of every room: 1, 2, 3 ... without a hole. A message's text stands in `messages` alone, so that erasing it
-- there erases it everywhere.
create table room_events (
  room_id text not null references rooms on delete cascade,
  seq bigint not null,
  type text not null,
  actor_id uuid not null references accounts,
  at bigint not null,
  -- The account an event is about, where it is about one.
  subject_id uuid references accounts,
  primary key (room_id, seq)
);

create table messages (
  room_id text not null,
  seq bigint not null,
  sender_id uuid not null references accounts,
  send_id uuid not null,
  sent_at bigint not null,
  body jsonb not null,
  primary key (room_id, seq),
  foreign key (room_id, seq) references room_events on delete cascade,
  unique (room_id, sender_id, send_id)
);
