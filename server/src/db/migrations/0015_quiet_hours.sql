-- Hours of each day in which a person is not notified: minutes of the day in their time zone.
alter table accounts
  add column quiet_hours_from smallint check (quiet_hours_from between 0 and 1439),
  add column quiet_hours_to smallint check (quiet_hours_to between 0 and 1439),
  add column quiet_hours_zone text,
  add check ((quiet_hours_from is null) = (quiet_hours_to is null) and (quiet_hours_from is null) = (quiet_hours_zone is null));
