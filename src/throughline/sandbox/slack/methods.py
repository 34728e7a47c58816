"""The methods of the Web API, and who may call them."""

from collections.abc import Callable
from typing import Any

from throughline.sandbox.slack import chat, conversations, firm, people
from throughline.sandbox.slack.arguments import Arguments, Refused
from throughline.sandbox.slack.workspace import Workspace

type Record = dict[str, Any]
type Method = Callable[[Workspace, Arguments], Record]

METHODS: dict[str, Method] = {
    "api.test": people.api_test,
    "auth.test": people.auth_test,
    "chat.delete": chat.delete,
    "chat.getPermalink": chat.permalink,
    "chat.postMessage": chat.post_message,
    "chat.update": chat.update,
    "conversations.archive": conversations.archive,
    "conversations.history": conversations.history,
    "conversations.info": conversations.info,
    "conversations.join": conversations.join,
    "conversations.leave": conversations.leave,
    "conversations.list": conversations.listed,
    "conversations.members": conversations.members,
    "conversations.open": conversations.opened,
    "conversations.replies": conversations.thread,
    "reactions.add": people.react,
    "users.info": people.info,
    "users.list": people.listed,
    "users.lookupByEmail": people.by_email,
}
WITHOUT_TOKEN = frozenset({"api.test"})


def allowed(name: str, arguments: Arguments, authorization: str) -> Method:
    """The method, if there is one and the caller may use it; the bearer header wins over the token field."""
    if name not in METHODS:
        raise Refused("unknown_method", req_method=name)
    scheme, _, bearer = authorization.partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else arguments.text("token")
    if name not in WITHOUT_TOKEN and token != firm.TOKEN:
        raise Refused("invalid_auth" if token else "not_authed")
    return METHODS[name]
