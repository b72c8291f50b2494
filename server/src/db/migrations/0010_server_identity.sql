alter table installation
  -- What the owner named the server, and its sign: a letter, a digit or an emoji. Empty: novaX and its star.
  add column server_name text not null default '',
  add column server_icon text not null default '',
  -- Whether everybody may sign in with a password; otherwise owners alone, so that nobody is shut out by a broken provider.
  add column allows_passwords boolean not null default true,
  drop constraint installation_registration_check,
  add constraint installation_registration_check check (registration in ('open', 'invite', 'sso', 'closed'));
