"""The demo firm's folder loads, and its tables answer every question the demo asks, but for the one it is about."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from throughline.core.entities import KINDS
from throughline.core.entities.terms import CommercialModel
from throughline.core.firm import Firm
from throughline.core.money import Money
from throughline.core.roles import Role
from throughline.core.rows import (
    CostCentreRow,
    CurrencyRow,
    PaymentTermsRow,
    ProjectTemplateRow,
    RateRow,
    RoleRow,
    ServiceItemRow,
    SubsidiaryRow,
    TaskKind,
    TaxCodeRow,
    TaxItemRow,
    TemplateTaskRow,
)
from throughline.demo import FIRM
from throughline.hub.firm import load, load_text, read_folder
from throughline.sandbox.kantata.firm import RATES, ROLES

CONNECTORS = ("salesforce", "netsuite", "kantata", "slack", "workday")
LEGAL_ENTITIES = ("US", "UK", "DE")
# The ten sample customers: country, and whether they have a tax id.
CUSTOMERS = [
    ("GB", True),
    ("DE", True),
    ("US", True),
    ("NO", False),
    ("GB", False),
    ("CH", True),
    ("FR", True),
    ("NL", True),
]
TODAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def firm() -> Firm:
    return load(FIRM, connectors=CONNECTORS)


def test_every_system_plays_its_part(firm: Firm) -> None:
    found = {role: firm.system_for(role).name for role in Role}

    assert found == {
        Role.CRM: "salesforce",
        Role.ERP: "netsuite",
        Role.PSA: "kantata",
        Role.CHAT: "slack",
        Role.HR: "workday",
    }
    assert [s.url for s in firm.systems] == [f"http://127.0.0.1:{port}" for port in (7433, 7432, 7431, 7434, 7435)]


@pytest.mark.parametrize(("legal_entity", "customer"), [*product(LEGAL_ENTITIES, CUSTOMERS)])
def test_every_customer_has_a_tax_code_but_the_one_the_demo_is_about(
    firm: Firm, legal_entity: str, customer: tuple[str, bool]
) -> None:
    country, registered = customer

    found = firm.table(TaxCodeRow).lookup(legal_entity=legal_entity, customer_country=country, registered=registered)

    if (legal_entity, country) == ("DE", "CH"):
        assert found is None
    else:
        assert found is not None
        assert firm.table(TaxItemRow).lookup(tax_code=found.tax_code)


def test_the_missing_tax_code_is_one_row_away(firm: Firm) -> None:
    files = read_folder(FIRM)
    files["tables/tax_codes.csv"] += "DE,CH,,CH-EXP,Not taxable in Germany\n"

    found = load_text(files).table(TaxCodeRow).lookup(legal_entity="DE", customer_country="CH", registered=True)

    assert found is not None
    assert firm.table(TaxItemRow).translate("erp_id", {"tax_code": found.tax_code}) == "207"


def every_deal(firm: Firm) -> Iterator[tuple[CommercialModel, str, str]]:
    return product(CommercialModel, firm.service_lines, LEGAL_ENTITIES)


def test_every_kind_of_deal_has_a_template_an_item_and_a_cost_centre(firm: Firm) -> None:
    for model, line, legal_entity in every_deal(firm):
        template = firm.table(ProjectTemplateRow).lookup(
            commercial_model=model, service_line=line, legal_entity=legal_entity
        )
        assert template is not None
        assert template.channel == f"#delivery-{legal_entity.lower()}"
        assert firm.table(ServiceItemRow).lookup(commercial_model=model, service_line=line)
        assert firm.table(CostCentreRow).lookup(legal_entity=legal_entity, service_line=line)


def test_everyone_in_a_plan_has_a_rate_in_the_legal_entitys_currency(firm: Firm) -> None:
    for model, line, code in every_deal(firm):
        legal_entity = firm.legal_entity(code)
        found = firm.table(ProjectTemplateRow).lookup(commercial_model=model, service_line=line, legal_entity=code)
        assert found
        assert legal_entity
        for task in firm.table(TemplateTaskRow).find(template=found.template):
            if task.role:
                asked = {"rate_card": found.rate_card, "role": task.role, "currency": legal_entity.currency}
                assert firm.table(RateRow).lookup(day=TODAY, **asked)
                assert firm.table(RoleRow).lookup(role=task.role)


def test_a_plan_has_five_to_eight_lines_and_its_milestones_bill_everything(firm: Firm) -> None:
    rows = firm.table(TemplateTaskRow).rows
    milestone_plans = 0

    for name in {row.template for row in rows}:
        plan = firm.table(TemplateTaskRow).find(template=name)
        shares = [row.share_percent for row in plan if row.share_percent]
        milestone_plans += bool(shares)
        assert 5 <= len(plan) <= 8
        assert [row.position for row in plan] == list(range(1, len(plan) + 1))
        assert not shares or sum(shares) == Decimal(100)

    assert milestone_plans == 2


def test_what_is_sold_by_milestones_is_planned_with_shares(firm: Firm) -> None:
    for line, legal_entity in product(firm.service_lines, LEGAL_ENTITIES):
        asked = {"commercial_model": "milestone", "service_line": line, "legal_entity": legal_entity}
        found = firm.table(ProjectTemplateRow).lookup(**asked)  # pyright: ignore[reportArgumentType] - `day` is not asked
        assert found
        plan = firm.table(TemplateTaskRow).find(template=found.template)
        assert sum(row.share_percent or 0 for row in plan if row.kind is TaskKind.MILESTONE) == 100


def test_the_ids_are_those_of_the_sandbox(firm: Firm) -> None:
    assert [firm.table(SubsidiaryRow).translate("erp_id", {"legal_entity": le}) for le in LEGAL_ENTITIES] == list("234")
    assert [firm.table(CurrencyRow).translate("currency", {"erp_id": i}) for i in "124"] == ["USD", "GBP", "EUR"]
    assert firm.table(PaymentTermsRow).translate("terms", {"erp_id": "2"}) == "Net 30"


def test_every_entity_has_an_owner_who_is_there(firm: Firm) -> None:
    policy = firm.policy()
    owners = {policy.owner(kind, field) for kind, model in KINDS.items() for field in set(model.model_fields) - {"id"}}

    assert owners == {"salesforce", "netsuite", "kantata", "workday", "hub"}


def test_what_the_handoff_writes_may_be_sent(firm: Firm) -> None:
    policy = firm.policy()

    assert policy.sendable("contract", {"value": 1}, to="netsuite")
    assert policy.sendable("billing_plan", {"total": 1}, to="netsuite")
    assert policy.sendable("project", {"name": "P", "state": "open"}, to="kantata") == {"name": "P"}
    assert policy.sendable("customer", {"name": "C", "credit_limit": 1}, to="netsuite") == {"name": "C"}
    assert policy.sendable("handoff", {"gate": "ok"}, to="salesforce")


def test_a_large_deal_needs_a_yes_in_every_currency(firm: Firm) -> None:
    for amount, currency in (("250000", "USD"), ("200000", "GBP"), ("230000", "EUR")):
        limit = Money.of(amount, currency)
        above = limit + Money.of("0.01", currency)

        assert firm.policies.approval_needed(limit, legal_entity="US") is None
        needed = firm.policies.approval_needed(above, legal_entity="US")
        assert needed
        assert needed.owner == "Finance operations lead"


def test_a_hold_goes_to_finance_or_to_the_pmo(firm: Firm) -> None:
    assert firm.policies.hold_owner("finance") == "Finance operations"
    assert firm.policies.hold_owner("delivery") == "PMO"
    assert firm.policies.slas["project_open"].within == timedelta(hours=1)


def test_no_secret_is_in_the_folder(firm: Firm) -> None:
    refs = [ref for system in firm.systems for ref in (*system.credentials.values(), system.hook_secret) if ref]

    assert sorted(map(str, refs)) == [
        "file:../secrets/kantata.token",
        "file:../secrets/netsuite.hook",
        "file:../secrets/netsuite.key",
        "file:../secrets/salesforce.key",
        "file:../secrets/slack.signing",
        "file:../secrets/slack.token",
        "file:../secrets/workday.client",
        "file:../secrets/workday.refresh",
    ]


@pytest.mark.parametrize(("currency", "role"), tuple(product(RATES, ROLES)))
def test_the_simulated_psa_and_the_firm_agree_what_an_hour_costs(firm: Firm, currency: str, role: str) -> None:
    asked = {"rate_card": f"Standard {currency}", "role": role, "currency": currency}
    row = firm.table(RateRow).lookup(day=TODAY, **asked)

    assert row
    assert row.hourly_rate * 100 == RATES[currency][role]


def test_a_folder_and_its_text_are_the_same_firm(firm: Firm) -> None:
    assert load_text(read_folder(FIRM)).digest == firm.digest


@settings(max_examples=10, deadline=None)
@given(st.permutations(sorted(read_folder(FIRM))))
def test_the_order_of_the_files_changes_nothing(names: list[str]) -> None:
    files = read_folder(FIRM)

    assert load_text({name: files[name] for name in names}).digest == load_text(files).digest


def test_remarks_line_ends_and_the_order_of_rows_change_nothing(firm: Firm) -> None:
    files = {name: text.replace("\n", "\r\n") for name, text in read_folder(FIRM).items()}
    files["firm.yaml"] = "# Another remark\r\nx-note: kept out\r\n" + files["firm.yaml"]
    head, *rows = files["tables/currencies.csv"].splitlines()
    files["tables/currencies.csv"] = "\r\n".join([head, *reversed(rows)])

    assert load_text(files).digest == firm.digest


def test_the_order_of_keys_changes_nothing(firm: Firm) -> None:
    files = read_folder(FIRM)
    before = "  payment_terms: erp\n  credit_limit: erp\n"
    assert before in files["ownership.yaml"]
    files["ownership.yaml"] = files["ownership.yaml"].replace(before, "  credit_limit: erp\n  payment_terms: erp\n")

    assert load_text(files).digest == firm.digest


def test_a_change_of_one_cell_is_another_firm(firm: Firm) -> None:
    files = read_folder(FIRM)
    files["tables/currencies.csv"] = files["tables/currencies.csv"].replace("EUR,4", "EUR,5")

    assert load_text(files).digest != firm.digest


def test_hidden_files_and_secrets_are_not_read(tmp_path: Path) -> None:
    for name in (".schema/x.yaml", "secrets/a.key", "README.md", "~$tax.csv", "tables/~lock.csv", "firm.yaml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")

    assert set(read_folder(tmp_path)) == {"firm.yaml"}


def test_anchors_may_be_kept_under_a_key_that_begins_with_x(firm: Firm) -> None:
    files = read_folder(FIRM)
    text = files["systems/slack.yaml"].replace("limits: { per_second: 1, burst: 4, concurrency: 2 }", "limits: *calm")
    merged = text.replace("limits: *calm", "limits: { <<: *calm, burst: 4 }")
    anchor = "x-calm: &calm { per_second: 1, burst: 9, concurrency: 2 }\n"

    assert load_text({**files, "systems/slack.yaml": anchor + merged}).digest == firm.digest


def test_an_overlay_is_found_by_system_and_entity() -> None:
    overlay = "system: salesforce\nentity: customer\nrows: [{ ours: segment, theirs: Segment__c }]\n"
    overlay += "choices: { status: { Live: active } }\n"

    found = load_text({**read_folder(FIRM), "mappings/customers.yaml": overlay}).overlay("salesforce", "customer")

    assert found
    assert found.rows[0].theirs == "Segment__c"
    assert found.choices == {"status": {"Live": "active"}}
