-- Whose messages lost their texts when the account was deleted. What was made of those texts elsewhere, such as an index for
-- searching, goes too: that happened without an event.
create table erased_accounts (account_id uuid primary key references accounts on delete cascade);
