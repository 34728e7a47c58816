"""What Slack sends to an app: events, presses and their answers, judged by the vendor's own signature check."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.signature import SignatureVerifier
from slack_sdk.webhook import WebhookClient

FINANCE = "C0HALYARD04"
CONTROLLER = "controller@halyard.example"
WRAPPER = Path(__file__).parents[4] / "shared/specs/slack/slack_common_event_wrapper_schema.json"
BLOCKS = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "Invoice 7"}},
    {
        "type": "actions",
        "block_id": "decision",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "value": "yes-7",
                "text": {"type": "plain_text", "text": "Approve"},
            },
            {
                "type": "static_select",
                "action_id": "terms",
                "options": [{"value": "30", "text": {"type": "plain_text", "text": "30 days"}}],
            },
        ],
    },
]


async def ask(workspace: Any) -> str:
    return (await workspace.say("Approve?", blocks=BLOCKS))["ts"]


def verified(body: bytes, headers: dict[str, str], *, by: str = "slack-signing-secret") -> bool:
    return SignatureVerifier(by).is_valid_request(body, headers)


async def test_everything_sent_passes_the_vendors_own_check(workspace: Any, app: Any) -> None:
    workspace.slack.clock.advance(30 * 86_400)  # a signature is as fresh as the receiver's clock says
    ts = await ask(workspace)
    await workspace.control("click", {"channel": FINANCE, "ts": ts, "action_id": "approve", "user": CONTROLLER})
    await workspace.told()

    kinds = [body[:9] for body, _ in app.heard]
    assert sorted(kinds) == [b"payload=%", b'{"token":', b'{"token":']
    assert all(verified(body, headers) for body, headers in app.heard)
    assert not any(verified(body, headers, by="another secret") for body, headers in app.heard)
    assert not any(verified(body + b" ", headers) for body, headers in app.heard)


# Events


@pytest.fixture
def wrapper() -> dict[str, Any]:
    if not WRAPPER.exists():
        pytest.skip(f"{WRAPPER} is not there: the vendor's specification is not part of the project")
    return json.loads(WRAPPER.read_text(encoding="utf-8"))


async def test_an_app_must_echo_the_challenge_to_be_subscribed(workspace: Any, app: Any) -> None:
    challenge = json.loads(app.heard[0][0])
    app.echoes_challenge = False

    status, answer = await workspace.control("hook", {"url": app.url})

    assert challenge["type"] == "url_verification"
    assert status == 422
    assert "did not echo the challenge" in answer["error"]


async def test_a_message_is_told_in_the_wrapper_of_the_events_api(
    workspace: Any, app: Any, wrapper: dict[str, Any]
) -> None:
    posted = await workspace.say("hello")
    await workspace.told()

    [notice] = app.events()

    assert not set(wrapper["required"]) - set(notice)
    assert not set(wrapper["properties"]["event"]["required"]) - set(notice["event"])
    assert notice["event"]["type"] == "message"
    assert (notice["event"]["channel"], notice["event"]["ts"]) == (FINANCE, posted["ts"])
    assert notice["event"]["bot_id"] == workspace.slack.handout()["bot_id"]


async def test_every_change_is_told_once_and_in_order(workspace: Any, app: Any) -> None:
    ts = (await workspace.say("hello"))["ts"]
    await workspace.sdk("reactions_add", channel=FINANCE, timestamp=ts, name="eyes")
    await workspace.sdk("chat_update", channel=FINANCE, ts=ts, text="changed")
    await workspace.sdk("chat_delete", channel=FINANCE, ts=ts)
    await workspace.control("say", {"channel": FINANCE, "user": CONTROLLER, "text": "<@U0THRULINE1> why?"})
    await workspace.told()

    notices = app.events()

    told = [(notice["event"]["type"], notice["event"].get("subtype")) for notice in notices]
    assert told == [
        ("message", None),
        ("reaction_added", None),
        ("message", "message_changed"),
        ("message", "message_deleted"),
        ("message", None),
        ("app_mention", None),
    ]
    assert notices[2]["event"]["message"]["text"] == "changed"
    assert notices[2]["event"]["previous_message"]["text"] == "hello"
    assert notices[3]["event"]["deleted_ts"] == ts
    assert len({notice["event_id"] for notice in notices}) == 6


async def test_a_repeated_notice_says_so(workspace: Any, app: Any) -> None:
    app.statuses = [500, 403]

    await workspace.say("hello")
    await workspace.told()

    _, first, second, third = [headers for _, headers in app.heard]
    assert "X-Slack-Retry-Num" not in first
    assert (second["X-Slack-Retry-Num"], second["X-Slack-Retry-Reason"]) == ("1", "http_error")
    assert (third["X-Slack-Retry-Num"], third["X-Slack-Retry-Reason"]) == ("2", "http_error")
    assert len({notice["event_id"] for notice in app.events()}) == 1


async def test_a_duplicated_notice_bears_the_same_id(workspace: Any, app: Any) -> None:
    await workspace.control("faults", {"kind": "hook_duplicate"})

    await workspace.say("hello")
    await workspace.told()

    assert len(app.events()) == 2
    assert len({notice["event_id"] for notice in app.events()}) == 1


# Presses


async def test_a_press_arrives_as_a_signed_form(workspace: Any, app: Any) -> None:
    ts = await ask(workspace)

    status, answer = await workspace.control(
        "click", {"channel": FINANCE, "ts": ts, "action_id": "approve", "user": CONTROLLER}
    )

    [press] = app.presses()
    assert status == 200, answer
    assert press["type"] == "block_actions"
    assert press["user"]["id"] == "U0HALYARD01"
    assert (press["container"]["message_ts"], press["message"]["text"]) == (ts, "Approve?")
    assert [(action["action_id"], action["block_id"], action["value"]) for action in press["actions"]] == [
        ("approve", "decision", "yes-7")
    ]


async def test_a_choice_arrives_with_its_option(workspace: Any, app: Any) -> None:
    wanted = {"channel": FINANCE, "ts": await ask(workspace), "action_id": "terms", "user": "U0HALYARD01"}

    chosen = await workspace.control("click", {**wanted, "value": "30"})
    refused = await workspace.control("click", {**wanted, "value": "90"})

    assert chosen[0] == 200
    assert app.presses()[0]["actions"][0]["selected_option"]["value"] == "30"
    assert refused == (422, {"error": "terms offers ['30'], not '90'"})


async def test_a_press_of_nothing_is_refused_with_what_there_is(workspace: Any, app: Any) -> None:
    ts = await ask(workspace)

    unknown = await workspace.control(
        "click", {"channel": FINANCE, "ts": ts, "action_id": "reject", "user": CONTROLLER}
    )
    unsaid = await workspace.control("click", {"channel": FINANCE, "ts": ts, "user": CONTROLLER})
    gone = await workspace.control(
        "click", {"channel": FINANCE, "ts": "1.000001", "action_id": "approve", "user": CONTROLLER}
    )

    assert unknown == (422, {"error": f"message {ts} has no action_id 'reject'; it has: approve, terms"})
    assert unsaid == (422, {"error": "say 'action_id' as well"})
    assert gone == (422, {"error": "message_not_found"})
    assert app.presses() == []


async def test_an_app_that_does_not_take_a_press_is_reported(workspace: Any, app: Any) -> None:
    ts = await ask(workspace)
    await workspace.told()
    app.statuses = [500]

    status, answer = await workspace.control(
        "click", {"channel": FINANCE, "ts": ts, "action_id": "approve", "user": CONTROLLER}
    )

    assert status == 502
    assert "answered 500" in answer["error"]


async def test_a_press_is_answered_by_replacing_the_message(workspace: Any, app: Any) -> None:
    ts = await ask(workspace)
    await workspace.control("click", {"channel": FINANCE, "ts": ts, "action_id": "approve", "user": CONTROLLER})
    answer_url = app.presses()[0]["response_url"]

    replaced = {"text": "Approved by the controller", "replace_original": True}
    async with workspace.http.post(answer_url, json=replaced) as answer:
        said = (answer.status, await answer.text())
    history = await workspace.sdk("conversations_history", channel=FINANCE)

    assert said == (200, "ok")
    assert [(message["ts"], message["text"], message["blocks"]) for message in history["messages"]] == [
        (ts, "Approved by the controller", [])
    ]


# Incoming webhooks


async def test_an_incoming_webhook_posts_to_its_channel(workspace: Any) -> None:
    url = workspace.url + workspace.slack.handout()["incoming_webhook"]

    answer = await asyncio.to_thread(lambda: WebhookClient(url).send(text="Period closed"))
    unknown = await asyncio.to_thread(lambda: WebhookClient(url + "x").send(text="Period closed"))
    empty = await asyncio.to_thread(lambda: WebhookClient(url).send())

    history = await workspace.sdk("conversations_history", channel=FINANCE)
    assert (answer.status_code, answer.body) == (200, "ok")
    assert (unknown.status_code, unknown.body) == (404, "no_service")
    assert (empty.status_code, empty.body) == (400, "no_text")
    assert [message["text"] for message in history["messages"]] == ["Period closed"]
