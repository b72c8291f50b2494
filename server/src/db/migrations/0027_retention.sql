-- How long messages are kept: the server's days and the room's, of which the smaller one holds; 0: no end.
alter table installation add column keep_days integer not null default 0;
alter table rooms add column keep_days integer not null default 0;
-- When that was changed: nothing is deleted for a day, in which a slip can be taken back.
alter table installation add column keep_changed_at bigint not null default 0;
alter table rooms add column keep_changed_at bigint not null default 0;
-- Nothing is deleted for its age, whatever is set, for example because a court has asked for it.
alter table rooms add column is_held boolean not null default false;
-- Up to where messages were deleted for their age, so that they aren't looked at again.
alter table rooms add column kept_from_seq bigint not null default 0;
