"""A firm as a value: who plays which part, who owns what, and when two firms are the same."""

from typing import Any

import pytest
from pydantic import ValidationError

from throughline.core.errors import Hold
from throughline.core.firm import Firm, LegalEntity, SecretRef, System, Unserved
from throughline.core.money import Money
from throughline.core.policies import NoApprovalLimit, Policies
from throughline.core.roles import Role
from throughline.core.rows import SubsidiaryRow, TaxItemRow
from throughline.core.tables import Place, Table


def system(name: str, role: Role, **more: Any) -> System:
    return System.model_validate({"name": name, "connector": name, "roles": [role], "url": "http://127.0.0.1", **more})


def policies(**more: Any) -> Policies:
    return Policies.model_validate(
        {"hold_owners": {"finance": "Finance operations", "*": "Integration support"}, **more}
    )


def firm(*systems: System, **more: Any) -> Firm:
    entity = {"code": "DE", "name": "GmbH", "country": "DE", "currency": "EUR", "timezone": "Europe/Berlin"}
    return Firm(
        name="Example",
        reporting_currency="EUR",
        legal_entities=(LegalEntity.model_validate({**entity, "holidays": "DE-BY"}),),
        systems=systems,
        policies=policies(),
        **more,
    )


def test_the_policy_names_systems_where_the_firm_named_roles() -> None:
    ownership = {"customer": {"*": "crm", "credit_limit": "erp"}, "contract": {"*": "hub"}}
    policy = firm(system("salesforce", Role.CRM), system("netsuite", Role.ERP), ownership=ownership).policy()

    assert policy.owner("customer", "name") == "salesforce"
    assert policy.owner("customer", "credit_limit") == "netsuite"
    assert policy.owner("contract", "value") == "hub"


def test_the_owner_is_told_as_the_firm_wrote_it() -> None:
    example = firm(ownership={"customer": {"*": "crm", "credit_limit": "erp"}})

    assert example.owner("customer", "credit_limit") == "erp"
    assert example.owner("customer", "name") == "crm"
    assert example.owner("invoice", "number") is None


def test_a_role_is_played_by_the_system_that_serves_the_legal_entity() -> None:
    here = system("kantata", Role.PSA, serves={"legal_entities": ["DE"]})
    there = system("harvest", Role.PSA, serves={"legal_entities": ["US"]})
    example = firm(here, there, ownership={"project": {"*": "psa"}})

    assert example.system_for(Role.PSA, legal_entity="US") == there
    assert example.policy(legal_entity="DE").owner("project", "name") == "kantata"


@pytest.mark.parametrize("legal_entity", [None, "FR"])
def test_a_role_that_not_exactly_one_system_plays_is_refused(legal_entity: str | None) -> None:
    here = system("kantata", Role.PSA, serves={"legal_entities": ["DE"]})
    there = system("harvest", Role.PSA, serves={"legal_entities": ["US"]})

    with pytest.raises(Unserved, match="one system must play psa"):
        firm(here, there).system_for(Role.PSA, legal_entity=legal_entity)


def test_a_system_serves_only_the_entities_it_lists() -> None:
    example = firm(system("kantata", Role.PSA, serves={"entities": ["project"]}))

    assert example.systems_playing(Role.PSA, kind="project")
    assert not example.systems_playing(Role.PSA, kind="invoice")


def test_an_unknown_system_is_refused_with_those_there_are() -> None:
    with pytest.raises(Unserved, match="has no system netsuit; it has netsuite"):
        firm(system("netsuite", Role.ERP)).system("netsuit")


@pytest.mark.parametrize("text", ["env:NETSUITE_KEY", "file:../secrets/netsuite.key"])
def test_a_secret_is_where_it_is_kept(text: str) -> None:
    ref = SecretRef.model_validate(text)

    assert str(ref) == text
    assert ref.model_dump(mode="json") == text


@pytest.mark.parametrize("text", ["xoxb-1234", "vault:x", "env:", "file:/etc/passwd", "hunter2", "", ":x"])
def test_a_secret_itself_has_no_place(text: str) -> None:
    with pytest.raises(ValidationError, match="a secret is never written here"):
        SecretRef.model_validate(text)


def subsidiaries(*rows: tuple[int, str, str]) -> dict[str, Any]:
    made = [SubsidiaryRow(place=Place(file="t.csv", line=n), legal_entity=le, erp_id=key) for n, le, key in rows]
    return {"subsidiaries": Table.of(SubsidiaryRow, tuple(made))}


def test_the_digest_is_of_what_is_said_not_of_how_it_is_laid_out() -> None:
    one = firm(tables=subsidiaries((2, "DE", "4"), (3, "US", "2")))
    same = firm(tables=subsidiaries((7, "US", "2"), (9, "DE", "4")))
    other = firm(tables=subsidiaries((2, "DE", "4"), (3, "US", "3")))

    assert one.digest == same.digest
    assert one.digest != other.digest
    assert one.digest != firm().digest


def test_a_copy_with_a_change_has_another_digest() -> None:
    one = firm()

    assert one.model_copy(update={"name": "Other"}).digest != one.digest


def test_a_known_table_that_was_not_written_is_empty_and_an_own_one_is_refused() -> None:
    assert firm().table(TaxItemRow).lookup(tax_code="X") is None
    with pytest.raises(LookupError, match=r"add tables/regions\.csv"):
        firm().table("regions")


LIMITS = [
    {"above": "100", "currency": "EUR", "owner": "Lead"},
    {"above": "1000", "currency": "EUR", "owner": "Head"},
    {"above": "500", "currency": "EUR", "legal_entity": "DE", "owner": "Local head"},
]


@pytest.mark.parametrize(
    ("amount", "legal_entity", "owner"),
    [
        ("100", "US", None),
        ("100.01", "US", "Lead"),
        ("1000", "US", "Lead"),
        ("1000.01", "US", "Head"),
        ("500", "DE", None),
        ("5000", "DE", "Local head"),
    ],
)
def test_the_highest_limit_passed_names_who_must_say_yes(amount: str, legal_entity: str, owner: str | None) -> None:
    needed = policies(approvals=LIMITS).approval_needed(Money.of(amount, "EUR"), legal_entity=legal_entity)

    assert (needed and needed.owner) == owner


def test_an_amount_in_a_currency_without_a_limit_is_not_let_through() -> None:
    with pytest.raises(NoApprovalLimit) as held:
        policies(approvals=LIMITS).approval_needed(Money.of("1", "CHF"), legal_entity="DE")

    assert isinstance(held.value, Hold)
    assert held.value.fix == "Add a limit in CHF to `approvals` in policies.yaml."


def test_a_legal_entitys_own_cut_off_replaces_the_general_one() -> None:
    general = {"name": "billing", "working_day": 4, "at": "12:00"}
    own = {**general, "legal_entity": "DE", "working_day": 5}
    found = policies(cut_offs=[general, own])

    assert [c.working_day for le in ("DE", "US") if (c := found.cut_off("billing", legal_entity=le))] == [5, 4]
    assert found.cut_off("payroll", legal_entity="DE") is None


def test_a_part_nobody_listed_still_has_an_owner() -> None:
    assert policies().hold_owner("finance") == "Finance operations"
    assert policies().hold_owner("delivery") == "Integration support"
