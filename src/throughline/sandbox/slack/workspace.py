"""One Slack workspace: its channels, people and messages, and the events that tell of a change."""

import string
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from throughline.sandbox.shelf import Shelf
from throughline.sandbox.slack import firm
from throughline.sandbox.slack.arguments import Refused

type Record = dict[str, Any]

MOMENT = 1_000_000
DIGITS = string.digits + string.ascii_uppercase


class Workspace:
    """Everything is on the shelf; a message's id is its channel and its `ts`."""

    def __init__(self, shelf: Shelf, now: Callable[[], datetime], notify: Callable[[Record], None]) -> None:
        self.shelf, self._now, self._notify = shelf, now, notify
        self._latest: dict[str, int] = defaultdict(int)

    # Who and where

    def person(self, id_: str) -> Record:
        found = self.shelf.get("users", id_)
        if not found:
            raise Refused("user_not_found")
        return found

    def person_by_email(self, email: str) -> Record:
        for user in self.shelf.all("users").values():
            if user["profile"].get("email") == email.lower():
                return user
        raise Refused("users_not_found")

    def channel(self, wanted: str, *, by_name: bool = False) -> Record:
        """A channel by id; posting takes its name, with or without the hash, and a person's id as well."""
        if found := self.shelf.get("channels", wanted):
            return found
        if by_name:
            if self.shelf.get("users", wanted):
                return self.direct(wanted)
            for channel in self.shelf.all("channels").values():
                if channel.get("name") == wanted.removeprefix("#"):
                    return channel
        raise Refused("channel_not_found")

    def direct(self, person: str) -> Record:
        """The conversation with one person, opened when there is none yet."""
        self.person(person)
        for channel in self.shelf.all("channels").values():
            if channel["is_im"] and channel["user"] == person:
                return channel
        id_ = f"D0{self.number('direct', 9)}"
        opened = firm.direct(id_, person=person, created=int(self._now().timestamp()))
        self.shelf.create("channels", id_, opened)
        return opened

    # Messages

    def messages(self, channel: str) -> Iterator[Record]:
        return (message for message in self.shelf.all("messages").values() if message["channel"] == channel)

    def message(self, channel: str, ts: str) -> Record:
        found = self.shelf.get("messages", f"{channel}:{ts}")
        if not found:
            raise Refused("message_not_found")
        return found

    def post(self, channel: str, message: Record) -> Record:
        ts = self.moment(channel)
        posted = {"channel": channel, "type": "message", "ts": ts, "team": firm.TEAM, **message}
        self.shelf.create("messages", f"{channel}:{ts}", posted)
        self.tell({**shown(posted), "channel": channel, "channel_type": self._kind(channel)})
        return posted

    def change(self, message: Record, changes: Record) -> Record:
        changed = {**message, **changes}
        self.shelf.update("messages", f"{message['channel']}:{message['ts']}", changed)
        self._tell_change("message_changed", message, message=shown(changed))
        return changed

    def delete(self, message: Record) -> None:
        self.shelf.delete("messages", f"{message['channel']}:{message['ts']}")
        self._tell_change("message_deleted", message, deleted_ts=message["ts"])

    def react(self, message: Record, *, name: str, person: str) -> None:
        """A reaction changes the message quietly: its event is of its own kind."""
        reactions: list[Record] = [dict(reaction) for reaction in message.get("reactions", [])]
        same = next((reaction for reaction in reactions if reaction["name"] == name), None)
        if same and person in same["users"]:
            raise Refused("already_reacted")
        if same:
            same |= {"users": [*same["users"], person], "count": same["count"] + 1}
        else:
            reactions.append({"name": name, "users": [person], "count": 1})
        self.shelf.update("messages", f"{message['channel']}:{message['ts']}", {**message, "reactions": reactions})
        item = {"type": "message", "channel": message["channel"], "ts": message["ts"]}
        self.tell(
            {"type": "reaction_added", "user": person, "reaction": name, "item_user": message["user"], "item": item}
        )

    # Ids and events

    def moment(self, channel: str) -> str:
        """The next `ts` of a channel: the time to the microsecond, and never the same twice."""
        if channel not in self._latest:
            self._latest[channel] = max((_micros(message["ts"]) for message in self.messages(channel)), default=0)
        now = int(self._now().timestamp() * MOMENT)
        self._latest[channel] = max(now, self._latest[channel] + 1)
        seconds, micros = divmod(self._latest[channel], MOMENT)
        return f"{seconds}.{micros:06}"

    def number(self, sequence: str, width: int) -> str:
        """An id of Slack's letters and digits that is never given twice."""
        n, digits = self.shelf.next(sequence, first=36**3), ""
        while n:
            n, digit = divmod(n, 36)
            digits = DIGITS[digit] + digits
        return digits.rjust(width, "0")

    def tell(self, event: Record) -> None:
        """An event as the Events API wraps it: https://api.slack.com/apis/events-api#event-type-structure"""
        now = self._now().timestamp()
        authorization = {"enterprise_id": None, "team_id": firm.TEAM, "user_id": firm.BOT_USER, "is_bot": True}
        self._notify(
            {
                "token": firm.VERIFICATION_TOKEN,
                "team_id": firm.TEAM,
                "api_app_id": firm.APP,
                "event": {"event_ts": event.get("ts") or f"{now:.6f}", **event},
                "type": "event_callback",
                "event_id": f"Ev{self.number('event', 9)}",
                "event_time": int(now),
                "authed_users": [firm.BOT_USER],
                "authorizations": [{**authorization, "is_enterprise_install": False}],
                "is_ext_shared_channel": False,
            }
        )

    def forget(self) -> None:
        self._latest.clear()

    def _tell_change(self, subtype: str, before: Record, **more: Any) -> None:
        event = {"type": "message", "subtype": subtype, "hidden": True, "channel": before["channel"], **more}
        event["ts"] = self.moment(before["channel"])
        self.tell({**event, "channel_type": self._kind(before["channel"]), "previous_message": shown(before)})

    def _kind(self, channel: str) -> str:
        return "im" if channel.startswith("D") else "channel"


def shown(message: Record, *, metadata: bool = False) -> Record:
    """A message as clients see it; its metadata only when they ask for it."""
    hidden = {"channel"} if metadata else {"channel", "metadata"}
    return {name: value for name, value in message.items() if name not in hidden}


def _micros(ts: str) -> int:
    return int(ts.replace(".", ""))
