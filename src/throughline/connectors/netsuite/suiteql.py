"""NetSuite's query service."""

from throughline.core.connector import Http
from throughline.core.forms import Record

SUITEQL = "/services/rest/query/v1/suiteql"
PAGE = 200
# There is one table for all transactions, and a type of its own for each.
TRANSACTIONS = {
    "invoice": "CustInvc",
    "creditMemo": "CustCred",
    "customerPayment": "CustPymt",
    "journalEntry": "Journal",
    "advInterCompanyJournalEntry": "Journal",
}


def table(resource: str) -> str:
    return "transaction" if resource in TRANSACTIONS else resource.lower()


def text(value: str) -> str:
    """A text as SuiteQL quotes it."""
    return "'" + value.replace("'", "''") + "'"


async def query(http: Http, sql: str, offset: int) -> Record:
    # https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_157909186990.html
    answer = await http.call(
        "POST",
        SUITEQL,
        params={"limit": str(PAGE), "offset": str(offset)},
        json={"q": sql},
        headers={"Prefer": "transient"},
        reads=True,
    )
    return answer.body
