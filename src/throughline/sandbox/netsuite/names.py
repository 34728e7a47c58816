"""What a record is called where somebody refers to it: `refName` in REST, BUILTIN.DF in SuiteQL."""

from throughline.sandbox.netsuite.catalogue import TYPES
from throughline.sandbox.netsuite.schema import RecordType
from throughline.sandbox.shelf import Record, Shelf

# Not a record type: any member of the family, as SuiteQL has them all in one table.
TRANSACTION = "transaction"


def name_of(type_: RecordType, record: Record) -> str:
    if record.get("isPerson"):
        return f"{record['entityId']} {record.get('firstName', '')} {record.get('lastName', '')}".strip()
    return type_.label.format_map({"companyName": "", **record}).strip()


def ref_name(shelf: Shelf, to: str, id_: str) -> str:
    if to == TRANSACTION:
        to = next((name for name, each in TYPES.items() if each.family == to and shelf.get(name, id_)), "")
    record = shelf.get(to, id_)
    return name_of(TYPES[to], record) if record else ""
