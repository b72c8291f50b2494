-- What owners see of the last day and month: a value for each five minutes.
create table figures (
  name text not null,
  -- The beginning of the five minutes, in ms.
  at bigint not null,
  value double precision not null,
  primary key (name, at)
);
create index figures_by_time on figures (at);
