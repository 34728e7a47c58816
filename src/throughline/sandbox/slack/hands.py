"""What people do in Slack: press a button, say something. The control interface plays the people."""

import json
from typing import Any
from urllib.parse import urlencode

from throughline.sandbox.slack import firm
from throughline.sandbox.slack.blocks import elements
from throughline.sandbox.slack.workspace import Workspace, shown

type Record = dict[str, Any]


def click(workspace: Workspace, wanted: Record, *, origin: str) -> tuple[bytes, str]:
    """The signed form Slack would post for a press, and the path where the app may answer it.

    https://api.slack.com/reference/interaction-payloads/block-actions
    """
    channel = workspace.channel(wanted["channel"], by_name=True)
    message = workspace.message(channel["id"], wanted["ts"])
    block, element = _pressed(message, wanted["action_id"])
    person = _person(workspace, wanted["user"])
    moment = workspace.moment(channel["id"])
    answer_path = f"/actions/{firm.TEAM}/{workspace.number('trigger', 11)}/{channel['id']}-{message['ts']}"
    payload: Record = {
        "type": "block_actions",
        "user": {"id": person["id"], "username": person["name"], "name": person["name"], "team_id": firm.TEAM},
        "api_app_id": firm.APP,
        "token": firm.VERIFICATION_TOKEN,
        "container": {
            "type": "message",
            "message_ts": message["ts"],
            "channel_id": channel["id"],
            "is_ephemeral": False,
        },
        "trigger_id": f"{moment}.{firm.TEAM}",
        "team": {"id": firm.TEAM, "domain": firm.DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
        "channel": {"id": channel["id"], "name": channel.get("name", "directmessage")},
        "message": shown(message, metadata=True),
        "state": {"values": {}},
        "response_url": f"{origin}{answer_path}",
        "actions": [_action(block, element, wanted.get("value"), moment)],
    }
    return urlencode({"payload": json.dumps(payload)}).encode(), answer_path


def say(workspace: Workspace, wanted: Record) -> Record:
    """A person writes in a channel; the app hears it, and hears twice when it is mentioned."""
    channel = workspace.channel(wanted["channel"], by_name=True)
    person = _person(workspace, wanted["user"])
    thread = {"thread_ts": wanted["thread_ts"]} if wanted.get("thread_ts") else {}
    spoken = workspace.post(channel["id"], {"user": person["id"], "text": wanted["text"], "blocks": [], **thread})
    if f"<@{firm.BOT_USER}>" in wanted["text"]:
        workspace.tell({**shown(spoken), "type": "app_mention", "channel": channel["id"]})
    return {"channel": channel["id"], "ts": spoken["ts"]}


def _person(workspace: Workspace, wanted: str) -> Record:
    return workspace.person_by_email(wanted) if "@" in wanted else workspace.person(wanted)


def _pressed(message: Record, action_id: str) -> tuple[Record, Record]:
    there = [(block, element) for block in message["blocks"] for element in elements(block)]
    for block, element in there:
        if element.get("action_id") == action_id:
            return block, element
    names = ", ".join(str(element["action_id"]) for _, element in there if element.get("action_id")) or "none"
    raise ValueError(f"message {message['ts']} has no action_id {action_id!r}; it has: {names}")


def _action(block: Record, element: Record, value: str | None, moment: str) -> Record:
    action: Record = {
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "type": element["type"],
        "action_ts": moment,
    }
    if "options" not in element:
        chosen = element.get("value") if value is None else value
        return {**action, **({"text": element["text"]} if "text" in element else {}), "value": chosen}
    for option in element["options"]:
        if option["value"] == value:
            return {**action, "selected_option": option}
    raise ValueError(
        f"{element['action_id']} offers {[option['value'] for option in element['options']]}, not {value!r}"
    )
