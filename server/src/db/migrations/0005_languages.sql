-- The language in which somebody was last seen reading: mails and notices to them are written in it.
alter table accounts add column language text not null default 'en';
