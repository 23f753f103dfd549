-- When this database was restored from a backup: what was sent between the two is forgotten here.
create table restores (at timestamptz not null);
