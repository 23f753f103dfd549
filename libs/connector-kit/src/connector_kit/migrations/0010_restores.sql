-- When the database was restored from a backup. A connection opened afterwards may have been open once
-- already, which is forgotten: what was made before is looked for there, too, before it is created.
CREATE TABLE restores (at timestamptz NOT NULL);
