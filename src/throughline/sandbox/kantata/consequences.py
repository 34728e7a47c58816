"""What a write brings about in other records: participants, sub-tasks, cloned rates, billed time."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Protocol

from throughline.sandbox.kantata.ledger import Ledger
from throughline.sandbox.kantata.reading import Record
from throughline.sandbox.kantata.schema import COLLECTIONS
from throughline.sandbox.kantata.schema.approvals import HANDED_IN
from throughline.sandbox.kantata.schema.shape import Collection

type Fields = dict[str, Any]


class Writer(Protocol):
    """As much of `Records` as is needed here."""

    ledger: Ledger

    def create(
        self, collection: Collection, wanted: list[Fields], actor: str, *, by_hand: bool = False
    ) -> list[Record]: ...

    def update(
        self, collection: Collection, id_: str, wanted: Fields, actor: str, *, by_hand: bool = False
    ) -> Record: ...


type Consequence = Callable[[Writer, Record, Fields, str, bool], None]


def follow(writer: Writer, collection: Collection, record: Record, extras: Fields, actor: str, *, new: bool) -> None:
    if consequence := CONSEQUENCES.get(collection.name):
        consequence(writer, record, extras, actor, new)


def _create(writer: Writer, kind: str, actor: str, /, **fields: Any) -> Record:
    return writer.create(COLLECTIONS[kind], [fields], actor, by_hand=True)[0]


def _workspace(writer: Writer, record: Record, extras: Fields, actor: str, new: bool) -> None:  # noqa: FBT001 - a fact
    if not new:
        return
    people = {actor: {"role": extras.get("creator_role", "maven"), "access_level": "admin"}}
    for each in extras.get("participations") or []:
        people.setdefault(str(each["user_id"]), {"access_level": each.get("access", "edit_tasks")})
    if lead := record["primary_maven_id"]:
        people[lead] = {**people.get(lead, {}), "access_level": "admin", "is_team_lead": True}
    for user_id, fields in people.items():
        _create(writer, "participations", actor, workspace_id=record["id"], user_id=user_id, **fields)
    for each in extras.get("custom_fields") or []:
        value = {"custom_field_id": each["custom_field_id"], "value": each["value"]}
        _create(writer, "custom_field_values", actor, subject_type="Workspace", subject_id=record["id"], **value)
    if template := writer.ledger.shelf.get("project_templates", extras.get("project_tracker_template_id") or ""):
        begin = extras.get("project_template_start_date") or record["start_date"]
        _apply(writer, template, record, date.fromisoformat(begin) if begin else writer.ledger.now().date(), actor)


def _apply(writer: Writer, template: Record, workspace: Record, begin: date, actor: str) -> None:
    """The vendor does not publish what `raw_json` holds; ours is `stories`, with days counted from the start."""
    content = template["raw_json"] if isinstance(template["raw_json"], dict) else {}
    for row in content.get("stories", []):
        story = {name: value for name, value in row.items() if name not in ("start_in_days", "due_in_days")}
        for field, name in (("start_date", "start_in_days"), ("due_date", "due_in_days")):
            if name in row:
                story[field] = (begin + timedelta(days=row[name])).isoformat()
        _create(writer, "stories", actor, workspace_id=workspace["id"], **story)


def _story(writer: Writer, record: Record, extras: Fields, actor: str, new: bool) -> None:  # noqa: FBT001 - see above
    del new
    _moved_on(writer, record, actor)
    for child in extras.get("sub_stories") or []:
        beneath = {"workspace_id": record["workspace_id"], "parent_id": record["id"]}
        _create(writer, "stories", actor, **{"story_type": "task", **child, **beneath})
    for each in extras.get("assignments") or []:
        _create(writer, "assignments", actor, **{**each, "story_id": record["id"]})
    if "assignee_ids" in extras:
        _assign(writer, record, extras["assignee_ids"], actor)


def _moved_on(writer: Writer, record: Record, actor: str) -> None:
    """Every state a task comes to is kept, with whoever brought it there; the one it begins in is not news."""
    changes = writer.ledger.reader().by("story_state_changes", "story_id", record["id"])
    last = max(changes, key=lambda each: int(each["id"]), default=None)
    if record["state"] == (last["state"] if last else "not started"):
        return
    about = {"state": record["state"], "formatted_state": record["state"].capitalize()}
    writer.ledger.add(COLLECTIONS["story_state_changes"], {**about, "user_id": actor, "story_id": record["id"]}, actor)


def _assign(writer: Writer, record: Record, wanted: list[str], actor: str) -> None:
    """The list given is the list afterwards."""
    there = {each["assignee_id"]: each for each in writer.ledger.reader().by("assignments", "story_id", record["id"])}
    for user_id in wanted:
        if user_id not in there:
            _create(writer, "assignments", actor, story_id=record["id"], assignee_id=user_id)
    for user_id, assignment in there.items():
        if user_id not in wanted:
            writer.ledger.remove(COLLECTIONS["assignments"], assignment, actor)


def _resource(writer: Writer, record: Record, extras: Fields, actor: str, new: bool) -> None:  # noqa: FBT001 - see above
    """Naming a resource brings the person into the project."""
    del extras, new
    if not record["user_id"]:
        return
    there = writer.ledger.reader().by("participations", "workspace_id", record["workspace_id"])
    if all(each["user_id"] != record["user_id"] for each in there):
        _create(writer, "participations", actor, workspace_id=record["workspace_id"], user_id=record["user_id"])


def _participation(writer: Writer, record: Record, extras: Fields, actor: str, new: bool) -> None:  # noqa: FBT001 - see above
    """There is one lead of the provider team, and the project names them."""
    del extras, new
    if not record["is_team_lead"] or record["role"] != "maven":
        return
    for each in list(writer.ledger.reader().by("participations", "workspace_id", record["workspace_id"])):
        if each["is_team_lead"] and each["id"] != record["id"]:
            writer.ledger.change(COLLECTIONS["participations"], each, actor, is_team_lead=False)
    workspace = writer.ledger.shelf.get("workspaces", record["workspace_id"])
    if workspace:
        writer.ledger.change(COLLECTIONS["workspaces"], workspace, actor, primary_maven_id=record["user_id"])


def _invitation(writer: Writer, record: Record, extras: Fields, actor: str, new: bool) -> None:  # noqa: FBT001 - see above
    """Whoever is invited is a user at once, and pending until they accept."""
    del extras
    if not new:
        return
    role, permission = record["default_role_id"], record["permission"]
    about = {"full_name": record["full_name"], "email_address": record["email_address"], "headline": record["headline"]}
    user = _create(writer, "users", actor, role_id=role, account_permission=permission, **about)
    member = _create(writer, "account_memberships", actor, user_id=user["id"], permission=permission,
                     default_role_id=role)  # fmt: skip
    writer.update(COLLECTIONS["users"], user["id"], {"account_membership_id": member["id"]}, actor, by_hand=True)
    writer.ledger.change(COLLECTIONS["account_invitations"], record, actor, invitee_id=user["id"])


def _group(writer: Writer, record: Record, extras: Fields, actor: str, new: bool) -> None:  # noqa: FBT001 - see above
    del new
    for id_ in extras.get("add_workspace_ids") or []:
        _regroup(writer, id_, lambda held: [*dict.fromkeys([*held, record["id"]])], actor)
    for id_ in extras.get("remove_workspace_ids") or []:
        _regroup(writer, id_, lambda held: [each for each in held if each != record["id"]], actor)


def _regroup(writer: Writer, id_: str, change: Callable[[list[str]], list[str]], actor: str) -> None:
    if workspace := writer.ledger.shelf.get("workspaces", id_):
        groups = change(workspace["workspace_group_ids"])
        primary = workspace["primary_workspace_group_id"]
        primary = primary if primary in groups else (groups[0] if groups else None)
        fields = {"workspace_group_ids": groups, "primary_workspace_group_id": primary}
        writer.ledger.change(COLLECTIONS["workspaces"], workspace, actor, **fields)


def _card_set(writer: Writer, record: Record, extras: Fields, actor: str, new: bool) -> None:  # noqa: FBT001 - see above
    """A new set has a first version, with cards like those of the version it was cloned from."""
    if not new:
        return
    today = writer.ledger.now().date().isoformat()
    fields = {"rate_card_set_id": record["id"], "effective_date": today}
    published = writer.ledger.add(COLLECTIONS["rate_card_set_versions"], {**fields, "active": True}, actor)
    for version in writer.ledger.reader().by(
        "rate_card_versions", "rate_card_set_version_id", extras.get("clone_version_id")
    ):
        original = writer.ledger.shelf.get("rate_cards", version["rate_card_id"]) or {}
        card = {"rate_card_set_id": record["id"], "currency": original["currency"]}
        _clone(writer, version, writer.ledger.add(COLLECTIONS["rate_cards"], card, actor), published, actor)


def _card_set_version(writer: Writer, record: Record, extras: Fields, actor: str, new: bool) -> None:  # noqa: FBT001 - see above
    """A new version begins as a copy of the one before it."""
    if not new:
        return
    reader = writer.ledger.reader()
    siblings = reader.by("rate_card_set_versions", "rate_card_set_id", record["rate_card_set_id"])
    older = [each for each in siblings if each["id"] != record["id"]]
    latest = max(older, key=lambda each: (each["effective_date"], int(each["id"])), default=None)
    origin = extras.get("clone_id") or (latest["id"] if latest else None)
    for version in list(reader.by("rate_card_versions", "rate_card_set_version_id", origin)) if origin else []:
        card = reader.get("rate_cards", version["rate_card_id"]) or {}
        _clone(writer, version, card, record, actor)


def _clone(writer: Writer, version: Record, card: Record, published: Record, actor: str) -> None:
    fields = {"default_rate": version["default_rate"], "rate_card_id": card["id"]}
    copy = writer.ledger.add(
        COLLECTIONS["rate_card_versions"], {**fields, "rate_card_set_version_id": published["id"]}, actor
    )
    for line in writer.ledger.reader().by("rate_card_roles", "rate_card_version_id", version["id"]):
        fields = {"rate_card_version_id": copy["id"], "role_id": line["role_id"], "rate": line["rate"]}
        writer.ledger.add(COLLECTIONS["rate_card_roles"], fields, actor)


def _card(writer: Writer, record: Record, extras: Fields, actor: str, new: bool) -> None:  # noqa: FBT001 - see above
    """A new card gets a version in every version of its set, all with the default rate of nothing."""
    del extras
    if not new:
        return
    for published in writer.ledger.reader().by(
        "rate_card_set_versions", "rate_card_set_id", record["rate_card_set_id"]
    ):
        fields = {"rate_card_id": record["id"], "rate_card_set_version_id": published["id"], "default_rate": 0}
        writer.ledger.add(COLLECTIONS["rate_card_versions"], fields, actor)


def _invoice(writer: Writer, record: Record, extras: Fields, actor: str, new: bool) -> None:  # noqa: FBT001 - see above
    """Time on a live invoice says so; time taken off it, or on a cancelled one, is free again."""
    del extras, new
    wanted = set(record["time_entry_ids"]) if record["status"] != "canceled" else set[str]()
    reader, entries = writer.ledger.reader(), COLLECTIONS["time_entries"]
    for entry in list(reader.by("time_entries", "invoice_id", record["id"])):
        if entry["id"] not in wanted:
            writer.ledger.change(entries, entry, actor, invoice_id=None)
    for id_ in sorted(wanted, key=int):
        if entry := reader.get("time_entries", id_):
            writer.ledger.change(entries, entry, actor, invoice_id=record["id"])


def _handed_in(kind: str) -> Consequence:
    def consequence(writer: Writer, record: Record, extras: Fields, actor: str, new: bool) -> None:  # noqa: FBT001 - see above
        del new
        for id_ in extras.get("line_item_ids") or []:
            if item := writer.ledger.shelf.get(kind, id_):
                ids = {"active_submission_id": record["id"], "recent_submission_id": record["id"]}
                writer.ledger.change(COLLECTIONS[kind], item, actor, **ids)

    return consequence


CONSEQUENCES: dict[str, Consequence] = {
    "workspaces": _workspace,
    "stories": _story,
    "workspace_resources": _resource,
    "participations": _participation,
    "account_invitations": _invitation,
    "workspace_groups": _group,
    "rate_card_sets": _card_set,
    "rate_card_set_versions": _card_set_version,
    "rate_cards": _card,
    "invoices": _invoice,
    **{sheet: _handed_in(kind) for sheet, kind in HANDED_IN.items()},
}
