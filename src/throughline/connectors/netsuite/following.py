"""What came of another transaction: the invoices of a contract, the credit memos of an invoice."""

from throughline.connectors.netsuite import suiteql
from throughline.core.connector import Http, Where

# Our field that names what came before, and what NetSuite calls the transaction that follows.
FOLLOWS = {"invoice": "contract", "creditMemo": "invoice"}


async def keys(http: Http, resource: str, where: Where) -> list[str]:
    """Their ids, for a transaction that carries our id of what it was made from."""
    before = where.fields.get(FOLLOWS.get(resource, ""))
    if not before:
        return []
    found, offset, more = list[str](), 0, True
    while more:
        body = await suiteql.query(http, _following(resource, str(before)), offset)
        found += [str(item["id"]) for item in body["items"]]
        offset, more = offset + suiteql.PAGE, bool(body["hasMore"])
    return found


def _following(resource: str, before: str) -> str:
    """A transaction says on its lines only what it was made from."""
    joined = "INNER JOIN transaction f ON f.id = l.transaction INNER JOIN transaction b ON b.id = l.createdfrom"
    wanted = f"b.externalid = {suiteql.text(before)} AND f.type = '{suiteql.TRANSACTIONS[resource]}'"
    return f"SELECT DISTINCT l.transaction AS id FROM transactionline l {joined} WHERE {wanted} ORDER BY 1"  # noqa: S608 - quoted above
