"""Every record type by name, and the families whose members share ids and external ids."""

from throughline.sandbox.netsuite.schema import RecordType
from throughline.sandbox.netsuite.schema_entities import ENTITIES
from throughline.sandbox.netsuite.schema_journals import JOURNALS
from throughline.sandbox.netsuite.schema_lists import LISTS
from throughline.sandbox.netsuite.schema_receivables import RECEIVABLES
from throughline.sandbox.netsuite.schema_transactions import TRANSACTIONS

_ALL = (*LISTS, *ENTITIES, *TRANSACTIONS, *RECEIVABLES, *JOURNALS)
TYPES: dict[str, RecordType] = {type_.name: type_ for type_ in _ALL}
_BY_LOWER = {name.lower(): type_ for name, type_ in TYPES.items()}


def named(name: str) -> RecordType | None:
    """NetSuite takes /salesorder for /salesOrder."""
    return _BY_LOWER.get(name.lower())


def kin(type_: RecordType) -> tuple[RecordType, ...]:
    """The types that share this type's ids and external ids."""
    return tuple(other for other in TYPES.values() if other.family == type_.family)
