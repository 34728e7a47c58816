"""The Web API, judged by the vendor's own client."""

import json
import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from throughline.sandbox.clock import SandboxClock
from throughline.sandbox.shelf import Shelf
from throughline.sandbox.slack import Slack

FINANCE, DELIVERY_UK = "C0HALYARD04", "C0HALYARD02"
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Invoice *ready*"}}
BUTTON = {"type": "button", "action_id": "approve", "value": "yes", "text": {"type": "plain_text", "text": "Approve"}}


async def refused(workspace: Any, method: str, *given: Any, **named: Any) -> str:
    with pytest.raises(SlackApiError) as refusal:
        await workspace.sdk(method, *given, **named)
    assert refusal.value.response.status_code == 200
    return refusal.value.response["error"]


# Who is calling


async def test_the_handout_opens_the_door(workspace: Any) -> None:
    handout = workspace.slack.handout()
    workspace.token = handout["bot_token"]

    me = await workspace.sdk("auth_test")

    assert (me["user_id"], me["bot_id"], me["team_id"]) == (
        handout["bot_user_id"],
        handout["bot_id"],
        handout["team_id"],
    )


@pytest.mark.parametrize(("token", "error"), [("xoxb-wrong", "invalid_auth"), ("", "not_authed")])
async def test_a_wrong_token_is_refused_and_a_missing_one_otherwise(workspace: Any, token: str, error: str) -> None:
    workspace.token = token

    assert await refused(workspace, "auth_test") == error


async def test_a_connection_can_be_tested_without_a_token(workspace: Any) -> None:
    workspace.token = ""

    answer = await workspace.sdk("api_test", foo="bar")
    error = await refused(workspace, "api_test", error="my_error")

    assert answer["args"]["foo"] == "bar"
    assert error == "my_error"


async def test_an_unknown_method_is_refused(workspace: Any) -> None:
    assert await refused(workspace, "api_call", "chat.shout") == "unknown_method"


async def test_the_asynchronous_client_is_served_as_well(workspace: Any) -> None:
    client = AsyncWebClient(token="xoxb-sandbox", base_url=f"{workspace.url}/api/", session=workspace.http)

    posted = await client.chat_postMessage(channel=FINANCE, text="hello")

    assert posted.get("message", {})["text"] == "hello"


# How arguments travel


@pytest.mark.parametrize("way", ["json", "form", "multipart", "query"])
async def test_arguments_may_come_any_way(workspace: Any, way: str) -> None:
    given = {"channel": FINANCE, "text": "hello", "blocks": json.dumps([SECTION])}
    bearer = {"Authorization": "Bearer xoxb-sandbox"}
    form = aiohttp.FormData(given, default_to_multipart=way == "multipart")
    sent: dict[str, Any] = {
        "json": {"json": {**given, "blocks": [SECTION]}, "headers": bearer},
        "form": {"data": {**given, "token": "xoxb-sandbox"}},
        "multipart": {"data": form, "headers": bearer},
        "query": {"params": given, "headers": bearer},
    }[way]

    async with workspace.http.post(f"{workspace.url}/api/chat.postMessage", **sent) as answer:
        body = await answer.json()

    assert body["ok"], body
    assert (body["message"]["text"], body["message"]["blocks"][0]["type"]) == ("hello", "section")


async def test_a_missing_charset_is_warned_of(workspace: Any) -> None:
    headers = {"Authorization": "Bearer xoxb-sandbox", "Content-Type": "application/json"}

    async with workspace.http.post(f"{workspace.url}/api/auth.test", data="{}", headers=headers) as answer:
        body = await answer.json()

    assert (body["ok"], body["warning"]) == (True, "missing_charset")
    assert body["response_metadata"]["warnings"] == ["missing_charset"]


@pytest.mark.parametrize(("body", "error"), [("{", "invalid_json"), ("[]", "json_not_object")])
async def test_json_that_is_none_is_refused(workspace: Any, body: str, error: str) -> None:
    headers = {"Authorization": "Bearer xoxb-sandbox", "Content-Type": "application/json; charset=utf-8"}

    async with workspace.http.post(f"{workspace.url}/api/auth.test", data=body, headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]) == (200, error)


async def test_a_token_in_a_json_body_is_not_read(workspace: Any) -> None:
    async with workspace.http.post(f"{workspace.url}/api/auth.test", json={"token": "xoxb-sandbox"}) as answer:
        assert (await answer.json())["error"] == "not_authed"


# Posting


async def test_a_message_gets_an_id_of_slacks_shape_that_never_repeats(workspace: Any) -> None:
    workspace.slack.clock.run_at(0)

    ids = [(await workspace.say(f"message {n}"))["ts"] for n in range(5)]

    assert all(re.fullmatch(r"\d{10}\.\d{6}", ts) for ts in ids)
    assert ids == sorted(set(ids))


async def test_a_clock_turned_back_does_not_reuse_an_id(workspace: Any) -> None:
    before = (await workspace.say("before"))["ts"]
    workspace.slack.workspace.forget()  # as after a restart
    workspace.slack.clock.advance(-3600)

    after = (await workspace.say("after"))["ts"]

    assert after > before


@pytest.mark.parametrize("channel", [FINANCE, "#finance-operations", "finance-operations"])
async def test_a_channel_may_be_named_or_given_by_id(workspace: Any, channel: str) -> None:
    assert (await workspace.say("hello", channel))["channel"] == FINANCE


async def test_a_person_can_be_written_to_directly(workspace: Any) -> None:
    found = await workspace.sdk("users_lookupByEmail", email="pm.uk@halyard.example")
    person = found["user"]["id"]

    opened = await workspace.sdk("conversations_open", users=person)
    posted = await workspace.say("hello", person)

    assert opened["channel"]["id"].startswith("D")
    assert posted["channel"] == opened["channel"]["id"]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "hello"}, "channel_not_found"),
        ({"channel": "nowhere", "text": "hello"}, "channel_not_found"),
        ({"text": "hello"}, "invalid_arguments"),
        ({"channel": FINANCE}, "no_text"),
        ({"channel": FINANCE, "text": "", "blocks": "[]"}, "no_text"),
        ({"channel": FINANCE, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": FINANCE, "blocks": "{"}, "invalid_blocks_format"),
        ({"channel": FINANCE, "text": "a", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel": FINANCE, "text": "a", "metadata": "{}"}, "invalid_metadata_format"),
        ({"channel": FINANCE, "attachments": [{}] * 101}, "too_many_attachments"),
        ({"channel": FINANCE, "text": {"not": "text"}}, "invalid_arguments"),
    ],
)
async def test_a_message_slack_would_not_take_is_refused(workspace: Any, given: dict[str, Any], error: str) -> None:
    assert await refused(workspace, "api_call", "chat.postMessage", json=given) == error
    assert workspace.slack.shelf.counters["messages"] == {}


async def test_only_members_write_and_nobody_writes_in_an_archive(workspace: Any) -> None:
    await workspace.sdk("conversations_leave", channel=FINANCE)
    outside = await refused(workspace, "chat_postMessage", channel=FINANCE, text="hello")
    joined = await workspace.sdk("conversations_join", channel=FINANCE)
    again = await workspace.sdk("conversations_join", channel=FINANCE)
    await workspace.sdk("conversations_archive", channel=FINANCE)

    archived = await refused(workspace, "chat_postMessage", channel=FINANCE, text="hello")

    assert (outside, archived) == ("not_in_channel", "is_archived")
    assert joined["channel"]["is_member"] is True
    assert again["warning"] == "already_in_channel"


# Changing


async def test_an_own_message_can_be_changed_and_taken_back(workspace: Any) -> None:
    ts = (await workspace.say("Waiting for approval", blocks=[SECTION]))["ts"]

    changed = await workspace.sdk("chat_update", channel=FINANCE, ts=ts, text="Approved")
    history = await workspace.sdk("conversations_history", channel=FINANCE)
    await workspace.sdk("chat_delete", channel=FINANCE, ts=ts)
    error = await refused(workspace, "chat_delete", channel=FINANCE, ts=ts)

    assert (changed["text"], changed["ts"]) == ("Approved", ts)
    assert history["messages"][0]["edited"]["ts"] > ts
    assert error == "message_not_found"
    assert dict(workspace.slack.shelf.counters["messages"]) == {"created": 1, "updated": 1, "deleted": 1}


async def test_another_persons_message_cannot_be_changed(workspace: Any) -> None:
    said = {"channel": FINANCE, "user": "controller@halyard.example", "text": "mine"}
    _, spoken = await workspace.control("say", said)
    ts = spoken["ts"]

    assert await refused(workspace, "chat_update", channel=FINANCE, ts=ts, text="a") == "cant_update_message"
    assert await refused(workspace, "chat_delete", channel=FINANCE, ts=ts) == "cant_delete_message"


async def test_a_change_is_shorter_than_a_post(workspace: Any) -> None:
    ts = (await workspace.say("x" * 4_001))["ts"]

    error = await refused(workspace, "chat_update", channel=FINANCE, ts=ts, text="x" * 4_001)

    assert error == "msg_too_long"


async def test_a_message_has_a_link(workspace: Any) -> None:
    ts = (await workspace.say("hello"))["ts"]

    link = await workspace.sdk("chat_getPermalink", channel=FINANCE, message_ts=ts)

    assert link["permalink"] == f"https://halyard-advisory.slack.com/archives/{FINANCE}/p{ts.replace('.', '')}"


async def test_a_reaction_counts_once_for_each_person(workspace: Any) -> None:
    ts = (await workspace.say("hello"))["ts"]

    await workspace.sdk("reactions_add", channel=FINANCE, timestamp=ts, name="white_check_mark")
    again = await refused(workspace, "reactions_add", channel=FINANCE, timestamp=ts, name="white_check_mark")
    history = await workspace.sdk("conversations_history", channel=FINANCE)

    assert again == "already_reacted"
    assert history["messages"][0]["reactions"] == [{"name": "white_check_mark", "users": ["U0THRULINE1"], "count": 1}]


# Blocks


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({"type": "hologram"}, "unsupported type: hologram [json-pointer:/blocks/0/type]"),
        ({"type": "section"}, "missing required field: text [json-pointer:/blocks/0]"),
        ({"type": "header", "text": {"type": "mrkdwn", "text": "a"}}, "must be a plain_text object"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}, "must be less than 3001 characters"),
        ({"type": "section", "text": {"type": "mrkdwn", "text": ""}}, "must be more than 0 characters"),
        ({"type": "actions", "elements": []}, "missing required field: elements"),
        ({"type": "actions", "elements": [BUTTON, BUTTON]}, '`action_id` "approve" already exists'),
        ({"type": "actions", "elements": [{**BUTTON, "value": "x" * 2001}]}, "must be less than 2001 characters"),
        ({"type": "actions", "elements": [{**BUTTON, "text": "Approve"}]}, "must be a plain_text object"),
        ({"type": "context", "elements": [BUTTON] * 11}, "no more than 10 items allowed"),
        ({**SECTION, "block_id": "x" * 256}, "must be less than 256 characters"),
    ],
)
async def test_a_wrong_block_is_refused_with_where_and_why(workspace: Any, block: dict[str, Any], problem: str) -> None:
    with pytest.raises(SlackApiError) as refusal:
        await workspace.say("hello", blocks=[block])

    answer = refusal.value.response
    assert answer["error"] == "invalid_blocks"
    assert any(problem in message for message in answer["response_metadata"]["messages"])


async def test_too_many_blocks_and_repeated_ids_are_refused(workspace: Any) -> None:
    for blocks in ([SECTION] * 51, [{**SECTION, "block_id": "same"}] * 2):
        assert (
            await refused(workspace, "chat_postMessage", channel=FINANCE, text="hello", blocks=blocks)
            == "invalid_blocks"
        )


async def test_right_blocks_are_kept_and_each_gets_an_id(workspace: Any) -> None:
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": "Approval"}},
        {**SECTION, "block_id": "mine"},
        {"type": "divider"},
        {"type": "actions", "elements": [BUTTON]},
    ]

    posted = await workspace.say("hello", blocks=blocks)

    ids = [block["block_id"] for block in posted["message"]["blocks"]]
    assert ids[1] == "mine"
    assert len(set(ids)) == 4


# Reading


async def test_history_is_newest_first_and_pages_without_gaps(workspace: Any) -> None:
    posted = [(await workspace.say(f"message {n}"))["ts"] for n in range(7)]

    pages: list[list[str]] = []
    cursor: str | None = None
    while cursor != "":
        page = await workspace.sdk("conversations_history", channel=FINANCE, limit=3, cursor=cursor)
        pages.append([message["ts"] for message in page["messages"]])
        cursor = page.get("response_metadata", {}).get("next_cursor", "")
        assert page["has_more"] is bool(cursor)

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [ts for page in pages for ts in page] == posted[::-1]


async def test_a_page_goes_on_although_its_first_message_is_gone(workspace: Any) -> None:
    posted = [(await workspace.say(f"message {n}"))["ts"] for n in range(5)]
    page = await workspace.sdk("conversations_history", channel=FINANCE, limit=2)
    cursor = page["response_metadata"]["next_cursor"]
    await workspace.sdk("chat_delete", channel=FINANCE, ts=posted[2])

    rest = await workspace.sdk("conversations_history", channel=FINANCE, cursor=cursor)

    assert [message["ts"] for message in rest["messages"]] == [posted[1], posted[0]]


async def test_history_can_be_bounded(workspace: Any) -> None:
    ts = [(await workspace.say(f"message {n}"))["ts"] for n in range(4)]

    async def between(**bounds: Any) -> list[str]:
        page = await workspace.sdk("conversations_history", channel=FINANCE, **bounds)
        return [message["ts"] for message in page["messages"]]

    assert await between(oldest=ts[0], latest=ts[3]) == [ts[2], ts[1]]
    assert await between(oldest=ts[1], latest=ts[2], inclusive=True) == [ts[2], ts[1]]
    assert await between(oldest=ts[2]) == [ts[3]]


async def test_a_thread_stands_beside_the_history(workspace: Any) -> None:
    parent = (await workspace.say("Approve?"))["ts"]
    first = (await workspace.say("one", thread_ts=parent))["ts"]
    second = (await workspace.say("two", thread_ts=first))["ts"]
    loud = (await workspace.say("three", thread_ts=parent, reply_broadcast=True))["ts"]

    history = await workspace.sdk("conversations_history", channel=FINANCE)
    replies = await workspace.sdk("conversations_replies", channel=FINANCE, ts=parent, limit=3)

    assert [message["ts"] for message in history["messages"]] == [loud, parent]
    assert [message["ts"] for message in replies["messages"]] == [parent, first, second]
    assert (replies["has_more"], replies["messages"][0]["reply_count"]) == (True, 3)
    assert {message["thread_ts"] for message in replies["messages"]} == {parent}
    assert await refused(workspace, "conversations_replies", channel=FINANCE, ts="1.000001") == "thread_not_found"


async def test_metadata_is_a_marker_that_can_be_searched_for(workspace: Any) -> None:
    marker = {"event_type": "throughline_effect", "event_payload": {"key": "invoice-7"}}
    await workspace.say("Invoice 7", metadata=marker)

    without = await workspace.sdk("conversations_history", channel=FINANCE)
    with_it = await workspace.sdk("conversations_history", channel=FINANCE, include_all_metadata=True)

    assert "metadata" not in without["messages"][0]
    assert with_it["messages"][0]["metadata"] == marker


@pytest.mark.parametrize("cursor", ["%%%", "bm9wZQ==", "bmV4dF9pZDpD"])
async def test_a_wrong_cursor_is_refused(workspace: Any, cursor: str) -> None:
    await workspace.say("hello")

    error = await refused(workspace, "conversations_history", channel=FINANCE, cursor=cursor)

    assert error == "invalid_cursor"


async def test_channels_and_people_of_the_firm_are_listed_in_pages(workspace: Any) -> None:
    channels: list[str] = []
    cursor: str | None = None
    while cursor != "":
        page = await workspace.sdk("conversations_list", limit=3, cursor=cursor, types="public_channel")
        channels += [channel["name"] for channel in page["channels"]]
        cursor = page["response_metadata"]["next_cursor"]
    everyone = await workspace.sdk("users_list")

    emails = {user["profile"].get("email") for user in everyone["members"]}
    assert channels == ["delivery-us", "delivery-uk", "delivery-de", "finance-operations", "customer-success"]
    assert {"pm.us@halyard.example", "pm.uk@halyard.example", "pm.de@halyard.example"} < emails
    assert [user["name"] for user in everyone["members"] if user["is_bot"]] == ["throughline"]


async def test_one_channel_and_one_person_can_be_looked_up(workspace: Any) -> None:
    channel = await workspace.sdk("conversations_info", channel=DELIVERY_UK, include_num_members=True)
    members = await workspace.sdk("conversations_members", channel=DELIVERY_UK)
    person = await workspace.sdk("users_info", user=members["members"][0])

    assert (channel["channel"]["name"], channel["channel"]["num_members"]) == ("delivery-uk", 2)
    assert person["user"]["profile"]["email"] == "pm.uk@halyard.example"
    assert await refused(workspace, "users_info", user="U0NOBODY") == "user_not_found"
    assert await refused(workspace, "users_lookupByEmail", email="a@b.c") == "users_not_found"


# Limits and bad days


async def test_posting_too_fast_is_refused_until_time_has_passed(workspace: Any) -> None:
    workspace.wall.stopped_at = 1000.0
    await workspace.control("limits", {"messages_per_second": 0.5, "burst": 2})
    await workspace.say("one")
    await workspace.say("two")

    with pytest.raises(SlackApiError) as refusal:
        await workspace.say("three")
    elsewhere = await workspace.say("other channel", DELIVERY_UK)
    workspace.wall.stopped_at = 1002.0
    later = await workspace.say("three")

    answer = refusal.value.response
    assert (answer.status_code, answer["error"]) == (429, "ratelimited")
    assert answer.headers["Retry-After"] == "2"
    assert elsewhere["ok"]
    assert later["ok"]
    assert workspace.slack.shelf.counters["messages"]["created"] == 4


async def test_limits_that_make_no_sense_are_refused(workspace: Any) -> None:
    assert (await workspace.control("limits", {"burst": 0}))[0] == 422
    assert (await workspace.control("limits", {"speed": 1}))[0] == 422


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        ({"kind": "throttle", "retry_after": 7}, 429, "ratelimited"),
        ({"kind": "error", "status": 502}, 502, "internal_error"),
        ({"kind": "maintenance"}, 503, "service_unavailable"),
        ({"kind": "lock"}, 200, "fatal_error"),
    ],
)
async def test_bad_days_are_worded_as_slack_would(
    workspace: Any, fault: dict[str, Any], status: int, error: str
) -> None:
    await workspace.control("faults", fault)

    with pytest.raises(SlackApiError) as refusal:
        await workspace.say("hello")

    answer = refusal.value.response
    assert (answer.status_code, answer["error"]) == (status, error)
    assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)
    assert workspace.slack.shelf.counters["messages"] == {}


async def test_messages_survive_a_restart(tmp_path: Any) -> None:
    def start() -> Slack:
        chance = random.Random(1)
        clock = SandboxClock(datetime.now(UTC) - timedelta(days=1))
        return Slack(clock=clock, shelf=Shelf(tmp_path / "slack.sqlite"), chance=chance)

    before = start()
    before.reseed()
    ts = before.workspace.post(FINANCE, {"user": "U0HALYARD01", "text": "hello"})["ts"]
    before.shelf.close()
    after = start()

    assert after.workspace.message(FINANCE, ts)["text"] == "hello"
    assert after.workspace.moment(FINANCE) > ts
    after.shelf.close()
