"""What happens around a call: what is sent, what an answer leads to, and what is kept of it."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
import structlog

from throughline.core.connector import Http
from throughline.core.errors import Hold, Retry, Unknown
from throughline.hub.control import LaneLost, LockedOut
from throughline.hub.wire import Context, Lost, NotSent, Raw

SENT = {"method": "POST", "path": "/deals", "json": {"name": "A"}}


def answered(status: int, body: Any = None, **headers: str) -> Raw:
    return Raw(status, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(body).encode())


async def http(world: Any, context: Context | None = None, system: str = "north") -> Http:
    applied = await world.machine.firms.current()
    return applied.lines[system].http(context or Context("deal-1", "run-1"))


async def post(world: Any) -> Any:
    return await (await http(world)).call("POST", "/deals", json={"name": "A"})


async def get(world: Any) -> Any:
    return await (await http(world)).call("GET", "/deals")


# ---- what an outcome means


async def test_a_post_that_was_lost_is_unknown(world: Any, estate: Any) -> None:
    estate.fail("POST", "/deals", after=Lost("reset"))

    with pytest.raises(Unknown, match="may or may not have done it"):
        await post(world)


async def test_a_get_that_was_lost_is_tried_again(world: Any, estate: Any) -> None:
    estate.fail("GET", error=Lost("reset"))

    with pytest.raises(Retry) as caught:
        await get(world)

    assert type(caught.value) is Retry


async def test_a_post_that_only_reads_is_tried_again_when_it_was_lost(world: Any, estate: Any) -> None:
    estate.fail("POST", "/deals", error=Lost("reset"))

    with pytest.raises(Retry) as caught:
        await (await http(world)).call("POST", "/deals", json={}, reads=True)

    assert type(caught.value) is Retry


async def test_a_post_that_was_not_sent_is_tried_again(world: Any, estate: Any) -> None:
    estate.fail("POST", "/deals", error=NotSent("refused"))

    with pytest.raises(Retry, match="cannot be reached") as caught:
        await post(world)

    assert type(caught.value) is Retry


@pytest.mark.parametrize(("status", "kind"), [(500, Unknown), (502, Unknown), (503, Retry)])
async def test_a_post_answered_with_5xx_is_unknown_unless_they_promise_that_nothing_happened(
    world: Any, estate: Any, status: int, kind: type[Retry]
) -> None:
    estate.fail("POST", "/deals", answer=answered(status, {"why": "down"}))

    with pytest.raises(Retry, match="down") as caught:
        await post(world)

    assert type(caught.value) is kind


async def test_a_get_answered_with_5xx_is_tried_again(world: Any, estate: Any) -> None:
    estate.fail("GET", answer=answered(500))

    with pytest.raises(Retry) as caught:
        await get(world)

    assert type(caught.value) is Retry


async def test_a_refusal_is_a_hold_that_names_the_reason(world: Any, estate: Any) -> None:
    estate.fail("POST", "/deals", answer=answered(422, {"why": "no such stage"}))

    with pytest.raises(Hold, match="north refused: no such stage") as caught:
        await post(world)

    assert "Correct what north complains about" in caught.value.fix


async def test_a_connector_that_knows_what_to_do_about_a_refusal_says_so(world: Any, estate: Any) -> None:
    estate.fail("POST", "/deals", answer=answered(422, {"why": "March is closed", "fix": "Open March, then release."}))

    with pytest.raises(Hold) as caught:
        await post(world)

    assert (caught.value.why, caught.value.fix) == ("north refused: March is closed", "Open March, then release.")


async def test_something_absent_is_an_empty_answer_to_a_question_and_a_refusal_of_a_change(world: Any) -> None:
    caller = await http(world)

    assert (await caller.call("GET", "/deals/N404")).status == 404
    with pytest.raises(Hold, match="no N404"):
        await caller.call("PATCH", "/deals/N404", json={})


# ---- being let in


async def test_an_expired_token_is_refreshed_once_and_the_call_repeated(world: Any, estate: Any) -> None:
    estate.fail("POST", "/deals", answer=answered(401, {"why": "expired"}))

    answer = await post(world)

    assert answer.status == 201
    assert estate.tokens == 2
    first, second = estate.calls("POST", "/deals")
    assert (first.headers["Authorization"], second.headers["Authorization"]) == (
        "Bearer token-north-1",
        "Bearer token-north-2",
    )


async def test_a_second_refusal_of_the_credentials_locks_us_out(world: Any, estate: Any) -> None:
    for _ in range(2):
        estate.fail("POST", "/deals", answer=answered(401, {"why": "revoked"}))

    with pytest.raises(LockedOut, match="does not accept our credentials: revoked"):
        await post(world)

    assert estate.tokens == 2
    assert len(estate.calls("POST", "/deals")) == 2
    (hold,) = await world.holds()
    assert (hold["system"], hold["owner"]) == ("north", "Integration support")
    assert "systems/north.yaml" in hold["fix"]


async def test_credentials_that_get_no_token_lock_us_out(world: Any, estate: Any) -> None:
    estate.fail("POST", "/token", answer=answered(400, {"error": "invalid_client"}))

    with pytest.raises(LockedOut, match="north does not let us in: invalid_client"):
        await get(world)


@pytest.mark.parametrize(
    "how",
    [
        {"error": NotSent("refused")},
        {"error": Lost("reset")},
        {"answer": answered(500)},
        {"answer": answered(429)},
        {"answer": Raw(200, {}, b"<html>Our site is being improved</html>")},
        {"answer": answered(200, {"something": "else"})},
    ],
)
async def test_a_door_that_is_unwell_is_tried_again_and_nothing_was_sent(world: Any, estate: Any, how: Any) -> None:
    estate.fail("POST", "/token", **how)

    with pytest.raises(Retry, match="gave no access token") as caught:
        await post(world)

    assert type(caught.value) is Retry
    assert estate.calls("POST", "/deals") == []
    assert (await post(world)).status == 201


async def test_a_token_is_not_sent_to_a_stranger(world: Any, estate: Any) -> None:
    with pytest.raises(Hold, match=r"evil\.example, which is not its own address"):
        await (await http(world)).call("GET", "https://evil.example/deals?page=2")

    assert estate.calls("GET") == []


async def test_a_whole_address_of_the_system_s_own_is_followed(world: Any, estate: Any) -> None:
    estate.enter("north", "deals", name="A")

    answer = await (await http(world)).call("GET", "https://north.example/deals?page=0")

    assert answer.status == 200


# ---- being too fast, and being unwell


@pytest.mark.parametrize(("headers", "seconds"), [({"retry_after": "30"}, 30), ({}, 2), ({"retry_after": "0"}, 2)])
async def test_a_throttle_pauses_everybody_for_as_long_as_they_said(
    world: Any, estate: Any, headers: dict[str, str], seconds: int
) -> None:
    estate.fail("POST", "/deals", answer=answered(429, None, **headers))

    with pytest.raises(Retry, match="we are too fast") as caught:
        await post(world)

    assert caught.value.after == timedelta(seconds=seconds)
    world.clock.advance(seconds - 1)
    with pytest.raises(Retry, match="asked us to wait"):
        await get(world)
    assert estate.calls("GET") == []
    world.clock.advance(1)
    assert (await get(world)).status == 200


async def test_an_endpoint_that_keeps_failing_is_left_alone_and_others_are_not(world: Any, estate: Any) -> None:
    for _ in range(8):
        estate.fail("POST", "/deals", answer=answered(500))
        with pytest.raises(Unknown):
            await post(world)

    with pytest.raises(Retry, match="keeps failing at POST /deals and rests"):
        await post(world)

    assert len(estate.calls("POST", "/deals")) == 8
    assert (await get(world)).status == 200
    world.clock.advance(2)
    assert (await post(world)).status == 201


async def test_refusals_and_throttles_are_no_sign_of_ill_health(world: Any, estate: Any) -> None:
    for status in (422, 404, 429) * 4:
        estate.fail("POST", "/deals", answer=answered(status))
        with pytest.raises((Hold, Retry)):
            await post(world)
        world.clock.advance(2)

    assert (await post(world)).status == 201


# ---- what goes out


async def test_every_call_says_whose_it_is_and_one_engagement_is_one_trace(world: Any, estate: Any) -> None:
    for system, run in (("north", "run-1"), ("south", "run-1"), ("south", "run-2")):
        caller = await http(world, Context("deal-1", run), system)
        await caller.call("GET", "/customers")
    await (await http(world, Context("deal-2", "run-3"))).call("GET", "/customers")

    sent = [each.headers for each in estate.calls("GET")]
    assert [each["X-Correlation-Id"] for each in sent] == ["deal-1", "deal-1", "deal-1", "deal-2"]
    versions, traces, spans, flags = zip(*(each["traceparent"].split("-") for each in sent), strict=True)
    assert set(versions) == {"00"}
    assert set(flags) == {"01"}
    assert traces[0] == traces[1] == traces[2] != traces[3]
    assert spans[0] == spans[1] != spans[2]
    assert {len(each) for each in traces} == {32}
    assert {len(each) for each in spans} == {16}


async def test_a_call_on_nobody_s_behalf_has_no_trace(world: Any, estate: Any) -> None:
    await (await http(world, Context())).call("GET", "/deals")

    assert "traceparent" not in estate.calls("GET")[0].headers


async def test_whether_we_may_still_send_is_asked_at_the_very_last_moment(world: Any, estate: Any) -> None:
    order: list[str] = []
    applied = await world.machine.firms.current()
    line = applied.lines["north"]

    def asked() -> None:
        order.append(f"asked with {len(line.gate._inside)} inside")

    estate.fail("POST", "/deals", before=lambda: order.append("sent"))
    await (await http(world, Context("deal-1", "run-1", asked))).call("POST", "/deals", json={})

    assert order == ["asked with 1 inside", "sent"]


async def test_who_may_not_send_any_more_sends_nothing_and_captures_nothing(world: Any, estate: Any) -> None:
    def lost() -> None:
        raise LaneLost("too late")

    caller = await http(world, Context("deal-1", "run-1", lost))

    with pytest.raises(LaneLost):
        await caller.call("POST", "/deals", json={})

    assert estate.calls("POST", "/deals") == []
    assert [row["url"] for row in await world.captures()] == ["https://north.example/token"]
    assert (await caller.call("GET", "/deals")).status == 200


async def test_numbers_go_out_and_come_in_with_every_digit(world: Any, estate: Any) -> None:
    estate.fail("GET", answer=Raw(200, {}, b'{"amount":1234567890.10}'))

    answer = await get(world)

    assert str(answer.body["amount"]) == "1234567890.10"


# ---- what is kept


async def test_every_exchange_is_kept_with_whose_it_was_and_how_long_it_took(world: Any, estate: Any) -> None:
    estate.fail("POST", "/deals", before=lambda: world.clock.advance(0.25))

    await post(world)

    token, call = await world.captures()
    assert (token["url"], token["outcome"], token["correlation"]) == ("https://north.example/token", "fine", None)
    assert (call["direction"], call["state"], call["outcome"], call["status"]) == ("out", "done", "fine", 201)
    assert (call["correlation"], call["run"], call["took_ms"]) == ("deal-1", "run-1", 250)
    assert json.loads(call["request_body"]) == {"name": "A"}
    assert json.loads(call["answer_body"])["id"]


@pytest.mark.parametrize(
    ("how", "outcome", "status"),
    [
        ({"error": NotSent("refused")}, "notsent", None),
        ({"error": Lost("reset")}, "unknown", None),
        ({"error": asyncio.CancelledError()}, "unknown", None),
        ({"answer": answered(500, {"why": "x"})}, "unwell", 500),
        ({"answer": answered(429)}, "throttled", 429),
        ({"answer": answered(422)}, "refused", 422),
    ],
)
async def test_what_failed_is_kept_as_well(world: Any, estate: Any, how: Any, outcome: str, status: int | None) -> None:
    estate.fail("POST", "/deals", **how)

    with pytest.raises((Retry, Hold, asyncio.CancelledError)):
        await post(world)

    kept = (await world.captures())[-1]
    assert (kept["outcome"], kept["state"], kept["status"]) == (outcome, "failed", status)


async def test_the_expired_and_the_repeated_call_are_both_kept(world: Any, estate: Any) -> None:
    estate.fail("POST", "/deals", answer=answered(401))

    await post(world)

    assert [row["outcome"] for row in await world.captures()] == ["fine", "expired", "fine", "fine"]


async def test_an_answer_that_no_column_can_hold_is_kept_all_the_same(world: Any, estate: Any) -> None:
    estate.fail("GET", answer=Raw(200, {"x-odd": "caf\udce9\x00"}, b"\x00\xff"))

    await get(world)

    kept = (await world.captures())[-1]
    assert kept["answer_headers"] == {"x-odd": "caf\ufffd\ufffd"}
    assert bytes(kept["answer_body"]) == b"\x00\xff"


async def test_no_secret_reaches_a_capture_the_log_or_the_person_at_the_queue(world: Any, estate: Any) -> None:
    secrets = ["north-key-secret", "token-north-1", "another-token-of-theirs"]
    echo = "you said Bearer token-north-1 and north-key-secret"
    caller = await http(world, Context("deal-1", "run-1"))
    whys: list[str] = []

    with structlog.testing.capture_logs() as logged:
        estate.fail("GET", "note=", answer=answered(200, {"note": echo, "refresh_token": "another-token-of-theirs"}))
        await caller.call("GET", "/deals", params={"note": "north-key-secret", "token": "another-token-of-theirs"})
        estate.fail("POST", "/deals", error=Lost(f"https://x.example/?{echo}"))
        for status in (422, 500, 401, 401, 401):
            estate.fail("POST", "/deals", answer=answered(status, {"why": echo}, x_echo=echo))
        estate.fail("POST", "/token", answer=answered(400, {"error_description": echo}))
        for _ in range(5):
            with pytest.raises((Hold, Retry, LockedOut)) as caught:
                await caller.call("POST", "/deals", json={"note": echo, "password": "another-token-of-theirs"})
            whys.append(str(caught.value))
            await world.pool.execute("update holds set state = 'closed'")
            world.clock.advance(2)

    kept = "".join(
        str({name: bytes(value) if isinstance(value, memoryview) else value for name, value in row.items()})
        for row in await world.captures()
    )
    breakers = str(await world.pool.fetch("select why from breakers"))
    holds = str(await world.pool.fetch("select * from holds"))
    assert len(await world.captures()) == 10
    for secret in secrets:
        assert secret not in kept
        assert secret not in "".join(whys)
        assert secret not in holds
        assert secret not in str(logged)
        assert secret not in breakers
