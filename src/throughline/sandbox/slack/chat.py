"""The chat.* methods: post, change, take back."""

from typing import Any

from throughline.sandbox.slack import blocks, firm
from throughline.sandbox.slack.arguments import Arguments, Refused
from throughline.sandbox.slack.workspace import Workspace, shown

type Record = dict[str, Any]

# https://api.slack.com/methods/chat.postMessage#truncating and https://api.slack.com/methods/chat.update
LONGEST_POST, LONGEST_UPDATE, MOST_ATTACHMENTS = 40_000, 4_000, 100


def post_message(workspace: Workspace, arguments: Arguments) -> Record:
    channel = writable(workspace, arguments.required("channel"))
    message = {
        "user": firm.BOT_USER,
        "bot_id": firm.BOT,
        "app_id": firm.APP,
        **content(workspace, arguments, longest=LONGEST_POST),
        **_thread(workspace, channel["id"], arguments),
    }
    if metadata := _metadata(arguments):
        message["metadata"] = metadata
    posted = workspace.post(channel["id"], message)
    return {"channel": channel["id"], "ts": posted["ts"], "message": shown(posted, metadata=True)}


def update(workspace: Workspace, arguments: Arguments) -> Record:
    message = _own(workspace, arguments, error="cant_update_message")
    changes = content(workspace, arguments, longest=LONGEST_UPDATE)
    if metadata := _metadata(arguments):
        changes["metadata"] = metadata
    edited = {"user": firm.BOT_USER, "ts": workspace.moment(message["channel"])}
    changed = workspace.change(message, {**changes, "edited": edited})
    return {
        "channel": message["channel"],
        "ts": message["ts"],
        "text": changed["text"],
        "message": shown(changed, metadata=True),
    }


def delete(workspace: Workspace, arguments: Arguments) -> Record:
    message = _own(workspace, arguments, error="cant_delete_message")
    workspace.delete(message)
    return {"channel": message["channel"], "ts": message["ts"]}


def permalink(workspace: Workspace, arguments: Arguments) -> Record:
    channel = workspace.channel(arguments.required("channel"))["id"]
    ts = workspace.message(channel, arguments.required("message_ts"))["ts"]
    link = f"https://{firm.DOMAIN}.slack.com/archives/{channel}/p{ts.replace('.', '')}"
    return {"channel": channel, "permalink": link}


def writable(workspace: Workspace, wanted: str) -> Record:
    channel = workspace.channel(wanted, by_name=True)
    if channel["is_archived"]:
        raise Refused("is_archived")
    if firm.BOT_USER not in channel["members"]:
        raise Refused("not_in_channel")
    return channel


def content(workspace: Workspace, arguments: Arguments, *, longest: int) -> Record:
    """What a message says: text, blocks, attachments; one of them at least."""
    text = arguments.text("text")
    attachments: Any = arguments.structure("attachments", error="invalid_attachments") or []
    given = arguments.structure("blocks", error="invalid_blocks_format")
    if len(text) > longest:
        raise Refused("msg_too_long")
    if not isinstance(attachments, list):
        raise Refused("invalid_attachments")
    if len(attachments) > MOST_ATTACHMENTS:
        raise Refused("too_many_attachments")
    if not (text or given or attachments):
        raise Refused("no_text")
    said: Record = {"text": text, "blocks": blocks.checked(given, lambda: workspace.number("block", 5))}
    return {**said, "attachments": attachments} if attachments else said


def _thread(workspace: Workspace, channel: str, arguments: Arguments) -> Record:
    """A reply belongs to the thread of the message it names, even when that is a reply itself."""
    wanted = arguments.text("thread_ts")
    if not wanted:
        return {}
    try:
        parent = workspace.message(channel, wanted)
    except Refused:
        raise Refused("thread_not_found") from None
    thread_ts = parent.get("thread_ts", parent["ts"])
    reply = {"thread_ts": thread_ts, "parent_user_id": workspace.message(channel, thread_ts)["user"]}
    return {**reply, "subtype": "thread_broadcast"} if arguments.flag("reply_broadcast") else reply


def _metadata(arguments: Arguments) -> Record | None:
    metadata = arguments.structure("metadata", error="invalid_metadata_format")
    if metadata is None:
        return None
    if not (isinstance(metadata, dict) and metadata.get("event_type") and "event_payload" in metadata):
        raise Refused("invalid_metadata_format")
    return metadata


def _own(workspace: Workspace, arguments: Arguments, *, error: str) -> Record:
    channel = workspace.channel(arguments.required("channel"))
    message = workspace.message(channel["id"], arguments.required("ts"))
    if message.get("bot_id") != firm.BOT:
        raise Refused(error)
    return message
