-- When our access to a closed connection's organisation is next tried to be given up.
ALTER TABLE connections ADD COLUMN leave_at timestamptz;
