-- How this server proves to push services that it is the one that a browser subscribed to. The private key is sealed with the
-- server's secret.
create table push_keys (
  only_row boolean primary key default true check (only_row),
  public_key text not null,
  private_key bytea not null
);

-- The browsers that get notifications while no page is open: one per session, and gone with it. The address and the keys
-- of the browser are sealed, because who has them could send notifications, or read them.
create table push_subscriptions (
  session_id uuid primary key references sessions on delete cascade,
  account_id uuid not null references accounts on delete cascade,
  -- A browser has one address, whoever signs in there.
  endpoint_mac bytea not null unique,
  sealed bytea not null,
  content text not null check (content in ('full', 'sender', 'nothing')),
  created_at bigint not null
);
create index push_subscriptions_of_account on push_subscriptions (account_id);

-- Rooms with messages about which nobody was notified yet: the first of them, and since when. One job at a time does it for a
-- room, however fast it is written to.
create table push_pending (
  room_id text primary key references rooms on delete cascade,
  from_seq bigint not null,
  at bigint not null
);
