-- A file that somebody uploads. The row is there before any of its bytes.
create table files (
  id uuid primary key,
  owner_id uuid not null references accounts,
  -- What it is for. Only those for a message can become part of one.
  purpose text not null check (purpose in ('message', 'poster', 'person', 'room', 'server', 'emoji')),
  name text not null,
  -- Of a poster: the video whose still picture it becomes.
  poster_of uuid references files on delete cascade,
  -- Keep it as it is, and show no picture of it.
  is_plain boolean not null default false,
  -- How long it is, as its sender said; and how much of it has arrived, as it was counted.
  size bigint not null,
  received bigint not null default 0,
  -- The bytes that count against its owner's share: `size` until it is complete, then what is kept of it.
  stored bigint not null,
  -- As the protocol describes it. Null until it is complete.
  details jsonb,
  -- The message that it is part of.
  room_id text,
  seq bigint,
  -- Of a picture of a person, a room, the server, or an emoji: whether it is used as one.
  is_used boolean not null default false,
  created_at bigint not null,
  foreign key (room_id, seq) references messages on delete cascade
);
create index files_of_owner on files (owner_id, id);
create index files_of_message on files (room_id, seq) where seq is not null;
create index files_of_room on files (room_id, (details->>'kind'), seq, id) where seq is not null;
create index files_of_video on files (poster_of) where poster_of is not null;
create index files_unused on files (created_at) where seq is null and not is_used;

-- The bytes of files, in pieces, each under its own random id in the store. A row is there before its bytes and until
-- after them, so that nothing in the store is ever forgotten: without a file, it is removed.
create table blobs (
  id uuid primary key,
  file_id uuid references files on delete set null,
  -- 'original': as it was uploaded, in one or more pieces; 'picture', 'preview': what was made of it.
  part text not null,
  -- Where in the part it begins.
  start bigint not null,
  -- Null while it is being written.
  size bigint,
  created_at bigint not null
);
create index blobs_of_file on blobs (file_id, part, start);
create index blobs_unused on blobs (created_at) where file_id is null or size is null;

-- How much each person keeps. By a trigger, because files also go with what they belong to.
create table storage_use (owner_id uuid primary key, bytes bigint not null);
create function count_storage() returns trigger language plpgsql as $$
begin
  -- Once for each owner, in one order, so that many files at once cost little and nobody waits for each other.
  if tg_op = 'INSERT' then
    insert into storage_use (owner_id, bytes)
    select owner_id, sum(stored) from new_files group by owner_id order by owner_id
    on conflict (owner_id) do update set bytes = storage_use.bytes + excluded.bytes;
  elsif tg_op = 'DELETE' then
    insert into storage_use (owner_id, bytes)
    select owner_id, -sum(stored) from old_files group by owner_id order by owner_id
    on conflict (owner_id) do update set bytes = storage_use.bytes + excluded.bytes;
  else
    insert into storage_use (owner_id, bytes)
    select n.owner_id, sum(n.stored - o.stored) from new_files n join old_files o using (id)
    group by n.owner_id having sum(n.stored - o.stored) <> 0 order by n.owner_id
    on conflict (owner_id) do update set bytes = storage_use.bytes + excluded.bytes;
  end if;
  return null;
end $$;
create trigger files_added after insert on files
referencing new table as new_files for each statement execute function count_storage();
create trigger files_removed after delete on files
referencing old table as old_files for each statement execute function count_storage();
create trigger files_resized after update on files
referencing old table as old_files new table as new_files for each statement execute function count_storage();

alter table accounts add column picture_id uuid references files on delete set null;
alter table rooms add column picture_id uuid references files on delete set null;
alter table installation add column picture_id uuid references files on delete set null;
create index accounts_with_picture on accounts (picture_id) where picture_id is not null;
create index rooms_with_picture on rooms (picture_id) where picture_id is not null;

-- Emoji of this server's own. In texts and reactions they are `:name:`, which stays readable when one is removed.
create table custom_emoji (
  name text primary key,
  picture_id uuid not null references files on delete cascade,
  created_by uuid not null references accounts,
  created_at bigint not null
);
