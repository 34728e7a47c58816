"""The simulator against the vendor's own metadata: its names and its duties are theirs."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedKeySeq

from tests.sandbox.kantata.conftest import Api, Record
from throughline.sandbox.kantata.schema import COLLECTIONS
from throughline.sandbox.kantata.schema.fields import CREATE_OR_UPDATE

SPECIFICATION = Path(__file__).parents[4] / "shared/specs/kantata/mavenlink_specification.yml"

pytestmark = pytest.mark.skipif(
    not SPECIFICATION.exists(),
    reason="the vendor's metadata is not here: put mavenlink_specification.yml into ../shared/specs/kantata",
)

RETURNED_BESIDES = {
    # "Ids are strings" and every object carries its own (vendors.md 9, envelope); the metadata forgets it here.
    "account_memberships": {"id"},
}
ASSOCIATED_BESIDES = {
    # Their `story_id` is an attribute; it is kept here as a reference because references are checked.
    "billing_milestones": {"story"},
}
ACCEPTED_BESIDES = {
    # "Most creates also accept an inline external_reference" (vendors.md 9, idempotency): these have the association.
    "rate_cards": {"external_reference"},
    "custom_field_values": {"external_reference"},
}
REQUIRED_BESIDES = {
    # The metadata marks these "(required)" in a comment beside the attribute instead of under `validations`.
    "stories": {"title", "story_type", "workspace_id"},
    "custom_field_values": {"subject_type", "subject_id", "custom_field_id", "value"},
    "custom_fields": {"name"},
    "project_templates": {"title"},
    # The reference checks of vendors.md need them: without them the record would belong to nothing.
    "participations": {"workspace_id", "user_id"},
    "billing_milestones": {"title", "amount_in_cents", "workspace_id"},
    "timesheet_submissions": {"workspace_id"},
    "expense_report_submissions": {"workspace_id"},
    "rate_card_sets": {"title"},
    "rate_card_set_versions": {"rate_card_set_id", "effective_date"},
    "rate_cards": {"rate_card_set_id", "currency"},
    "rate_card_roles": {"rate_card_version_id", "role_id", "rate"},
    "organizations": {"name"},
    "users": {"full_name", "email_address"},
    "account_invitations": {"full_name", "email_address"},
}


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    return YAML(typ="rt").load(SPECIFICATION)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_everything_returned_is_an_attribute_or_an_association_of_theirs(theirs: Record, name: str) -> None:
    ours, their = COLLECTIONS[name], theirs[name]
    associations = their.get("associations") or {}
    keys = {each["foreign_key"] for each in associations.values()}

    returned = {*ours.attributes, *(link.key for link in ours.links.values())}

    assert returned - set(their["attributes"]) - keys - RETURNED_BESIDES.get(name, set()) == set()


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_association_leads_where_theirs_leads(theirs: Record, name: str) -> None:
    associations = theirs[name].get("associations") or {}

    besides = ASSOCIATED_BESIDES.get(name, set())
    ours = {each: (link.to, link.key) for each, link in COLLECTIONS[name].links.items() if each not in besides}

    assert ours == {each: (associations[each]["collection"], associations[each]["foreign_key"]) for each in ours}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_everything_accepted_is_accepted_by_them(theirs: Record, name: str) -> None:
    ours, their = COLLECTIONS[name], theirs[name]
    besides = ACCEPTED_BESIDES.get(name, set())

    assert set(ours.creates) - set(their.get("create_attributes") or ()) - besides == set()
    assert set(ours.updates) - set(their.get("update_attributes") or ()) - besides == set()


@pytest.mark.parametrize("name", COLLECTIONS)
def test_what_is_required_is_what_they_require(theirs: Record, name: str) -> None:
    presence, inclusion = _validations(theirs[name])

    assert set(COLLECTIONS[name].required) == presence | REQUIRED_BESIDES.get(name, set())
    for field, allowed in inclusion.items():
        assert COLLECTIONS[name].choices[field] == tuple(allowed)


def test_a_reference_is_created_from_what_they_take(theirs: Record) -> None:
    assert set(CREATE_OR_UPDATE) == set(theirs["external_references"]["create_or_update_attributes"])


def test_no_exception_is_listed_in_vain(theirs: Record) -> None:
    for name, besides in RETURNED_BESIDES.items():
        keys = {each["foreign_key"] for each in (theirs[name].get("associations") or {}).values()}
        assert not besides & {*theirs[name]["attributes"], *keys}, name
    for name, besides in ASSOCIATED_BESIDES.items():
        assert not besides & set(theirs[name]["associations"]), name
    for name, besides in ACCEPTED_BESIDES.items():
        assert not besides & set(theirs[name].get("create_attributes") or ()), name
    for name, besides in REQUIRED_BESIDES.items():
        assert not besides & _validations(theirs[name])[0], name


async def test_what_comes_over_the_wire_is_what_the_schema_says(api: Api) -> None:
    for name, collection in COLLECTIONS.items():
        include = ",".join(collection.links)
        known = {*collection.attributes, *(link.key for link in collection.links.values()), "id"}
        query = f"include={include}&optional_fields={','.join(collection.optional)}&include_unnamed=true"
        for record in await api.listed(f"/{name}?{query}"):
            assert set(record) - known == set(), name


def _validations(their: Any) -> tuple[set[str], dict[str, Any]]:
    """A key of `validations` is a field, or a list of fields that share what follows."""
    presence: set[str] = set()
    inclusion: dict[str, Any] = {}
    for key, rules in (their.get("validations") or {}).items():
        fields = list(key) if isinstance(key, CommentedKeySeq | tuple | list) else [key]
        if rules.get("presence"):
            presence |= set(fields)
        for field in fields:
            if "inclusion" in rules:
                inclusion[field] = rules["inclusion"]["in"]
    return presence, inclusion
