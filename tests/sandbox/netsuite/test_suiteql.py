"""SuiteQL over HTTP: what it answers, what it refuses, and the time zone trap."""

from tests.sandbox.netsuite.conftest import Account, customer, order


async def test_the_envelope_is_the_documented_one(account: Account) -> None:
    answer = await account.query("SELECT id, isinactive, email FROM customer ORDER BY id", limit="1", offset="1")

    assert answer.body["items"] == [
        {"links": [], "id": "503", "isinactive": "F", "email": "invoices@castellan-bank.example"}
    ]
    page = {name: answer.body[name] for name in ("count", "hasMore", "offset", "totalResults")}
    assert page == {"count": 1, "hasMore": True, "offset": 1, "totalResults": 3}
    assert {link["rel"] for link in answer.body["links"]} == {"self", "first", "previous", "next", "last"}


async def test_without_prefer_transient_it_is_refused(account: Account) -> None:
    url = f"{account.url}/services/rest/query/v1/suiteql"

    answer = await account.call("POST", url, json={"q": "SELECT id FROM customer"})

    assert answer.status == 400
    assert answer.body["o:errorDetails"][0]["o:errorHeader"] == "Prefer"


async def test_nulls_are_left_out(account: Account) -> None:
    assert await account.rows("SELECT id, vatregnumber FROM customer WHERE id = 505") == [{"id": "505"}]


SELECTS = [
    ("SELECT id FROM customer WHERE companyname LIKE 'M%'", ["501"]),
    ("SELECT c.id FROM customer c WHERE UPPER(c.companyname) LIKE '%BANK%'", ["503"]),
    ("SELECT id FROM customer WHERE vatregnumber IS NULL", ["505"]),
    ("SELECT id FROM customer WHERE NOT (vatregnumber = 'GB823456726')", ["503"]),
    ("SELECT id FROM customer WHERE vatregnumber <> 'GB823456726' OR id IN (501, '505')", ["501", "503", "505"]),
    ("SELECT id FROM customer WHERE id >= '503' AND id != 505", ["503"]),
    ("SELECT id FROM customer WHERE id NOT IN (501) AND companyname NOT LIKE 'N%'", ["503"]),
    ("SELECT id FROM customer WHERE id BETWEEN 502 AND 504", ["503"]),
    ("SELECT id FROM customer WHERE (companyname) = 'Norrvik Marine A/S'", ["505"]),
    ("SELECT id FROM customer ORDER BY companyname DESC", ["505", "501", "503"]),
    ("SELECT id FROM customer ORDER BY vatregnumber, id DESC", ["501", "503", "505"]),
    ("SELECT id FROM customer ORDER BY vatregnumber DESC", ["505", "503", "501"]),
    ("SELECT id FROM customer ORDER BY 1 DESC FETCH FIRST 2 ROWS ONLY", ["505", "503"]),
    ("SELECT id FROM customer ORDER BY id OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY", ["503"]),
    ("SELECT id FROM customer WHERE ROWNUM <= 2", ["501", "503"]),
    ("SELECT id FROM customer WHERE ROWNUM > 1", []),
    ("SELECT id FROM customer WHERE companyname = '' OR companyname != ''", []),
    ("SELECT id FROM customer -- a remark\nWHERE /* another */ isinactive = 'F' AND terms = 3", ["503"]),
    ("SELECT customer.id FROM customer INNER JOIN term ON customer.terms = term.id WHERE name = 'Net 60'", ["503"]),
    ("SELECT c.id FROM customer c JOIN subsidiary s ON s.id = c.subsidiary AND s.country = 'DE'", []),
]  # fmt: skip


async def test_rows_are_chosen_as_oracle_would(account: Account) -> None:
    for sql, ids in SELECTS:
        assert [row["id"] for row in await account.rows(sql)] == ids, sql


async def test_columns_are_named_counted_and_displayed(account: Account) -> None:
    rows = await account.rows(
        "SELECT BUILTIN.DF(subsidiary) AS Entity, BUILTIN.DF(currency) money, NVL(vatregnumber, 'none') AS tax,"
        " 'x' || id, LOWER(entityid) FROM customer WHERE id = 505"
    )

    assert rows == [{"entity": "UK", "money": "GBP", "tax": "none", "expr1": "x505", "expr2": "cust505"}]


async def test_a_star_is_every_column(account: Account) -> None:
    row = (await account.rows("SELECT * FROM currency WHERE symbol = 'EUR'"))[0]

    assert row["id"] == "4"
    assert row["isinactive"] == "F"
    assert row["lastmodifieddate"] == "6/30/2025"


async def test_rows_are_counted_and_grouped(account: Account) -> None:
    counted = await account.rows("SELECT COUNT(*) AS n, COUNT(vatregnumber) AS taxed, MAX(id) AS last FROM customer")
    none = await account.rows("SELECT COUNT(*) AS n FROM customer WHERE id = 1")
    grouped = await account.rows("SELECT terms, COUNT(*) AS n FROM customer GROUP BY terms ORDER BY n DESC")

    assert counted == [{"n": "3", "taxed": "2", "last": "505"}]
    assert none == [{"n": "0"}]
    assert grouped == [{"terms": "2", "n": "2"}, {"terms": "3", "n": "1"}]


async def test_a_left_join_keeps_what_has_no_partner(account: Account) -> None:
    await account.create("salesOrder", order("503"))

    rows = await account.rows(
        "SELECT c.id, t.tranid FROM customer c LEFT OUTER JOIN transaction t ON t.entity = c.id ORDER BY c.id"
    )

    assert rows == [{"id": "501"}, {"id": "503", "tranid": "SO1001"}, {"id": "505"}]


async def test_transactions_and_their_lines(account: Account) -> None:
    id_ = await account.create(
        "salesOrder",
        order(
            "501",
            {"item": {"id": "101"}, "quantity": 2, "rate": 10, "custcol_throughline_line": "L1"},
            externalId="T-1",
            custbody_throughline_contract_type="Retainer",
        ),
    )
    await account.create("invoice", order("501"))

    heads = await account.rows(
        "SELECT id, type, BUILTIN.DF(type) AS kind, BUILTIN.DF(status) AS state, foreigntotal, trandate,"
        " custbody_throughline_contract_type AS contract FROM transaction"
        " WHERE type = 'SalesOrd' AND externalid = 'T-1'"
    )
    lines = await account.rows(
        "SELECT l.mainline, l.quantity, l.rate, l.foreignamount, l.custcol_throughline_line AS line,"
        " BUILTIN.DF(l.item) AS item"
        f" FROM transactionline l WHERE l.transaction = {id_} ORDER BY l.linesequencenumber"
    )

    assert heads == [
        {
            "id": id_,
            "type": "SalesOrd",
            "kind": "Sales Order",
            "state": "Sales Order : Pending Approval",
            "foreigntotal": "20",
            "trandate": "11/20/2026",
            "contract": "Retainer",
        }
    ]
    assert lines == [
        {"mainline": "T", "foreignamount": "20"},
        {"mainline": "F", "quantity": "-2", "rate": "10", "foreignamount": "-20", "line": "L1", "item": "SVC-TM"},
    ], "what is sold is negative"


async def test_every_table_can_be_read(account: Account) -> None:
    tables = (
        "customer transaction transactionline billingschedule subsidiary currency department item term salestaxitem"
        " deletedrecord systemnote job employee accountingperiod taskitemstatus currencyrate revenueelement"
        " revenueplan revenueplanplannedrevenue"
    )
    for table in tables.split():
        assert (await account.query(f"SELECT * FROM {table}")).status == 200


async def test_the_trap_a_plain_timestamp_is_read_on_the_accounts_wall(account: Account) -> None:
    """A customer changes at 10:00 UTC, 02:00 in Los Angeles. Who asks with UTC digits for 09:00 misses it."""
    id_ = await account.create("customer", customer())
    format_ = "'YYYY-MM-DD HH24:MI:SS'"

    missed = await account.rows(
        f"SELECT id FROM customer WHERE id = {id_}"
        f" AND lastmodifieddate >= TO_TIMESTAMP('2026-11-20 09:00:00', {format_})"
    )
    on_the_wall = await account.rows(
        f"SELECT id FROM customer WHERE id = {id_} AND lastmodifieddate = TO_DATE('2026-11-20 02:00:00', {format_})"
    )

    assert missed == []
    assert on_the_wall == [{"id": id_}]


SAFE = [
    "SYS_EXTRACT_UTC(lastmodifieddate) {} TO_TIMESTAMP('2026-11-20 10:00:00', 'YYYY-MM-DD HH24:MI:SS')",
    "lastmodifieddate {} TO_TIMESTAMP_TZ('2026-11-20T10:00:00+00:00', 'YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM')",
    "lastmodifieddate {} TO_TIMESTAMP_TZ('2026-11-20T12:00:00+02:00', 'YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM')",
]


async def test_the_safe_ways_to_ask_for_changes(account: Account) -> None:
    id_ = await account.create("customer", customer())

    for condition in SAFE:
        for operator, found in ((">=", [{"id": id_}]), ("<=", [{"id": id_}]), (">", []), ("<", [])):
            sql = f"SELECT id FROM customer WHERE id = {id_} AND {condition.format(operator)}"
            assert await account.rows(sql) == found, sql


async def test_the_safe_ways_to_read_a_change(account: Account) -> None:
    id_ = await account.create("customer", customer())

    row = await account.rows(
        "SELECT lastmodifieddate AS bare, TO_CHAR(lastmodifieddate, 'YYYY-MM-DD HH24:MI:SS') AS wall,"
        " TO_CHAR(lastmodifieddate, 'YYYY-MM-DD\"T\"HH24:MI:SSTZH:TZM') AS offset_,"
        ' TO_CHAR(SYS_EXTRACT_UTC(lastmodifieddate), \'YYYY-MM-DD"T"HH24:MI:SS"Z"\') AS utc'
        f" FROM customer WHERE id = {id_}"
    )

    assert row == [
        {
            "bare": "11/20/2026",
            "wall": "2026-11-20 02:00:00",
            "offset_": "2026-11-20T02:00:00-08:00",
            "utc": "2026-11-20T10:00:00Z",
        }
    ]


async def test_the_hour_that_happens_twice_is_told_apart_only_in_utc(account: Account) -> None:
    """On 1 Nov 2026 clocks in Los Angeles go back from 02:00 to 01:00: 08:30 and 09:30 UTC are both 01:30."""
    account.clock.advance(-(20 * 24 + 1.5) * 3600 + 24 * 3600)
    first = await account.rest("PATCH", "currency/1", {}, headers=await fresh(account))
    account.clock.advance(3600)
    second = await account.rest("PATCH", "currency/2", {}, headers=await fresh(account))
    show = (
        "SELECT TO_CHAR(lastmodifieddate, 'HH24:MI') AS wall, TO_CHAR(SYS_EXTRACT_UTC(lastmodifieddate), 'HH24:MI') AS"
        " utc FROM currency WHERE id IN (1, 2) ORDER BY id"
    )

    assert (first.status, second.status) == (204, 204)
    assert await account.rows(show) == [{"wall": "01:30", "utc": "08:30"}, {"wall": "01:30", "utc": "09:30"}]


async def fresh(account: Account) -> dict[str, str]:
    await account.log_in()
    return account.headers


async def test_a_date_nobody_formats_is_the_accounts_own(account: Account) -> None:
    recent = "SELECT COUNT(*) AS n FROM customer WHERE lastmodifieddate >= '11/20/2026'"
    iso = await account.query("SELECT id FROM customer WHERE lastmodifieddate >= '2026-11-20'")

    assert await account.rows(recent) == [{"n": "3"}]
    assert iso.status == 400, "an ISO date is not the account's format"


_WHO = "Search error occurred: Unknown identifier '{}'. Available identifiers are: {{{}}}"
UNKNOWN = [
    ("SELECT id FROM unicorn", "Invalid search type: unicorn."),
    ("SELECT horn FROM customer", _WHO.format("horn", "customer=customer")),
    ("SELECT x.id FROM customer c", _WHO.format("x", "c=customer")),
]


async def test_unknown_names_are_told_in_netsuites_words(account: Account) -> None:
    for sql, said in UNKNOWN:
        answer = await account.query(sql)
        assert answer.detail == f"Invalid search query. Detailed unprocessed description follows. {said}"
        assert answer.body["o:errorDetails"][0]["o:errorQueryParam"] == "q"


BAD = [
    "",
    "SELECT",
    "SELECT id",
    "SELECT id FROM customer LIMIT 5",
    "SELECT id FROM customer WHERE",
    "SELECT id FROM customer WHERE id",
    "SELECT id FROM customer WHERE id = 'x",
    "SELECT id FROM customer WHERE id = 'abc'",
    "SELECT id FROM customer; DROP TABLE customer",
    "SELECT id FROM (SELECT id FROM customer)",
    "SELECT FOO(id) FROM customer",
    "SELECT id, COUNT(*) FROM customer",
    "SELECT id FROM customer JOIN currency ON customer.currency = currency.id",
    "SELECT c.id FROM customer c JOIN currency x ON 1 = 1",
    "SELECT c.id FROM customer c JOIN currency c ON c.id = c.id",
    "SELECT TO_DATE('2026', 'QQ') FROM customer",
    "SELECT UPPER() FROM customer",
    "DELETE FROM customer",
    "SELECT id FROM customer WHERE MAX(id) = 1",
    "SELECT TO_DATE('2026-13-01', 'YYYY-MM-DD') FROM customer",
]


async def test_what_it_cannot_run_it_refuses(account: Account) -> None:
    for sql in BAD:
        answer = await account.query(sql)
        assert (answer.status, answer.code) == (400, "INVALID_PARAMETER"), sql


async def test_a_body_without_a_query_is_refused(account: Account) -> None:
    url = f"{account.url}/services/rest/query/v1/suiteql"

    for body in ("{}", "[]", "nonsense", '{"q": 1}'):
        answer = await account.call("POST", url, data=body, headers={"Prefer": "transient"})
        assert (answer.status, answer.code) == (400, "INVALID_CONTENT"), body


async def test_deleted_records_and_system_notes_tell_who(account: Account) -> None:
    id_ = await account.create("customer", customer(externalId="TL-1"))
    await account.control("POST", "records/customer?user=clerk@halyard.example", {"id": id_, "phone": "1"})
    await account.rest("DELETE", f"customer/{id_}")

    notes = await account.rows(
        "SELECT type, name, field, newvalue FROM systemnote"
        f" WHERE record = {id_} AND recordtype = 'customer' ORDER BY id"
    )
    deleted = await account.rows("SELECT recordid, recordtypeid, type, externalid, deletedby FROM deletedrecord")

    assert notes == [
        {"type": "Create", "name": "integration"},
        {"type": "Change", "name": "clerk@halyard.example", "field": "phone", "newvalue": "1"},
    ]
    assert deleted == [
        {
            "recordid": id_,
            "recordtypeid": "customer",
            "type": "Customer",
            "externalid": "TL-1",
            "deletedby": "integration",
        }
    ]
