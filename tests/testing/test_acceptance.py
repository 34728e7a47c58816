"""The acceptance kit believes an honest system, and reports every rung that is declared too high."""

import random
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import aiohttp
import pytest

from tests.testing.pretend_vendor import (
    CONNECTOR,
    CONTRACT,
    INVOICE,
    MESSAGE,
    MONDAY,
    PLAN,
    PROJECT,
    Vendor,
)
from throughline.core.connector import Credentials, Http, Sent, Where
from throughline.core.entities import Entity
from throughline.core.forms import Record
from throughline.core.mapping import Mapping, Rung
from throughline.testing.acceptance import PROOFS, Broken, Installed, Proof, proofs
from throughline.testing.acceptance_direct import Direct
from throughline.testing.connector_samples import sample

MAPPINGS = (CONTRACT, INVOICE, PROJECT, PLAN, MESSAGE)
# Which of our fields they call `name`.
NAME = {"invoice": "number", "message": "text"}

MOMENTS = count()

type Install = Callable[..., Any]


def sampled(mapping: Mapping) -> Callable[[int], Entity]:
    """The nth entity of a kind, with a name of its own."""
    entity = sample(mapping, random.Random(7))
    return lambda n: entity.model_copy(update={"id": f"{mapping.kind}-{n}", NAME.get(mapping.kind, "name"): f"No. {n}"})


@pytest.fixture
async def install() -> AsyncGenerator[Install]:
    """Opens a vendor and puts a connector on it; what a test changes of either is what is declared too high."""
    async with AsyncExitStack() as closing:

        async def installed(mapping: Mapping, vendor: Vendor | None = None, **parts: Any) -> Installed:
            vendor = vendor or Vendor()
            url = await closing.enter_async_context(vendor.open())
            session = await closing.enter_async_context(aiohttp.ClientSession())
            connector = replace(CONNECTOR, **{"mappings": (mapping,), **parts})
            credentials = Credentials(secrets={"token": "a made-up token"}, settings={}, url=url)

            async def there(entity: Entity) -> int:
                name = str(getattr(entity, NAME.get(mapping.kind, "name")))
                return len(vendor.held(mapping.resource, name=name))

            return Installed(
                connector=connector,
                mapping=mapping,
                http=Direct(connector, credentials, session, clock=lambda: MONDAY),
                sample=sampled(mapping),
                count=there,
                wait=vendor.wait,
            )

        yield installed


@pytest.mark.parametrize(
    ("mapping", "proof"),
    [(mapping, proof) for mapping in MAPPINGS for proof in proofs(mapping)],
    ids=lambda each: each.rung.value if isinstance(each, Mapping) else each.__name__,
)
async def test_an_honest_rung_is_proven(install: Install, mapping: Mapping, proof: Proof) -> None:
    await proof(await install(mapping))


# ---- declared too high


async def failing(installed: Installed) -> dict[str, str]:
    """The proofs that fail, and what they say."""
    said: dict[str, str] = {}
    for proof in proofs(installed.mapping):
        try:
            await proof(installed)
        except Broken as broken:
            said[proof.__name__] = str(broken)
    return said


async def naive_put(http: Http, mapping: Mapping, sent: Sent) -> str:
    return (await http.call("POST", f"/{mapping.resource}", json=sent.record)).body["id"]


async def eager_put(http: Http, mapping: Mapping, sent: Sent) -> str:
    """Repeats by itself what it should leave to the ladder."""
    await naive_put(http, mapping, sent)
    return await naive_put(http, mapping, sent)


async def pretending_put(_http: Http, _mapping: Mapping, _sent: Sent) -> str:
    return "V1"


async def random_key_put(http: Http, mapping: Mapping, sent: Sent) -> str:
    """A key of the moment in place of the effect's own."""
    headers = {"Idempotency": f"{sent.idempotency_key}-{next(MOMENTS)}"}
    return (await http.call("POST", f"/{mapping.resource}", json=sent.record, headers=headers)).body["id"]


async def blind_find(_http: Http, _mapping: Mapping, _where: Where) -> list[Record]:
    return []


DOUBLED = {
    "a_lost_answer_makes_no_second",
    "a_kill_before_the_confirmation_makes_no_second",
    "a_late_one_makes_no_second",
}
REPEATED = DOUBLED | {"two_sends_make_one", "two_at_once_make_one"}
UNSEEN = DOUBLED | {"it_is_found_in_time", "both_of_two_are_found"}
UNKNOWN_FIRST = {"one_that_never_arrived_is_sent"}
LATE = {"it_is_found_in_time", "both_of_two_are_found", "a_late_one_makes_no_second"}
EVERY = {each.__name__ for each in PROOFS[Rung.NOTHING]}


@dataclass(frozen=True)
class Way:
    """One way to declare too much: what the vendor or the connector really does, and what the kit says of it."""

    name: str
    mapping: Mapping
    failed: set[str]
    says: str
    vendor: dict[str, Any] = field(default_factory=dict[str, Any])
    parts: dict[str, Any] = field(default_factory=dict[str, Any])


UPSERT, KEY, MARK = "2 records: it is not an upsert", "the key is not looked at", "is not found in time"
WAYS = (
    Way("a naive create declared A", CONTRACT, REPEATED, UPSERT, parts={"put": naive_put}),
    Way("an upsert that creates declared A", CONTRACT, REPEATED, UPSERT, {"upserts": False}),
    Way("an upsert with a race declared A", CONTRACT, {"two_at_once_make_one"},
        "after two sends in the same moment there are 2 records", {"upserts_at_once": False}),
    Way("a key they ignore declared B", INVOICE, REPEATED, KEY, {"minds_keys": False}),
    Way("a key that is not sent declared B", INVOICE, REPEATED, KEY, parts={"put": naive_put}),
    Way("a key of the moment declared B", INVOICE, REPEATED, KEY, parts={"put": random_key_put}),
    Way("a mark that cannot be searched declared C", PROJECT, UNSEEN, MARK, {"searches": False}),
    Way("a mark that is not left declared C", PROJECT, UNSEEN, MARK, parts={"put": naive_put}),
    Way("a find that is blind declared C", PROJECT, UNSEEN, MARK, parts={"find": blind_find}),
    Way("no find declared C", PROJECT, UNSEEN | UNKNOWN_FIRST, "cannot find", parts={"find": None}),
    Way("a search further behind than declared C", PROJECT, LATE, "raise lag_seconds", {"lag_seconds": 85}),
    Way("a search that shows one of two declared C", PROJECT, {"both_of_two_are_found"}, "it finds ['",
        {"shows_all": False}),
    Way("a natural key that cannot be searched declared D", PLAN, UNSEEN, "declare E", {"searches": False}),
    Way("a content that comes back otherwise declared D", PLAN, DOUBLED | {"it_is_found_in_time"},
        "shows another content than was sent", {"rounds": True}),
    Way("a put that repeats by itself declared E", MESSAGE, EVERY, "sends more than once", parts={"put": eager_put}),
    Way("a put that does nothing declared E", MESSAGE, EVERY, "put writes nothing", parts={"put": pretending_put}),
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
async def test_a_rung_declared_too_high_is_reported(install: Install, way: Way) -> None:
    said = await failing(await install(way.mapping, Vendor(**way.vendor), **way.parts))

    assert set(said) == way.failed
    assert any(way.says in each for each in said.values()), said


def test_every_proof_was_seen_to_fail() -> None:
    seen = set[str]().union(*(way.failed for way in WAYS))

    assert seen == {proof.__name__ for each in PROOFS.values() for proof in each}


async def test_a_sample_that_is_not_fresh_is_reported(install: Install) -> None:
    installed = await install(PROJECT)
    only = sampled(PROJECT)(1)

    def always(_n: int) -> Entity:
        return only

    stale = replace(installed, sample=always)
    await PROOFS[Rung.MARKER][0](stale)

    with pytest.raises(Broken, match="a sample is not fresh"):
        await PROOFS[Rung.MARKER][0](stale)


async def test_a_sample_of_another_kind_is_reported(install: Install) -> None:
    installed = replace(await install(PROJECT), sample=sampled(PLAN))

    with pytest.raises(Broken, match="the sample is a billing_plan, and the mapping is of a project"):
        await PROOFS[Rung.MARKER][0](installed)
