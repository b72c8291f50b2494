-- Processes look up who has joined a room in the last minute, in case nobody told them.
create index memberships_by_time on memberships (joined_at);
