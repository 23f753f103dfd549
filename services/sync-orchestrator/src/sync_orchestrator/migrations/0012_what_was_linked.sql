-- A mark of what a record there held when it was linked by hand or imported: whether somebody has
-- altered it there since is asked before we first write it. The connector alone reads it.
alter table links add column held text;
alter table remote_customers add column held text;
