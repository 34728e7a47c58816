"""The users.* and reactions.* methods, and the two that test a connection."""

from typing import Any

from throughline.sandbox.slack import firm
from throughline.sandbox.slack.arguments import Arguments, Refused
from throughline.sandbox.slack.pages import page
from throughline.sandbox.slack.workspace import Workspace

type Record = dict[str, Any]


def api_test(_workspace: Workspace, arguments: Arguments) -> Record:
    given = arguments.all()
    if "error" in given:
        raise Refused(str(given["error"]), args=given)
    return {"args": given}


def auth_test(_workspace: Workspace, _arguments: Arguments) -> Record:
    return {
        "url": f"https://{firm.DOMAIN}.slack.com/",
        "team": "Halyard Advisory",
        "team_id": firm.TEAM,
        "user": "throughline",
        "user_id": firm.BOT_USER,
        "bot_id": firm.BOT,
        "is_enterprise_install": False,
    }


def listed(workspace: Workspace, arguments: Arguments) -> Record:
    everyone = sorted(workspace.shelf.all("users").values(), key=lambda user: user["id"])
    limit = arguments.number("limit", len(everyone), most=1000)
    found, cursor = page(everyone, key="id", limit=limit, arguments=arguments)
    return {"members": found, "response_metadata": {"next_cursor": cursor}}


def info(workspace: Workspace, arguments: Arguments) -> Record:
    return {"user": workspace.person(arguments.required("user"))}


def by_email(workspace: Workspace, arguments: Arguments) -> Record:
    return {"user": workspace.person_by_email(arguments.required("email"))}


def react(workspace: Workspace, arguments: Arguments) -> Record:
    channel = workspace.channel(arguments.required("channel"))
    message = workspace.message(channel["id"], arguments.required("timestamp"))
    name = arguments.required("name").strip(":")
    if not all(part.isalnum() for part in name.replace("-", "_").split("_") if part):
        raise Refused("invalid_name")
    workspace.react(message, name=name, person=firm.BOT_USER)
    return {}
