-- The first room's topic, where it's still the one that it came with.
update rooms set topic = 'Everyone is in this room' where id = 'general' and topic = 'The room everybody is in';
