"""People as they are written into Kantata, over real HTTP: by an invitation, and later in the two places they live."""

from typing import Any

import pytest

from throughline.core.entities import Resource, ResourceId
from throughline.core.errors import Hold

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEW = Resource(id=ResourceId("resource-n"), name="Sample Newcomer", email="Newcomer@halyard.example")
LEAD = "pm.uk@halyard.example"


def user(psa: Any, address: str) -> dict[str, Any]:
    (found,) = [each for each in psa.kept("users").values() if each["email_address"] == address]
    return found


def membership(psa: Any, address: str) -> dict[str, Any]:
    return psa.kept("account_memberships")[user(psa, address)["account_membership_id"]]


async def test_a_newcomer_is_invited_and_is_a_user_then(psa: Any) -> None:
    key = await psa.put(NEW)

    assert key == user(psa, "newcomer@halyard.example")["id"]
    assert user(psa, "newcomer@halyard.example")["full_name"] == "Sample Newcomer"
    assert membership(psa, "newcomer@halyard.example")["permission"] == "Collaborator"


async def test_who_is_a_user_already_is_not_invited_again(psa: Any) -> None:
    await psa.put(NEW)

    with pytest.raises(Hold, match="already been taken"):
        await psa.put(NEW)


async def test_a_user_is_found_by_address_however_it_is_written(psa: Any) -> None:
    key = await psa.put(NEW)

    found = await psa.find("resource", fields={"email": "NEWCOMER@halyard.example", "name": "Sample"})

    assert [each["id"] for each in found] == [key]
    assert await psa.find("resource", fields={"email": "nobody@halyard.example"}) == []


async def test_another_name_and_address_are_the_same_user_s(psa: Any) -> None:
    key = await psa.put(NEW)

    await psa.put(NEW.model_copy(update={"name": "Sample Wed", "email": "wed@halyard.example"}), key=key)

    assert psa.kept("users")[key]["full_name"] == "Sample Wed"
    assert psa.kept("users")[key]["email_address"] == "wed@halyard.example"


async def test_a_manager_is_kept_with_the_membership_and_read_again(psa: Any) -> None:
    key = await psa.put(NEW)
    lead = user(psa, LEAD)["id"]
    psa.names.ids = {("resource", lead): "resource-lead"}

    await psa.put(NEW.model_copy(update={"manager": ResourceId("resource-lead")}), key=key, only=("manager",))

    assert membership(psa, "newcomer@halyard.example")["manager_id"] == lead
    (record,) = await psa.find("resource", key=key)
    assert psa.read("resource", record).fields["manager"] == "resource-lead"


async def test_assignments_are_found_by_whose_they_are(psa: Any) -> None:
    allocations = psa.kept("workspace_allocations").values()
    places = psa.kept("workspace_resources")
    whose = next(places[each["workspace_resource_id"]]["user_id"] for each in allocations)

    found = await psa.find("assignment", pointed={"user_id": whose})

    mine = {each["id"] for each in allocations if places[each["workspace_resource_id"]]["user_id"] == whose}
    assert {each["id"] for each in found} == mine
    assert {each["user_id"] for each in found} == {whose}
    assert await psa.find("assignment", fields={"resource": "resource-1"}) == []
