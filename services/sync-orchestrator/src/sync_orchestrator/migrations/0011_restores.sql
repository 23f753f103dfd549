-- When this database was restored from a backup, and how far steps and versions then moved ahead.
create table restores (at timestamptz not null, ahead integer not null);
