"""What became of a project's invoices, in a custom field of the project."""

from typing import Any

import pytest

from throughline.connectors.kantata import status
from throughline.core.entities import BillingStatus
from throughline.core.errors import Hold
from throughline.testing.acceptance import Proof, proofs

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOTHING = {"amount": "0.00", "currency": "GBP"}


def told(summary: str = "open 12.50 GBP; INV1 sent") -> BillingStatus:
    amounts = dict.fromkeys(("billed", "credited", "settled", "open_amount", "overdue"), NOTHING)
    return BillingStatus.model_validate({"id": "status-1", "project": "project-1", "summary": summary, **amounts})


def known(psa: Any) -> str:
    project = next(iter(psa.kept("workspaces")))
    psa.names.ids["project", project] = "project-1"
    return project


def shown(psa: Any) -> list[tuple[str, str, str]]:
    values = psa.kept("custom_field_values").values()
    fields = {id_: each["name"] for id_, each in psa.kept("custom_fields").items()}
    return [(str(each["subject_id"]), fields[str(each["custom_field_id"])], each["value"]) for each in values]


async def test_a_project_shows_what_became_of_its_invoices(psa: Any) -> None:
    project = known(psa)

    key = await psa.put(told())

    assert key == project
    assert shown(psa) == [(project, "Billing status", "open 12.50 GBP; INV1 sent")]


async def test_news_replaces_what_was_shown_before(psa: Any) -> None:
    project = known(psa)
    await psa.put(told())

    await psa.put(told("nothing open; INV1 paid"), key=project, only=("summary",))

    assert shown(psa) == [(project, "Billing status", "nothing open; INV1 paid")]


async def test_other_fields_of_the_project_stay_as_they_are(psa: Any) -> None:
    project = known(psa)
    other = next(each["id"] for each in psa.kept("custom_fields").values() if each["name"] == "Legal entity")
    about = {"subject_type": "Workspace", "subject_id": project, "custom_field_id": other, "value": "UK"}
    await psa.control("records/custom_field_values", about)

    await psa.put(told())

    assert (project, "Legal entity", "UK") in shown(psa)
    assert len(shown(psa)) == 2


async def test_a_field_that_is_not_there_is_for_a_person(psa: Any) -> None:
    known(psa)
    psa.line.credentials.settings["billing_status_field"] = "Rechnungsstand"

    with pytest.raises(Hold, match="no custom field Rechnungsstand") as held:
        await psa.put(told())

    assert "Add the custom field Rechnungsstand" in held.value.fix
    assert shown(psa) == []


@pytest.mark.parametrize("proof", proofs(status.BILLING_STATUS), ids=lambda proof: proof.__name__)
async def test_its_rung_is_true(psa: Any, proof: Proof) -> None:
    known(psa)

    def there(sent: BillingStatus) -> int:
        return sum(value == sent.summary for _, _, value in shown(psa))

    def news(number: int) -> BillingStatus:
        return told(f"INV{number} sent")

    await proof(psa.installed("billing_status", news, there))
