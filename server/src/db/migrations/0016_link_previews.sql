-- Whether links in a room's messages get previews. Null: as usual for its kind, which is in public rooms only.
alter table rooms add column has_link_previews boolean;

-- The picture of a preview is a file of the message's sender.
alter table files drop constraint files_purpose_check;
alter table files add constraint files_purpose_check
  check (purpose in ('message', 'poster', 'person', 'room', 'server', 'emoji', 'preview'));
