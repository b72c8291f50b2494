-- How its author signed in when a message was scheduled. If that changes, the message waits for its author to say yes.
alter table scheduled_messages add column credentials_version int;
update scheduled_messages s set credentials_version = a.credentials_version from accounts a where a.id = s.account_id;
alter table scheduled_messages alter column credentials_version set not null;
