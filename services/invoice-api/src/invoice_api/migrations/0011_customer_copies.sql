-- Which customer stands for another in one currency, where a provider keeps each customer in one.
CREATE TABLE customer_copies (
    company_id uuid NOT NULL REFERENCES companies (id),
    customer_id uuid NOT NULL,
    currency text NOT NULL,
    copy_id uuid NOT NULL,
    PRIMARY KEY (company_id, customer_id, currency)
);
