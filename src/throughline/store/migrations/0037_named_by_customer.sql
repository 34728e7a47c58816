-- Everything that names a customer is found by it: its contracts, its invoices and what was credited of them, to say what
-- it owes. `?` keeps entities that name none out of the index.

create index entities_of_customer on entities (kind, (fields ->> 'customer')) where fields ? 'customer';

-- And the renewals of a deal, to see whether its next term is in hand.
create index entities_renews on entities (kind, (fields ->> 'renews')) where fields ? 'renews';
