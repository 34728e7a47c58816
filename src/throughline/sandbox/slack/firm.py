"""The demo firm's workspace: its app, its people and its channels."""

from typing import Any

type Record = dict[str, Any]

TEAM, DOMAIN, APP = "T0HALYARD01", "halyard-advisory", "A0THRULINE1"
BOT_USER, BOT = "U0THRULINE1", "B0THRULINE1"
TOKEN, SIGNING_SECRET, VERIFICATION_TOKEN = "xoxb-sandbox", "slack-signing-secret", "slack-verification-token"
INCOMING_HOOK = f"/services/{TEAM}/{BOT}/sandbox-webhook"
INCOMING_CHANNEL = "C0HALYARD04"

CHANNELS = (
    ("C0HALYARD01", "delivery-us", "Projects of Halyard Advisory Inc.", ("pm.us",)),
    ("C0HALYARD02", "delivery-uk", "Projects of Halyard Advisory Ltd", ("pm.uk",)),
    ("C0HALYARD03", "delivery-de", "Projects of Halyard Advisory GmbH", ("pm.de",)),
    ("C0HALYARD05", "customer-success", "How our customers are doing", ("pm.us", "pm.uk", "pm.de")),
    (INCOMING_CHANNEL, "finance-operations", "Billing, tax and the open holds", ("controller", "billing")),
)
PEOPLE = (
    ("controller", "Financial Controller", "Europe/London"),
    ("billing", "Billing Specialist", "Europe/London"),
    ("pm.us", "Project Manager US", "America/New_York"),
    ("pm.uk", "Project Manager UK", "Europe/London"),
    ("pm.de", "Project Manager DE", "Europe/Berlin"),
    *((f"consultant.{n:02}", f"Consultant {n:02}", "Europe/London") for n in range(1, 10)),
)


def users() -> list[Record]:
    people = [_user(f"U0HALYARD{n:02}", *person) for n, person in enumerate(PEOPLE, start=1)]
    return [*people, _user(BOT_USER, "throughline", "Throughline", "Europe/London", bot=True)]


def channels(created: int) -> list[Record]:
    ids = {user["name"]: user["id"] for user in users()}
    return [
        channel(id_, name, purpose, created=created, members=[*(ids[member] for member in members), BOT_USER])
        for id_, name, purpose, members in CHANNELS
    ]


def channel(id_: str, name: str, purpose: str, *, created: int, members: list[str]) -> Record:
    creator = members[0]
    return {
        "id": id_,
        "name": name,
        "name_normalized": name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": False,
        "is_archived": False,
        "is_general": False,
        "is_shared": False,
        "is_org_shared": False,
        "is_ext_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "context_team_id": TEAM,
        "created": created,
        "creator": creator,
        "unlinked": 0,
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": purpose, "creator": creator, "last_set": created},
        "previous_names": [],
        "members": members,
    }


def direct(id_: str, *, person: str, created: int) -> Record:
    """The private conversation between the app and one person."""
    return {
        "id": id_,
        "is_im": True,
        "is_channel": False,
        "is_archived": False,
        "context_team_id": TEAM,
        "created": created,
        "user": person,
        "members": [person, BOT_USER],
    }


def _user(id_: str, name: str, title: str, zone: str, *, bot: bool = False) -> Record:
    profile: Record = {"real_name": title, "display_name": name, "title": title, "team": TEAM}
    profile |= {"bot_id": BOT, "api_app_id": APP} if bot else {"email": f"{name}@halyard.example"}
    return {
        "id": id_,
        "team_id": TEAM,
        "name": name,
        "real_name": title,
        "deleted": False,
        "tz": zone,
        "is_admin": name == "controller",
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_bot": bot,
        "is_app_user": False,
        "updated": 0,
        "profile": profile,
    }
