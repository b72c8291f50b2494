-- Names are compared by their skeletons (lib/name-keys.ts): two names that share a key look alike. What there is already
-- is filled in by db/fill-names.ts, because a skeleton cannot be computed here.
alter table accounts add column name_keys text[] not null default '{}';
alter table reserved_usernames add column name_keys text[] not null default '{}';
alter table rooms add column name_keys text[] not null default '{}';

create index accounts_by_name_key on accounts using gin (name_keys);
create index reserved_usernames_by_name_key on reserved_usernames using gin (name_keys);
create index rooms_by_name_key on rooms using gin (name_keys) where kind = 'public' and archived_at is null;

-- The display name and a room's name in the form in which people look for them: in lower case, without accents.
alter table accounts add column search_name text not null default '';
alter table rooms add column search_name text not null default '';
