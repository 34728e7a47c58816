"""What Kantata insists on for projects, tasks, resources, allocations and participants."""

from collections.abc import Callable, Iterable

from throughline.sandbox.kantata import money
from throughline.sandbox.kantata.errors import Problem, invalid
from throughline.sandbox.kantata.projects import STATUSES
from throughline.sandbox.kantata.reading import Record
from throughline.sandbox.kantata.rules.check import Check
from throughline.sandbox.kantata.rules.fields import fits
from throughline.sandbox.kantata.values import human

LONGEST_TITLE = 200
ACCOUNT_CURRENCY = "USD"


def workspace(check: Check) -> Iterable[Problem]:
    record = check.record
    record.setdefault("creator_id", check.actor)
    if not record.get("primary_maven_id"):
        record["primary_maven_id"] = check.actor if check.given.get("creator_role") == "maven" else None
    yield from _guests(check)
    yield from _currency(check)
    yield from _backwards(record, "start_date", "due_date")
    if record["status_key"] not in STATUSES:
        yield invalid("status_key", "Status key is not included in the list")
    if "price" in record:
        price = record.pop("price")
        record["price_in_cents"] = None if price is None else money.subunits(price, record["currency"])
    _group(record)
    if "approver_id" in check.given and record["approver_id"]:
        record["approver_ids"] = [record["approver_id"]]
    record["approver_id"] = min(record["approver_ids"], key=int, default=None)


def _guests(check: Check) -> Iterable[Problem]:
    """What comes along with a project is checked with it, so that nothing is left half done."""
    template = check.given.get("project_tracker_template_id")
    if template and not check.reader.get("project_templates", template):
        yield invalid("project_tracker_template_id", "Project tracker template must exist")
    yield from nested(check, "participations", "users", "user_id")
    yield from nested(check, "custom_fields", "custom_fields", "custom_field_id")
    if not isinstance(check.given.get("custom_fields"), list):
        return
    for each in check.given["custom_fields"]:
        field = check.reader.get("custom_fields", each.get("custom_field_id")) if isinstance(each, dict) else None
        if field and not fits(field["value_type"], each.get("value")):
            yield invalid("custom_fields", f"Value of {field['name']} is not a {field['value_type']}")


def nested(check: Check, name: str, there: str, key: str) -> Iterable[Problem]:
    """A list of objects, each of which points at a record that exists."""
    rows = check.given.get(name)
    if rows is None:
        return
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        yield invalid(name, f"{human(name)} must be a list of objects")
    elif not all(check.reader.get(there, row.get(key)) for row in rows):
        yield invalid(name, f"{human(key)} must exist")


def _currency(check: Check) -> Iterable[Problem]:
    """The card decides the currency when none is named; a project never changes the one it has."""
    record, card = check.record, check.other("rate_cards", "rate_card_id")
    if not record.get("currency"):
        record["currency"] = card["currency"] if card else ACCOUNT_CURRENCY
    if check.before and record["currency"] != check.before["currency"]:
        yield invalid("currency", "The currency of a project cannot be changed")
        record["currency"] = check.before["currency"]
    elif not money.known(record["currency"]):
        yield invalid("currency", "Currency is not included in the list")
        record["currency"] = ACCOUNT_CURRENCY
    elif card and card["currency"] != record["currency"]:
        yield invalid("rate_card_id", "The currency of the rate card must match the currency of the project")


def _group(record: Record) -> None:
    """The primary group is always one of the groups."""
    groups, primary = record["workspace_group_ids"], record.get("primary_workspace_group_id")
    if primary and primary not in groups:
        record["workspace_group_ids"] = [primary, *groups]
    record["primary_workspace_group_id"] = primary or (groups[0] if groups else None)


def _backwards(record: Record, begin: str, end: str) -> Iterable[Problem]:
    if record.get(begin) and record.get(end) and record[end] < record[begin]:
        yield invalid(end, f"{end.replace('_', ' ').capitalize()} must be on or after the {begin.replace('_', ' ')}")


def story(check: Check) -> Iterable[Problem]:
    record, parent = check.record, check.other("stories", "parent_id")
    record.setdefault("creator_id", check.actor)
    if len(record["title"]) > LONGEST_TITLE:
        yield invalid("title", f"Title is too long (maximum is {LONGEST_TITLE} characters)")
    if parent and parent["workspace_id"] != record["workspace_id"]:
        yield invalid("parent_id", "Parent must be in the same project")
    if parent and _inside_itself(check, parent):
        yield invalid("parent_id", "Parent cannot be the task itself or one of its sub-tasks")
    if not 0 <= (record["percentage_complete"] or 0) <= 100:
        yield invalid("percentage_complete", "Percentage complete must be between 0 and 100")
    yield from _company(check)
    yield from _backwards(record, "start_date", "due_date")
    record["percentage_complete"] = 100 if record["state"] == "completed" else record["percentage_complete"] or 0
    record["root_id"] = (parent["root_id"] or parent["id"]) if parent else None
    if check.creating:
        record["position"] = len(check.reader.by("stories", "workspace_id", record["workspace_id"])) + 1


def _company(check: Check) -> Iterable[Problem]:
    """Sub-tasks and assignments given with a task are checked with it."""
    yield from nested(check, "assignments", "users", "assignee_id")
    for id_ in check.given.get("assignee_ids", []):
        if not check.reader.get("users", id_):
            yield invalid("assignee_ids", "Assignee must exist")
    rows = check.given.get("sub_stories") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("title") for row in rows):
        yield invalid("sub_stories", "Sub stories must be a list of objects with a title")


def _inside_itself(check: Check, parent: Record) -> bool:
    above: Record | None = parent
    while above:
        if above["id"] == check.record.get("id"):
            return True
        above = check.reader.get("stories", above["parent_id"])
    return False


def assignment(check: Check) -> Iterable[Problem]:
    task = check.other("stories", "story_id")
    resource = check.other("workspace_resources", "resource_id")
    if check.record["resource_id"] and not resource:
        yield invalid("resource_id", "Resource must exist")
    elif task and resource and resource["workspace_id"] != task["workspace_id"]:
        yield invalid("resource_id", "Resource must be in the project of the task")


def resource(check: Check) -> Iterable[Problem]:
    """A resource without a user is demand: then the role is all that is known of it, and must be."""
    record, user = check.record, check.other("users", "user_id")
    if user and not record["role_id"]:
        record["role_id"] = user["role_id"]
    if not user and not record["role_id"]:
        yield invalid("role_id", "Role can't be blank for an unnamed resource")
    role = check.other("roles", "role_id")
    if role and not record.get("label"):
        there = check.reader.by("workspace_resources", "workspace_id", record["workspace_id"])
        same = [each for each in there if each["role_id"] == role["id"] and each["id"] != record.get("id")]
        record["label"] = f"{role['name']} {len(same) + 1}"
    record.setdefault("label", None)


def allocation(check: Check) -> Iterable[Problem]:
    record = check.record
    if "resource_id" in record:
        record["workspace_resource_id"] = record.pop("resource_id")
    there = check.other("workspace_resources", "workspace_resource_id")
    if not there:
        yield invalid("resource_id", "Resource must exist")
        return
    record["workspace_id"] = there["workspace_id"]
    record.setdefault("creator_id", check.actor)
    record["updater_id"] = check.actor
    if record["minutes"] < 0:
        yield invalid("minutes", "Minutes must be greater than or equal to 0")
    yield from _backwards(record, "start_date", "end_date")


def participation(check: Check) -> Iterable[Problem]:
    record = check.record
    if "team_lead" in record:
        record["is_team_lead"] = record.pop("team_lead")
    there = check.reader.by("participations", "workspace_id", record["workspace_id"])
    if check.creating and any(each["user_id"] == record["user_id"] for each in there):
        yield invalid("user_id", "User is already participating in this project")


def group(check: Check) -> Iterable[Problem]:
    for name in ("add_workspace_ids", "remove_workspace_ids"):
        for id_ in check.given.get(name, []):
            if not check.reader.get("workspaces", id_):
                yield invalid(name, "Workspace must exist")


def template(check: Check) -> Iterable[Problem]:
    check.record.setdefault("user_id", check.actor)
    return ()


RULES: dict[str, Callable[[Check], Iterable[Problem]]] = {
    "workspaces": workspace,
    "stories": story,
    "assignments": assignment,
    "workspace_resources": resource,
    "workspace_allocations": allocation,
    "participations": participation,
    "workspace_groups": group,
    "project_templates": template,
}
