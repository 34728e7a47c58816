"""Limits: the database as somebody sees it who is limited to some legal entities. Every table has a view of its name.

A limited connection finds the views before the tables, so every statement, whoever wrote it, sees only what belongs to
these companies, and so do its counts and sums. A table that nobody thought of is empty there.
"""

import hashlib

from asyncpg.pool import PoolConnectionProxy

SCHEMA = "limited"
# The companies somebody is limited to, of this transaction.
COMPANIES = "current_setting('throughline.companies')::text[]"

_OF_DEAL = "exists (select from limited.entities seen where seen.id = {})"
_OF_HOLD = "exists (select from limited.holds seen where seen.id = {})"
_OF_RUN = "exists (select from limited.runs seen where seen.id = {})"
# A thing is of the company it names, or of the one that what it belongs to names; a customer, of whoever sells to it.
_COMPANY = """coalesce(t.fields ->> 'legal_entity', (select of.fields ->> 'legal_entity' from public.entities of
    where of.id = coalesce(t.fields ->> 'opportunity', t.fields ->> 'contract', t.fields ->> 'project')))"""
_ENTITY = f"""{_COMPANY} = any({COMPANIES}) or (t.kind = 'customer' and exists (
    select from public.entities deal where deal.kind = 'opportunity' and deal.fields ->> 'customer' = t.id
      and deal.fields ->> 'legal_entity' = any({COMPANIES})))"""

# In this order, for a view may stand on one before it.
BY_COMPANY = {
    "entities": _ENTITY,
    "entity_versions": _OF_DEAL.format("t.id"),
    "refusals": _OF_DEAL.format("t.entity"),
    "links": _OF_DEAL.format("t.entity"),
    "events": _OF_DEAL.format("t.correlation"),
    "runs": _OF_DEAL.format("t.correlation"),
    "effects": _OF_RUN.format("t.run"),
    "holds": _OF_DEAL.format("t.correlation"),
    "answers": _OF_RUN.format("t.run"),
    "proposals": _OF_HOLD.format("t.hold"),
    "corrections": _OF_RUN.format("t.run"),
    "decisions": _OF_HOLD.format("t.hold"),
    "batch_items": _OF_HOLD.format("t.hold"),
    # What a batch comes to is a sum of all it is about: whoever does not see all of that does not see the batch.
    "batches": """not exists (select from public.batch_items item where item.batch = t.id
        and not exists (select from limited.holds seen where seen.id = item.hold))""",
    # What was never held here says nothing here: neither how often it comes, nor what it is called.
    "causes": "exists (select from limited.holds seen where seen.state in ('open', 'closed') and seen.cause = t.id)",
    "clocks": _OF_DEAL.format("t.engagement"),
    "work_months": f"t.legal_entity = any({COMPANIES})",
    "billing_progress": f"t.legal_entity = any({COMPANIES})",
    "breaks": _OF_DEAL.format("t.engagement"),
    "billing_items": _OF_DEAL.format("t.project"),
    "captures": _OF_DEAL.format("t.correlation"),
    "journal": f"exists (select from limited.holds held where held.id = t.object) or {_OF_RUN.format('t.object')}",
}
# What says nothing of any company: how the machine stands, and what an action needs to be done once.
OF_NOBODY = frozenset({
    "lanes", "cursors", "call_budgets", "budgets", "breakers", "workers", "firm_versions", "migrations",
    "idempotency_keys", "token_requests", "clockwork",
})  # fmt: skip


async def install(sql: PoolConnectionProxy) -> None:
    """Views of every table there is, made anew when a table, a column or this page has changed."""
    tables = await sql.fetch(
        """select c.relname as name, string_agg(a.attname, ',' order by a.attnum) as columns
           from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
           where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
           group by c.relname order by c.relname"""
    )
    names = [row["name"] for row in tables]
    text = "".join(f"{each};\n" for each in _views(names))
    digest = hashlib.sha256("".join([text, *(row["columns"] for row in tables)]).encode()).hexdigest()
    said = "select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = $1"
    if await sql.fetchval(said, SCHEMA) != digest:
        await sql.execute(f"drop schema if exists {SCHEMA} cascade; create schema {SCHEMA};\n{text}")
        await sql.execute(f"comment on schema {SCHEMA} is '{digest}'")


def _views(names: list[str]) -> list[str]:
    there = [name for name in BY_COMPANY if name in names]
    others = [name for name in names if name not in BY_COMPANY and name not in OF_NOBODY]
    return [_view(name, BY_COMPANY[name]) for name in there] + [_view(name, "false") for name in others]


def _view(name: str, seen: str) -> str:
    return f'create view {SCHEMA}."{name}" as select t.* from public."{name}" t where {seen}'  # noqa: S608 - same
