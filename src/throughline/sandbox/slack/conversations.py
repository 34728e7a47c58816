"""The conversations.* methods: which channels there are, and what was said in them."""

from collections import defaultdict
from typing import Any

from throughline.sandbox.slack import firm
from throughline.sandbox.slack.arguments import Arguments, Refused
from throughline.sandbox.slack.pages import page
from throughline.sandbox.slack.workspace import Workspace, shown

type Record = dict[str, Any]

USUAL, MOST = 100, 999


def listed(workspace: Workspace, arguments: Arguments) -> Record:
    wanted = {kind.strip() for kind in arguments.text("types", "public_channel").split(",")}
    if unknown := wanted - {"public_channel", "private_channel", "mpim", "im"}:
        raise Refused("invalid_types", needed=sorted(unknown))
    channels = sorted(
        (_seen(channel) for channel in workspace.shelf.all("channels").values() if _kind(channel) in wanted),
        key=lambda channel: channel["id"],
    )
    if arguments.flag("exclude_archived"):
        channels = [channel for channel in channels if not channel["is_archived"]]
    limit = arguments.number("limit", USUAL, most=1000)
    found, cursor = page(channels, key="id", limit=limit, arguments=arguments)
    return {"channels": found, "response_metadata": {"next_cursor": cursor}}


def info(workspace: Workspace, arguments: Arguments) -> Record:
    channel = workspace.channel(arguments.required("channel"))
    members = {"num_members": len(channel["members"])} if arguments.flag("include_num_members") else {}
    return {"channel": {**_seen(channel), **members}}


def members(workspace: Workspace, arguments: Arguments) -> Record:
    channel = workspace.channel(arguments.required("channel"))
    everyone = [{"id": id_} for id_ in sorted(channel["members"])]
    limit = arguments.number("limit", USUAL, most=1000)
    found, cursor = page(everyone, key="id", limit=limit, arguments=arguments)
    return {"members": [member["id"] for member in found], "response_metadata": {"next_cursor": cursor}}


def join(workspace: Workspace, arguments: Arguments) -> Record:
    channel = workspace.channel(arguments.required("channel"))
    if channel["is_im"]:
        raise Refused("method_not_supported_for_channel_type")
    if channel["is_archived"]:
        raise Refused("is_archived")
    if firm.BOT_USER in channel["members"]:
        return {"channel": _seen(channel), "warning": "already_in_channel"}
    joined = {**channel, "members": [*channel["members"], firm.BOT_USER]}
    workspace.shelf.update("channels", channel["id"], joined)
    workspace.tell(
        {"type": "member_joined_channel", "user": firm.BOT_USER, "channel": channel["id"], "channel_type": "C"}
    )
    return {"channel": _seen(joined)}


def leave(workspace: Workspace, arguments: Arguments) -> Record:
    channel = workspace.channel(arguments.required("channel"))
    if firm.BOT_USER not in channel["members"]:
        return {"not_in_channel": True}
    left = [member for member in channel["members"] if member != firm.BOT_USER]
    workspace.shelf.update("channels", channel["id"], {**channel, "members": left})
    return {}


def archive(workspace: Workspace, arguments: Arguments) -> Record:
    channel = workspace.channel(arguments.required("channel"))
    if channel["is_archived"]:
        raise Refused("already_archived")
    workspace.shelf.update("channels", channel["id"], {**channel, "is_archived": True})
    return {}


def opened(workspace: Workspace, arguments: Arguments) -> Record:
    people = [person for person in arguments.required("users").split(",") if person]
    if len(people) != 1:
        raise Refused("method_not_supported_for_channel_type")
    return {"channel": {"id": workspace.direct(people[0])["id"]}}


def history(workspace: Workspace, arguments: Arguments) -> Record:
    channel = _readable(workspace, arguments)
    replies = _replies(workspace, channel["id"])
    spoken = [
        _with_thread(message, replies, metadata=arguments.flag("include_all_metadata"))
        for message in workspace.messages(channel["id"])
        if "thread_ts" not in message or message.get("subtype") == "thread_broadcast"
    ]
    newest_first = sorted(_within(spoken, arguments), key=lambda message: message["ts"], reverse=True)
    return {**_page(newest_first, arguments), "pin_count": 0}


def thread(workspace: Workspace, arguments: Arguments) -> Record:
    channel = _readable(workspace, arguments)
    ts = arguments.required("ts")
    parent = workspace.shelf.get("messages", f"{channel['id']}:{ts}")
    if not parent:
        raise Refused("thread_not_found")
    metadata = arguments.flag("include_all_metadata")
    replies = _replies(workspace, channel["id"])
    spoken = [shown(reply, metadata=metadata) for reply in replies.get(ts, [])]
    parent = _with_thread(parent, replies, metadata=metadata)
    return _page([parent, *_within(spoken, arguments)], arguments)


def _page(messages: list[Record], arguments: Arguments) -> Record:
    limit = arguments.number("limit", USUAL, most=MOST)
    found, cursor = page(messages, key="ts", limit=limit, arguments=arguments)
    answer: Record = {"messages": found, "has_more": bool(cursor)}
    return {**answer, "response_metadata": {"next_cursor": cursor}} if cursor else answer


def _within(messages: list[Record], arguments: Arguments) -> list[Record]:
    """Between `oldest` and `latest`; the bounds themselves only when asked."""
    oldest, latest = _ts(arguments, "oldest"), _ts(arguments, "latest")
    inclusive = arguments.flag("inclusive")

    def inside(ts: float) -> bool:
        return (oldest is None or ts > oldest or (inclusive and ts == oldest)) and (
            latest is None or ts < latest or (inclusive and ts == latest)
        )

    return [message for message in messages if inside(float(message["ts"]))]


def _ts(arguments: Arguments, name: str) -> float | None:
    value = arguments.text(name)
    try:
        return float(value) if value else None
    except ValueError:
        raise Refused(f"invalid_ts_{name}") from None


def _readable(workspace: Workspace, arguments: Arguments) -> Record:
    channel = workspace.channel(arguments.required("channel"))
    if firm.BOT_USER not in channel["members"]:
        raise Refused("not_in_channel")
    return channel


def _replies(workspace: Workspace, channel: str) -> dict[str, list[Record]]:
    threads: dict[str, list[Record]] = defaultdict(list)
    for message in sorted(workspace.messages(channel), key=lambda message: message["ts"]):
        if "thread_ts" in message:
            threads[message["thread_ts"]].append(message)
    return threads


def _with_thread(message: Record, replies: dict[str, list[Record]], *, metadata: bool) -> Record:
    seen = shown(message, metadata=metadata)
    own = replies.get(message["ts"])
    if not own:
        return seen
    people = list(dict.fromkeys(reply["user"] for reply in own))
    counts = {"reply_count": len(own), "reply_users_count": len(people), "reply_users": people}
    return {**seen, "thread_ts": message["ts"], **counts, "latest_reply": own[-1]["ts"]}


def _seen(channel: Record) -> Record:
    seen = {name: value for name, value in channel.items() if name != "members"}
    return seen if channel["is_im"] else {**seen, "is_member": firm.BOT_USER in channel["members"]}


def _kind(channel: Record) -> str:
    return "im" if channel["is_im"] else "public_channel"
