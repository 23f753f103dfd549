-- Where lines without an item are booked.
alter table connection_settings add column no_item_account_id text;

-- Made here, not at invoice-api: the item that lines without one are booked on where none may go
-- without. It is in no list of the company's items.
alter table records add column made_here boolean not null default false;
