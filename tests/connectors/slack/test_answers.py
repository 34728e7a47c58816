"""What single answers and deliveries of Slack mean."""

import pytest

from throughline.connectors.slack import CONNECTOR, api
from throughline.core.connector import Answer, Refused, Sent
from throughline.testing.connector_hostile import Heard, Listener


def test_a_missing_scope_says_which() -> None:
    answer = Answer(200, {}, {"ok": False, "error": "missing_scope", "needed": "chat:write.public", "provided": "x"})

    assert api.judge(answer) == Refused("missing_scope: it needs chat:write.public")


def test_a_press_is_acknowledged_without_a_word() -> None:
    received = api.receive({"content-type": "application/x-www-form-urlencoded"}, b"payload=%7B%7D")

    assert (received.notices, received.reply) == ((), None)


def test_an_event_is_kept_and_means_nothing_yet() -> None:
    received = api.receive({"content-type": "application/json"}, b'{"type": "event_callback", "event": {}}')

    assert (received.notices, received.reply) == ((), None)


@pytest.mark.parametrize("key", [None, "C1:2.3"])
async def test_a_charset_is_said_so_that_slack_has_nothing_to_warn_of(key: str | None) -> None:
    (mapping,) = CONNECTOR.mappings

    with pytest.raises(Heard) as heard:
        await api.put(Listener(), mapping, Sent({"text": "x"}, id="message-1", key=key, marker="message-1"))

    assert heard.value.asked.headers == {"Content-Type": "application/json; charset=utf-8"}
