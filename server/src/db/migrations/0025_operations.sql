-- Work of an operator that takes long, such as a backup: under way, and how it ended.
create table operations (
  id uuid primary key,
  kind text not null check (kind in ('backup', 'restore', 'verify')),
  -- Where to, or from where: a path, for owners to read.
  place text not null,
  started_at bigint not null,
  -- When it last said that it goes on. Without an end, and long ago: its process has died.
  alive_at bigint not null,
  ended_at bigint,
  -- Null while it is under way, and when it ended well.
  error text,
  done bigint not null default 0,
  total bigint not null default 0
);
create index operations_by_start on operations (started_at);
