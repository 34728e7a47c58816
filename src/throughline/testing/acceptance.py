"""The acceptance kit: proves a declared rung against a system, by counting there.

    from throughline.testing.acceptance import Installed, Proof, proofs

    @pytest.mark.parametrize("proof", proofs(mapping.PROJECT), ids=lambda proof: proof.__name__)
    async def test_its_rung_is_true(proof: Proof, installed: Installed) -> None:
        await proof(installed)

The kit spoils our side of the line and leaves the system alone, so any system will do: a simulator, a vendor's sandbox.
It takes the same decisions as the ladder (DESIGN section 6), and believes only what `count` says is there.
"""

import asyncio
from collections.abc import Awaitable, Callable

from throughline.core.errors import Hold, Retry
from throughline.core.mapping import Mapping, Rung
from throughline.testing.acceptance_attempt import Attempt
from throughline.testing.acceptance_installed import Installed
from throughline.testing.acceptance_trouble import AFTER, BEFORE, KILLED, LATE, Fault, Trouble
from throughline.testing.connector_subject import Broken

__all__ = ["PROOFS", "Broken", "Installed", "Proof", "proofs"]

type Proof = Callable[[Installed], Awaitable[None]]

# What it means that there are more than one, or none, and what to declare instead.
OTHERWISE = {
    Rung.UPSERT: "it is not an upsert by our id; is there a key, a mark or a natural key instead (B, C, D)?",
    Rung.IDEMPOTENCY_KEY: "the key is not looked at; is there a mark or a natural key instead (C, D)?",
    Rung.MARKER: "what carries our mark is not found in time; is there a natural key instead (D), or nothing (E)?",
    Rung.NATURAL_KEY: "what has our natural key and content is not found in time; declare E",
    Rung.NOTHING: "put sends more than once by itself, or says that it is done when it is not",
}


async def a_send_makes_one(installed: Installed) -> None:
    """Without any trouble: nothing before, one after. A count that is blind is found here."""
    attempt = Attempt(installed, installed.fresh(), Trouble(installed))
    if before := await installed.count(attempt.entity):
        raise Broken(f"{before} records of {attempt.entity.id} are there before it was sent: a sample is not fresh")
    await attempt.climb()
    await _one(attempt, "after it was sent")


async def one_that_never_arrived_is_sent(installed: Installed) -> None:
    """The connection broke before the request was there."""
    await _each(installed, BEFORE, "after a request was lost on its way")


async def a_lost_answer_makes_no_second(installed: Installed) -> None:
    """It was done, and we were not told."""
    await _each(installed, AFTER, "after an answer was lost")


async def a_kill_before_the_confirmation_makes_no_second(installed: Installed) -> None:
    """It was done, and we died before we could write it down."""
    await _each(installed, KILLED, "after we died between send and confirmation")


async def a_late_one_makes_no_second(installed: Installed) -> None:
    """We gave up, and they did it all the same, as late as the mapping says they may."""
    await _each(installed, LATE, "after it was done when we had given up")


async def two_sends_make_one(installed: Installed) -> None:
    """The same again is the same record, and says so."""
    attempt = Attempt(installed, installed.fresh(), Trouble(installed))
    keys = [await attempt.send(), await attempt.send()]
    await _one(attempt, "after it was sent twice")
    if keys[0] != keys[1]:
        raise Broken(f"{_declares(installed)}, and a second send says {keys[1]} where the first said {keys[0]}")


async def two_at_once_make_one(installed: Installed) -> None:
    """Two workers, one paused past its lease: both send in the same moment."""
    attempt = Attempt(installed, installed.fresh(), Trouble(installed))
    told = await asyncio.gather(attempt.send(), attempt.send(), return_exceptions=True)
    if odd := next((each for each in told if isinstance(each, BaseException) and not _passing(each)), None):
        raise odd
    await attempt.climb()
    await _one(attempt, "after two sends in the same moment")


async def it_is_found_in_time(installed: Installed) -> None:
    """Their search shows it no later than the mapping says it may be behind."""
    attempt = Attempt(installed, installed.fresh(), Trouble(installed))
    key = await attempt.send()
    await attempt.time.wait(installed.mapping.lag_seconds)
    found = await attempt.look()
    if [each.key for each in found] != [key]:
        raise Broken(
            f"{_declares(installed)}, and {installed.mapping.lag_seconds:g} s after {key} was sent"
            f" {[each.key for each in found]} is found: raise lag_seconds, or declare less"
        )
    if not found[0].same:
        raise Broken(
            f"{_declares(installed)}, and {key} shows another content than was sent: every doubt would be a hold."
            " Let the rows that come back otherwise flow out only, or declare E"
        )


async def both_of_two_are_found(installed: Installed) -> None:
    """What somebody entered a second time is seen, so that a person can choose. A system may refuse it, too."""
    attempt = Attempt(installed, installed.fresh(), Trouble(installed))
    keys = {await attempt.send()}
    try:
        keys.add(await attempt.send())
    except Hold:
        return
    await attempt.time.wait(installed.mapping.lag_seconds)
    if (found := {each.key for each in await attempt.look()}) != keys:
        raise Broken(f"{_declares(installed)}, and of the records {sorted(keys)} it finds {sorted(found)}")


EVERY: tuple[Proof, ...] = (
    a_send_makes_one,
    one_that_never_arrived_is_sent,
    a_lost_answer_makes_no_second,
    a_kill_before_the_confirmation_makes_no_second,
    a_late_one_makes_no_second,
)
REPEATED: tuple[Proof, ...] = (*EVERY, two_sends_make_one, two_at_once_make_one)
SEARCHED: tuple[Proof, ...] = (*EVERY, it_is_found_in_time, both_of_two_are_found)
PROOFS: dict[Rung, tuple[Proof, ...]] = {
    Rung.UPSERT: REPEATED,
    Rung.IDEMPOTENCY_KEY: REPEATED,
    Rung.MARKER: SEARCHED,
    Rung.NATURAL_KEY: SEARCHED,
    Rung.NOTHING: EVERY,
}


def proofs(mapping: Mapping) -> tuple[Proof, ...]:
    """What a mapping has to prove. On C to E two at once need no proof: one sender per effect is our own doing."""
    return PROOFS[mapping.rung]


async def _each(installed: Installed, fault: Fault, when: str) -> None:
    """Each write of a put meets the trouble once, in an attempt of its own."""
    struck = 0
    while True:
        trouble = Trouble(installed, fault, at=struck + 1)
        attempt = Attempt(installed, installed.fresh(), trouble)
        await attempt.climb()
        if not trouble.struck:
            break
        struck += 1
        await attempt.time.wait(installed.mapping.settle_seconds)
        await _one(attempt, when)
    if not struck:
        raise Broken(f"{_declares(installed)}, and put writes nothing: every call of it says that it only reads")


async def _one(attempt: Attempt, when: str) -> None:
    installed = attempt.installed
    if (n := await installed.count(attempt.entity)) != 1:
        raise Broken(f"{_declares(installed)}, and {when} there are {n} records: {OTHERWISE[installed.mapping.rung]}")


def _declares(installed: Installed) -> str:
    return f"{installed.mapping.kind} of {installed.connector.name} declares rung {installed.mapping.rung}"


def _passing(error: BaseException) -> bool:
    """A twin on its way may be refused, or asked to come again."""
    return isinstance(error, (Hold, Retry))
