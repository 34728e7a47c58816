"""People and access keys over HTTP: written down, changed, shown once, and all of it in the audit log."""

from typing import Any

import pytest

from throughline import server
from throughline.hub.machine import Machine
from throughline.settings import Settings

PEOPLE, KEYS = "/api/v1/people", "/api/v1/access-keys"
ANNA = {"name": "Anna@example.com", "roles": ["operator"]}
SHARED = "Bearer the-key-of-this-test"


@pytest.fixture
def keyed(caller: Any, machine: Machine, settings: Settings) -> Any:
    caller.app = server.app(machine, settings.model_copy(update={"api_key": "the-key-of-this-test"}))
    caller.headers["authorization"] = SHARED
    return caller


async def key_of(caller: Any, name: str, **more: Any) -> str:
    made = await caller.post(KEYS, {"name": "k", "person": name, **more}, idempotency_key=f"of {name}")
    assert made.status == 201, made.body
    return f"Bearer {made.json['secret']}"


async def test_a_person_is_let_in_changed_and_removed(keyed: Any, machine: Machine) -> None:
    added = await keyed.post(PEOPLE, ANNA)
    again = await keyed.post(PEOPLE, ANNA)
    changed = await keyed.call(
        "PUT", f"{PEOPLE}/anna@example.com", b'{"roles": ["approver", "viewer"], "legal_entities": ["DE"]}',
        headers={"content-type": "application/json"},
    )  # fmt: skip
    listed = (await keyed.get(PEOPLE)).json["data"]
    gone = await keyed.call("DELETE", f"{PEOPLE}/anna@example.com")

    assert (added.status, added.json["name"], added.headers["location"]) == (
        201, "anna@example.com", f"{PEOPLE}/anna@example.com",
    )  # fmt: skip
    assert (again.status, again.problem["code"]) == (409, "not_allowed_now")
    assert (changed.json["roles"], changed.json["legal_entities"]) == (["viewer", "approver"], ["DE"])
    assert [each["name"] for each in listed] == ["anna@example.com"]
    assert (gone.status, (await keyed.get(f"{PEOPLE}/anna@example.com")).status) == (204, 404)
    noted = await machine.pool.fetch(
        "select action from audit_waiting where object = 'person anna@example.com' order by id"
    )
    assert [row["action"] for row in noted] == ["add person", "change person", "remove person"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "api", "roles": ["viewer"]}, "cannot be a person's name"),
        ({"name": "two words", "roles": ["viewer"]}, "cannot be a person's name"),
        ({"name": "p@example.com", "roles": ["viewer"], "legal_entities": ["XX"]}, "No such legal entity: XX"),
    ],
)
async def test_what_cannot_be_a_person_is_refused(asked: Any, said: str, keyed: Any) -> None:
    answer = await keyed.post(PEOPLE, asked)

    assert (answer.status, answer.problem["code"]) == (422, "not_a_person")
    assert said in answer.json["detail"]


async def test_with_the_first_person_everybody_has_to_sign_in(caller: Any) -> None:
    assert (await caller.post(PEOPLE, {**ANNA, "roles": ["admin"]})).status == 201

    assert (await caller.get("/api/v1/meta")).status == 401


async def test_a_key_is_shown_once_and_kept_as_a_digest(keyed: Any, machine: Machine) -> None:
    await keyed.post(PEOPLE, ANNA)
    first = await keyed.post(KEYS, {"name": "browser", "person": "anna@example.com"}, idempotency_key="1")
    again = await keyed.post(KEYS, {"name": "browser", "person": "anna@example.com"}, idempotency_key="1")

    secret = first.json["secret"]
    assert (again.json["id"], again.json["secret"]) == (first.json["id"], None)
    (shown,) = (await keyed.get(KEYS)).json["data"]
    assert shown["rights"] == ["read", "estate", "plan", "decide", "cancel"]
    tables = ("access_keys", "journal", "idempotency_keys", "audit_waiting")
    for table in tables:
        kept = await machine.pool.fetchval(f"select coalesce(string_agg(t::text, ' '), '') from {table} t")
        assert secret.rpartition("_")[2] not in kept, table


async def test_what_is_decided_is_written_down_under_ones_own_name(keyed: Any, win: Any, machine: Machine) -> None:
    await win()
    await keyed.post(PEOPLE, ANNA)
    keyed.headers["authorization"] = await key_of(keyed, "anna@example.com")

    answer = await keyed.post("/api/v1/holds/hold-1/release", {}, idempotency_key="r")

    assert (answer.status, answer.json["by"]) == (200, "anna@example.com")
    assert await machine.pool.fetchval("select actor from journal where object = 'hold-1'") == "anna@example.com"


async def test_a_missing_right_is_named(keyed: Any) -> None:
    await keyed.post(PEOPLE, ANNA)
    keyed.headers["authorization"] = await key_of(keyed, "anna@example.com")

    answer = await keyed.get(PEOPLE)

    assert (answer.status, answer.problem["code"], answer.json["missing_right"]) == (403, "forbidden", "people")
    assert "`people`" in answer.json["detail"]


async def test_nobody_changes_their_own_roles(keyed: Any) -> None:
    await keyed.post(PEOPLE, {"name": "boss@example.com", "roles": ["admin"]})
    keyed.headers["authorization"] = await key_of(keyed, "boss@example.com")

    answer = await keyed.call("DELETE", f"{PEOPLE}/boss@example.com")

    assert (answer.status, answer.problem["code"]) == (409, "not_allowed_now")


async def test_nobody_makes_a_key_that_may_more_than_they(keyed: Any) -> None:
    await keyed.post(PEOPLE, ANNA)
    narrow = await keyed.post(KEYS, {"name": "keys only", "rights": ["people"]}, idempotency_key="n")
    more = await keyed.post(KEYS, {"name": "k", "person": "anna@example.com", "rights": ["audit"]}, idempotency_key="m")
    keyed.headers["authorization"] = f"Bearer {narrow.json['secret']}"
    wide = await keyed.post(KEYS, {"name": "k", "rights": ["people", "audit"]}, idempotency_key="w")

    assert (more.status, more.problem["code"]) == (422, "not_a_person")
    assert (wide.status, wide.problem["code"]) == (409, "not_allowed_now")
    assert "audit" in wide.json["detail"]
