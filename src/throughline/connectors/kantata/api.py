"""How to ask Kantata."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from throughline.connectors.kantata.asides import aside
from throughline.connectors.kantata.joining import INCLUDED, whole
from throughline.connectors.kantata.mapping import VOID
from throughline.connectors.kantata.names import make_lead, with_ids
from throughline.connectors.kantata.pages import API, page, page_count, pages, records
from throughline.connectors.kantata.people import by_address, put_on, put_person
from throughline.connectors.kantata.status import BILLING_STATUS, put_status
from throughline.core.connector import (
    Absent,
    Answer,
    Census,
    Credentials,
    Expired,
    Fine,
    Http,
    Page,
    Refused,
    Sent,
    Throttled,
    Token,
    Unwell,
    Verdict,
    Where,
    retry_after,
)
from throughline.core.forms import Record
from throughline.core.mapping import Mapping, Rung
from throughline.core.matching import search_word

SERVICE = "throughline"
# What a record is called inside a body, and what an external reference calls it.
SINGULAR = {
    "workspace_groups": ("workspace_group", "WorkspaceGroup"),
    "workspaces": ("workspace", "Workspace"),
    "stories": ("story", "Story"),
    "workspace_resources": ("workspace_resource", "WorkspaceResource"),
    "billing_milestones": ("billing_milestone", "BillingMilestone"),
    "invoices": ("invoice", "Invoice"),
}
# What a plain listing leaves out: lists, unless they are included; archived projects; people not named yet.
WHOLE = {
    "workspaces": {"include": "workspace_groups", "include_archived": "true"},
    "workspace_resources": {"include_unnamed": "true"},
    "invoices": {"include": "time_entries,expenses"},
}
# Time comes in thousands, and they allow larger pages for it.
MORE = {"time_entries": {"per_page": "500"}}
# Lists that do not say when something in them was changed; both are short.
UNDATED = frozenset({"roles", "users"})
SEARCHABLE = frozenset({"workspaces", "stories", "workspace_groups"})
# What only a create takes. A later change of it is ignored without a word, so it is not sent.
ONCE = frozenset({"creator_role", "workspace_id", "primary_maven_id"})
RESOLUTION = timedelta(seconds=1)


def ask(credentials: Credentials, _now: datetime) -> Token:
    """Kantata's tokens do not expire: the one shown on the application's page is the one to use."""
    return Token(headers={"Authorization": f"Bearer {credentials.secret('token')}"})


async def changes(http: Http, mapping: Mapping, since: str | None) -> AsyncIterator[Page]:
    """Records by `updated_at`, oldest first; each page begins at the last time seen.

    A page number would drift when a record changes meanwhile, and one would be skipped: numbers are used only among
    records of one and the same second.
    """
    people: dict[str, str] = {}
    if mapping.resource in UNDATED:
        async for body in pages(http, mapping.resource, _shown(mapping.resource)):
            yield Page(await whole(http, mapping.resource, body, people), None)
        return
    if since:
        async for found in aside(http, mapping.resource, since, people):
            yield Page(found, None)
    after, number = _just_before(since) if since else None, 1
    seen: set[tuple[str, str]] = set()
    while True:
        params = {"order": f"{mapping.changed}:asc", "page": str(number), **_shown(mapping.resource)}
        body = await page(http, mapping.resource, params | ({"updated_after": after} if after else {}))
        stamps = {str(record["id"]): str(record[mapping.changed or ""]) for record in records(body)}
        shown = await whole(http, mapping.resource, body, people)
        fresh = [record for record in shown if (str(record["id"]), stamps[str(record["id"])]) not in seen]
        newest = max(stamps.values(), key=datetime.fromisoformat, default=None)
        yield Page(fresh, _in_utc(newest) if newest else None)
        if newest is None or number >= page_count(body):
            return
        ahead = _just_before(newest)
        after, number = (ahead, 1) if ahead != after else (after, number + 1)
        seen |= set(stamps.items())


async def count(http: Http, mapping: Mapping, since: datetime, until: datetime) -> Census | None:
    """How many were last changed in a time: those changed since, less those changed after it. A page tells how many."""
    if mapping.resource in UNDATED:
        return None
    changed = [await _changed_since(http, mapping.resource, moment) for moment in (since, until)]
    return Census(changed[0] - changed[1])


async def _changed_since(http: Http, resource: str, moment: datetime) -> int:
    asked = {"updated_after": _just_before(moment.isoformat()), "page": "1", "per_page": "1"}
    archived = {"include_archived": "true"} if resource == "workspaces" else {}
    return int((await page(http, resource, asked | archived))["count"])


async def find(http: Http, mapping: Mapping, where: Where) -> list[Record]:
    """By id, by the reference we left, by address or by whom it is about, or by a name with the same telling word."""
    if where.key:
        return await _by_ids(http, mapping, [where.key])
    keys = await _marked(http, mapping, where.marker) if where.marker and mapping.rung is Rung.MARKER else []
    keys += await _people(http, mapping, where)
    found = await _by_ids(http, mapping, keys) if keys else []
    word = search_word(str(where.fields.get("name") or where.fields.get("title") or ""))
    if word and mapping.resource in SEARCHABLE:
        async for body in pages(http, mapping.resource, {"search": word, **_shown(mapping.resource)}):
            found += [record for record in records(body) if str(record["id"]) not in keys]
    return found


async def put(http: Http, mapping: Mapping, sent: Sent) -> str:
    """Update by id, or create with our reference in it."""
    if mapping.resource == "users":
        return await put_person(http, sent)
    if mapping.kind == BILLING_STATUS.kind:
        return await put_status(http, sent)
    singular, path = SINGULAR[mapping.resource][0], f"{API}/{mapping.resource}"
    record = await with_ids(http, sent.record, sent.key)
    if mapping.resource == "invoices" and record.pop("status", None) == VOID.yes and sent.key:
        await http.call("PUT", f"{path}/{sent.key}/cancel.json")
        return sent.key
    if sent.key:
        if changed := {name: value for name, value in record.items() if name not in ONCE}:
            await http.call("PUT", f"{path}/{sent.key}.json", json={singular: changed})
        if lead := record.get("primary_maven_id"):
            await make_lead(http, sent.key, lead)
        return sent.key
    reference = _mark(http, mapping, sent.marker)
    answer = await http.call("POST", f"{path}.json", json={singular: {**record, "external_reference": reference}})
    return str(answer.body["results"][0]["id"])


def judge(answer: Answer) -> Verdict:
    """Errors come as {"errors": [{type, message, field}]}; a throttle is a bare 429."""
    if answer.status < 300:
        told = answer.body is not None or not answer.text
        return Fine() if told else Unwell(f"an answer that is not JSON: {answer.text[:100]}")
    why, field = _errors(answer)
    match answer.status:
        case 401:
            return Expired(why)
        case 429:
            return Throttled(retry_after(answer))
        case 404:
            return Absent(why)
        case 422 if "locked" in why.lower():
            return Unwell(why, nothing_happened=True)
        case status if status >= 500:
            return Unwell(why)
        case _:
            return Refused(why, field)


async def _people(http: Http, mapping: Mapping, where: Where) -> list[str]:
    """A user by address; the allocations of a user."""
    address, user = str(where.fields.get("email") or ""), where.pointed.get("user_id")
    if mapping.resource == "users" and address:
        return await by_address(http, address)
    return await put_on(http, user) if mapping.resource == "workspace_allocations" and user else []


async def _marked(http: Http, mapping: Mapping, marker: str) -> list[str]:
    """Their ids of what carries our mark. What comes back is compared: an unknown filter is ignored without a word."""
    mark = _mark(http, mapping, marker) | {"subject_type": SINGULAR[mapping.resource][1]}
    return [
        str(reference["subject_id"])
        async for body in pages(http, "external_references", mark)
        for reference in records(body)
        if all(str(reference.get(name)) == value for name, value in mark.items())
    ]


async def _by_ids(http: Http, mapping: Mapping, ids: list[str]) -> list[Record]:
    body = await page(http, mapping.resource, {"only": ",".join(ids), **_shown(mapping.resource)})
    return [record for record in await whole(http, mapping.resource, body, {}) if str(record["id"]) in ids]


def _shown(resource: str) -> dict[str, str]:
    included = {"include": INCLUDED[resource]} if resource in INCLUDED else {}
    return {**WHOLE.get(resource, {}), **included, **MORE.get(resource, {})}


def _mark(http: Http, mapping: Mapping, marker: str) -> dict[str, str]:
    service = http.settings.get("service_name", SERVICE)
    return {"service_name": service, "service_model": mapping.kind, "service_model_ref": marker}


def _errors(answer: Answer) -> tuple[str, str | None]:
    """What they say is wrong, and the first field they name, whatever shape it came in."""
    said = answer.body.get("errors") if isinstance(answer.body, dict) else None
    errors = [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []
    why = "; ".join(f"{each.get('field') or ''} {each.get('message') or ''}".strip() for each in errors)
    field = next((str(each["field"]) for each in errors if each.get("field")), None)
    return why or f"status {answer.status}", field


def _just_before(stamp: str) -> str:
    """`updated_after` is strictly after, and times have whole seconds: a second earlier makes it "from"."""
    return (datetime.fromisoformat(stamp).astimezone(UTC) - RESOLUTION).isoformat()


def _in_utc(stamp: str) -> str:
    return datetime.fromisoformat(stamp).astimezone(UTC).isoformat()
