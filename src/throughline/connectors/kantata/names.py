"""Who and what is meant: people, roles and rate cards are named by us as a person names them, and wanted as ids."""

from throughline.connectors.kantata.pages import API, page, pages, records
from throughline.core.connector import Http
from throughline.core.errors import Hold
from throughline.core.forms import Record, dig


async def with_ids(http: Http, record: Record, key: str | None) -> Record:
    """The record with ids where it had names; `key` is the project's, when it is there already."""
    plain = {name: value for name, value in record.items() if not isinstance(value, dict)}
    if manager := dig(record, "primary_maven.email")[1]:
        plain["primary_maven_id"] = await _id_of(http, "users", "email_address", manager)
    if role := dig(record, "role.name")[1]:
        plain["role_id"] = await _id_of(http, "roles", "name", role)
    if title := dig(record, "rate_card.title")[1]:
        currency = plain.get("currency") or await _currency_of(http, key)
        plain["rate_card_id"] = await _rate_card(http, title, currency)
    return plain


async def make_lead(http: Http, project: str, person: str) -> None:
    """A project's manager is the lead among its participants; an update of the project itself ignores the field."""
    found = await page(http, "participations", {"workspace_id": project, "user_id": person})
    mine = [each for each in records(found) if (str(each["workspace_id"]), str(each["user_id"])) == (project, person)]
    if not mine:
        joining = {"workspace_id": project, "user_id": person, "role": "maven"}
        made = await http.call("POST", f"{API}/participations.json", json={"participation": joining})
        mine = list(records(made.body))
    if not mine[0].get("is_team_lead"):
        lead = {"participation": {"team_lead": True}}
        await http.call("PUT", f"{API}/participations/{mine[0]['id']}.json", json=lead)


async def _id_of(http: Http, collection: str, field: str, value: str) -> str:
    # A filter Kantata does not know is ignored without a word, so what comes back is compared here.
    # Addresses are kept in small letters, and people type them as they like.
    asked = value.lower() if "@" in value else value
    found = [
        str(record["id"])
        async for body in pages(http, collection, {field: asked})
        for record in records(body)
        if str(record.get(field)).casefold() == value.casefold()
    ]
    if len(found) != 1:
        raise Hold(
            f"Kantata has {len(found) or 'no'} {collection} with {field.replace('_', ' ')} {value}",
            fix=f"Correct {value} where it was entered, or add it in Kantata; then release.",
        )
    return found[0]


async def _currency_of(http: Http, project: str | None) -> str:
    found = await page(http, "workspaces", {"only": project or "", "include_archived": "true"})
    return next((str(each["currency"]) for each in records(found) if str(each["id"]) == project), "")


async def _rate_card(http: Http, title: str, currency: str) -> str:
    """A set of rate cards has a title and one card per currency."""
    found = [
        str(card["id"])
        async for body in pages(http, "rate_cards", {"include": "rate_card_set"})
        for card in records(body)
        if card["currency"] == currency
        and body.get("rate_card_sets", {}).get(card["rate_card_set_id"], {}).get("title") == title
    ]
    if len(found) != 1:
        raise Hold(
            f"Kantata has {len(found) or 'no'} rate card {title} in {currency}",
            fix="Correct it in Kantata, or correct rate_card in tables/project_templates.csv; then release.",
        )
    return found[0]
