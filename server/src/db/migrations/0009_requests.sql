alter table memberships
  -- Who put the person into the room. Null: they came by themselves, or made it.
  add column added_by uuid references accounts,
  -- Put there by somebody they have nothing to do with, and not accepted yet.
  add column is_request boolean not null default false,
  -- Hidden from their room list at this time, until there is a newer message.
  add column hidden_at bigint;
create index memberships_added_by on memberships (added_by, account_id) where added_by is not null;
