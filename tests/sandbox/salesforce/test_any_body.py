"""Whatever is sent is answered or refused: a simulator that breaks would be blamed on the client."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.salesforce import Salesforce
from throughline.sandbox.salesforce.objects import ACCOUNT, OPPORTUNITY
from throughline.sandbox.salesforce.org import Org
from throughline.sandbox.salesforce.rest import answered
from throughline.sandbox.salesforce.seed import INTEGRATION_ID
from throughline.sandbox.salesforce.wire import Call, dumps
from throughline.sandbox.shelf import Shelf

NAMES = [
    *(field.name for kind in (ACCOUNT, OPPORTUNITY) for field in kind.fields),
    *("records", "attributes", "type", "allOrNone", "compositeRequest", "batchRequests", "Account", "ids", "fields"),
    *("method", "url", "referenceId", "body", "httpHeaders", "richInput", "id"),
]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["Account", "Opportunity", "GET", "POST", "/services/data/v60.0/sobjects/Account", "@{a.b}"]),
)
BODIES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner), max_leaves=12
)
PART = st.fixed_dictionaries(
    {"method": SCALARS, "url": SCALARS, "referenceId": SCALARS},
    optional={"body": BODIES, "httpHeaders": BODIES, "richInput": BODIES},
)
RECORD = st.fixed_dictionaries(
    {"attributes": st.fixed_dictionaries({"type": SCALARS}) | BODIES},
    optional={"Id": SCALARS, "Name": SCALARS, "Throughline_Id__c": SCALARS, "Account": BODIES, "AccountId": BODIES},
)
LISTS = st.dictionaries(
    st.sampled_from(["records", "compositeRequest", "batchRequests", "ids", "fields", "allOrNone"]),
    st.lists(PART | RECORD | BODIES, min_size=1, max_size=3),
    min_size=5,
)
_WORDS = r"""
    SELECT FROM WHERE ORDER BY LIMIT OFFSET NOT IN LIKE AND OR NULLS ASC ( ) , = != < >= COUNT() null true Id Name
    Amount IsDeleted CreatedDate CloseDate OwnerId Owner.Name Account.Name Account Opportunity Contacts 1 -2.5e9 1e999
    '' 'x' '%_' '001Hs00000AAAAA' 2026-01-01 9999-12-31T23:59:59-14:00 TODAY LAST_N_DAYS:9999999999 ; \
"""
WORDS = st.sampled_from(_WORDS.split())
PLACES = st.sampled_from(
    [
        ("POST", "sobjects/Account"),
        ("POST", "sobjects/Opportunity"),
        ("PATCH", "sobjects/Account/Throughline_Id__c/x"),
        ("POST", "composite"),
        ("POST", "composite/batch"),
        ("POST", "composite/sobjects"),
        ("PATCH", "composite/sobjects"),
        ("PATCH", "composite/sobjects/Account/Throughline_Id__c"),
        ("POST", "composite/sobjects/Account"),
    ]
)


@pytest.fixture(scope="module")
def org(public_pem: bytes) -> Iterator[Org]:
    chance = random.Random(7)
    salesforce = Salesforce(clock=SandboxClock(), shelf=Shelf(), chance=chance, public_key_pem=public_pem)
    salesforce.reseed()
    yield salesforce.org
    salesforce.shelf.close()


@given(PLACES, LISTS | BODIES)
def test_any_body_has_an_answer(org: Org, place: tuple[str, str], body: Any) -> None:
    method, path = place

    answer = answered(Call(method, "/services/data/v60.0", path, body=body), org, INTEGRATION_ID)

    assert answer.status in {200, 201, 300, 400, 404}
    assert dumps(answer.body)


@given(st.lists(WORDS, max_size=8).map(" ".join), st.lists(WORDS, min_size=3, max_size=3).map(" ".join))
def test_any_query_has_an_answer(org: Org, words: str, condition: str) -> None:
    for soql in (words, f"SELECT Id FROM Account WHERE {condition}", f"SELECT {words} FROM Opportunity"):
        answer = answered(Call("GET", "/services/data/v60.0", "query", {"q": soql}), org, INTEGRATION_ID)

        assert answer.status in {200, 400}
        assert dumps(answer.body)


@given(st.sampled_from([ACCOUNT, OPPORTUNITY]), st.data())
def test_any_value_of_any_field_has_an_answer(org: Org, kind: Any, data: st.DataObject) -> None:
    needed = {"Name": "x", "StageName": "Prospecting", "CloseDate": "2026-01-01"}
    needed = {name: value for name, value in needed.items() if kind.field(name)}
    field = data.draw(st.sampled_from([field.name for field in kind.fields]))
    value = data.draw(SCALARS | st.lists(SCALARS, max_size=2))
    call = Call("POST", "/services/data/v60.0", f"sobjects/{kind.name}", body=needed | {field: value})

    answer = answered(call, org, INTEGRATION_ID)

    assert answer.status in {201, 400}
    assert dumps(answer.body)
