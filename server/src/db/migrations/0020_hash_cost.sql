-- The cost of password hashes, which all processes share: if one took less than another, how long an answer takes would say whether
-- there is an account. Null until the first password is checked.
alter table installation add column bcrypt_cost smallint;
