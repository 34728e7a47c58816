-- Everything that names a project, a contract, a legal entity, an invoice or a currency to convert into is found by it: a
-- month's work, the people on a project, the periods of a company. `?` keeps entities that name none out of the index.

create index entities_project on entities (kind, (fields ->> 'project')) where fields ? 'project';
create index entities_contract on entities (kind, (fields ->> 'contract')) where fields ? 'contract';
create index entities_legal_entity on entities (kind, (fields ->> 'legal_entity')) where fields ? 'legal_entity';
create index entities_invoice on entities (kind, (fields ->> 'invoice')) where fields ? 'invoice';
create index entities_target on entities (kind, (fields ->> 'target')) where fields ? 'target';
