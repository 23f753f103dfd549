-- The day of connecting is the company's day: its time zone comes with the ticket.
ALTER TABLE consents ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC';
ALTER TABLE connections ADD COLUMN opened_on date;

-- The provider's own id of our access to this organisation, so that leaving one leaves no other.
ALTER TABLE connections ADD COLUMN attachment text;
