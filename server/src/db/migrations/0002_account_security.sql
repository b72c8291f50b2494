-- A check value of the server's secret: a process with another one could open nothing that is sealed here.
alter table installation
  add column secret_check bytea,
  -- The owner's choice; null: what the setting REGISTRATION says.
  add column registration text check (registration in ('open', 'invite', 'closed')),
  -- Who must have a second factor.
  add column factor_policy text not null default 'nobody' check (factor_policy in ('nobody', 'privileged', 'everyone')),
  -- Whether whoever deletes their account may have their messages erased.
  add column allows_erasure boolean not null default true;

alter table accounts
  add column display_name text not null default '',
  -- What makes two addresses the same one.
  add column email_key text not null generated always as (lower(email)) stored,
  add column email_verified_at bigint,
  -- Raised with every change of what proves who somebody is. A sign-in that began before the change ends with it.
  add column credentials_version integer not null default 1,
  -- Since when a password alone does not open this account.
  add column factor_on_at bigint,
  -- Sealed with the server's secret.
  add column totp_secret bytea,
  -- The last 30-second step whose code was used: no code works twice.
  add column totp_last_step bigint not null default 0,
  add column must_have_factor boolean not null default false,
  -- Who came by an invitation that needs an owner's yes.
  add column awaits_approval boolean not null default false,
  add column invited_by uuid references accounts,
  add column invite_note text not null default '',
  -- Asked for by the person: from then on the account is gone. Signing in before takes it back.
  add column delete_at bigint,
  add column erases_messages boolean not null default false,
  add column deleted_at bigint;
create index accounts_by_email on accounts (email_key);
-- An address belongs to whoever proved that they read its mail; to nobody before.
create unique index accounts_verified_email on accounts (email_key) where email_verified_at is not null;

alter table sessions
  -- When the person last proved who they are with everything that their account asks for.
  add column proved_at bigint,
  -- Good for setting up a second factor, and for nothing else until that is done.
  add column must_enrol boolean not null default false;

alter table known_devices
  add column user_agent text not null default '',
  add column address text not null default '',
  -- Until then the password alone is enough from here.
  add column trusted_until bigint;

-- Work for later, queued in the transaction that causes it. The payload is sealed: it may hold a link that opens an
-- account.
create table jobs (
  id uuid primary key,
  kind text not null,
  payload bytea not null,
  run_at bigint not null,
  -- Not worth doing any more after this.
  until bigint,
  attempts integer not null default 0,
  failed_at bigint
);
create index jobs_due on jobs (run_at) where failed_at is null;

create table password_resets (
  token_hash bytea primary key,
  account_id uuid not null references accounts on delete cascade,
  -- The address the link was sent to; null: an owner handed it over.
  email_key text,
  created_at bigint not null,
  expires_at bigint not null,
  -- Used, or replaced by a newer one.
  ended_at bigint
);
create index password_resets_of_account on password_resets (account_id);

create table email_verifications (
  account_id uuid primary key references accounts on delete cascade,
  email text not null,
  token_hash bytea not null unique,
  -- Of six digits: keyed with the server's secret.
  code_mac bytea not null,
  failures integer not null default 0,
  expires_at bigint not null
);

-- Mails that asked somebody to confirm an address: so many an hour for an account, and for an address.
create table verification_mails (
  account_id uuid not null references accounts on delete cascade,
  email_key text not null,
  sent_at bigint not null
);
create index verification_mails_of_account on verification_mails (account_id, sent_at);
create index verification_mails_to_address on verification_mails (email_key, sent_at);

-- A sign-in of which the second factor is owed.
create table login_challenges (
  token_hash bytea primary key,
  account_id uuid not null references accounts on delete cascade,
  -- What was shown first: a password, or a provider's word.
  proof text not null check (proof in ('password', 'identity')),
  credentials_version integer not null,
  failures integer not null default 0,
  expires_at bigint not null
);

create table recovery_codes (
  account_id uuid not null references accounts on delete cascade,
  code_mac bytea not null,
  used_at bigint,
  primary key (account_id, code_mac)
);

create table passkeys (
  -- The credential's id as the authenticator made it, in base64url.
  id text primary key,
  account_id uuid not null references accounts on delete cascade,
  public_key bytea not null,
  counter bigint not null,
  transports text not null,
  name text not null,
  created_at bigint not null,
  last_used_at bigint
);
create index passkeys_of_account on passkeys (account_id);

create table passkey_challenges (
  challenge_hash bytea primary key,
  purpose text not null,
  -- Whose; null where the passkey itself will say who signs in.
  account_id uuid references accounts on delete cascade,
  expires_at bigint not null
);
create index passkey_challenges_by_end on passkey_challenges (expires_at);

-- What a person must hear of their account.
create table notices (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  kind text not null,
  at bigint not null,
  detail text not null,
  seen_at bigint
);
create index notices_of_account on notices (account_id, at desc);

create table invites (
  id uuid primary key,
  token_hash bytea not null unique,
  created_by uuid not null references accounts,
  note text not null,
  max_uses integer not null check (max_uses > 0),
  uses integer not null default 0 check (uses <= max_uses),
  needs_approval boolean not null,
  created_at bigint not null,
  expires_at bigint not null,
  revoked_at bigint
);

-- Who somebody is to an OpenID Connect provider.
create table identities (
  issuer text not null,
  subject text not null,
  account_id uuid not null references accounts on delete cascade,
  email text not null,
  created_at bigint not null,
  last_used_at bigint not null,
  primary key (issuer, subject)
);
create index identities_of_account on identities (account_id);

-- A name that somebody gave up: nobody else can pass for them meanwhile.
create table reserved_usernames (
  username_key text primary key,
  account_id uuid not null references accounts on delete cascade,
  until bigint not null
);

-- What was done to accounts and to the installation. Each entry's hash covers the one before it, keyed with the
-- server's secret.
create table audit_log (
  seq bigint primary key,
  at bigint not null,
  action text not null,
  actor_id uuid,
  actor_name text not null,
  subject_id uuid,
  subject_name text not null,
  address text not null,
  detail text not null,
  hash bytea not null
);
create index audit_log_of_subject on audit_log (subject_id, seq);
create function refuse_audit_change() returns trigger language plpgsql as
$$ begin raise exception 'the audit log is append-only'; end $$;
create trigger audit_log_append_only before update or delete or truncate on audit_log
  for each statement execute function refuse_audit_change();
create table audit_head (
  only_row boolean primary key default true check (only_row),
  seq bigint not null default 0,
  hash bytea not null default ''
);
insert into audit_head default values;
