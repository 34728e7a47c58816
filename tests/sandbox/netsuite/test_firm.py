"""The demo firm as it is seeded: what the other systems of the estate count on."""

from stdnum.gb import vat

from tests.sandbox.netsuite.conftest import Account


async def names(account: Account, table: str, column: str = "name") -> dict[str, str]:
    return {row["id"]: row[column] for row in await account.rows(f"SELECT id, {column} FROM {table} ORDER BY id")}


async def test_the_ids_of_the_firm_page(account: Account) -> None:
    assert await names(account, "subsidiary") == {"1": "Halyard Group", "2": "US", "3": "UK", "4": "DE"}
    assert await names(account, "currency") == {"1": "USD", "2": "GBP", "4": "EUR"}
    assert await names(account, "term") == {"1": "Net 15", "2": "Net 30", "3": "Net 60"}
    assert (await names(account, "salestaxitem", "itemid"))["205"] == "DE-RC"
    assert (await names(account, "item", "itemid"))["107"] == "SVC-MANAGED"
    departments = await names(account, "department")
    assert (departments["302"], departments["333"]) == ("Advisory UK", "Managed Services DE")
    assert len(departments) == 12


async def test_the_customers_that_are_to_be_matched(account: Account) -> None:
    rows = await account.rows("SELECT companyname, vatregnumber, externalid FROM customer ORDER BY id")

    assert rows == [
        {"companyname": "MERIDIAN RAIL LIMITED", "vatregnumber": "GB823456726"},
        {"companyname": "Castellan Bank Public Limited Company", "vatregnumber": "GB823456768"},
        {"companyname": "Norrvik Marine A/S"},
    ]
    assert all(vat.is_valid(row["vatregnumber"]) for row in rows if "vatregnumber" in row)


async def test_every_month_of_2026_is_a_period_and_the_first_quarter_is_closed(account: Account) -> None:
    months = await account.rows(
        "SELECT periodname, closed, startdate, enddate FROM accountingperiod WHERE isyear = 'F' AND isquarter = 'F'"
        " AND periodname LIKE '%2026' ORDER BY id"
    )

    assert len(months) == 12
    assert [month["closed"] for month in months] == ["T"] * 3 + ["F"] * 9
    assert (months[1]["startdate"], months[1]["enddate"]) == ("2/1/2026", "2/28/2026")


async def test_seeding_is_no_traffic(account: Account) -> None:
    assert (await account.control("GET", "counters")).body == {}
    assert await account.rows("SELECT id FROM systemnote") == []


async def test_a_reset_brings_the_first_day_back(account: Account) -> None:
    await account.rest("PATCH", "customer/501", {"companyName": "changed", "externalId": "TL-1"})
    await account.control("POST", "reset")

    assert (await account.get("customer/501"))["companyName"] == "MERIDIAN RAIL LIMITED"
    assert (await account.rest("GET", "customer/eid:TL-1")).status == 404


def test_the_handout_names_every_credential(account: Account) -> None:
    handed = account.netsuite.handout()

    assert handed["account"] == "HALYARD_SB1"
    assert "private_key" not in handed, "who brought a public key has the private one"
    expected = {"client_id", "certificate_id", "consumer_key", "consumer_secret", "token_id", "token_secret", "host"}
    assert expected <= set(handed)
