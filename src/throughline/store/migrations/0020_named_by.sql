-- Everything that names a project, a contract or a legal entity is found by it: a month's work, the people on a project,
-- the periods of a company. `?` keeps entities that name none out of the index.

create index entities_project on entities (kind, (fields ->> 'project')) where fields ? 'project';
create index entities_contract on entities (kind, (fields ->> 'contract')) where fields ? 'contract';
create index entities_legal_entity on entities (kind, (fields ->> 'legal_entity')) where fields ? 'legal_entity';
