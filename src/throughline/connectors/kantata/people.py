"""Somebody becomes a user by being invited; what is said of them later is kept in two places."""

from throughline.connectors.kantata.pages import API, page, pages, records
from throughline.core.connector import Http, Sent
from throughline.core.errors import Unknown
from throughline.core.forms import Record

ABOUT_A_USER = ("full_name", "email_address")


async def put_person(http: Http, sent: Sent) -> str:
    """Returns the user's id, new or not."""
    key = sent.key or await _invited(http, sent.record)
    if sent.key and (told := {name: sent.record[name] for name in ABOUT_A_USER if name in sent.record}):
        await http.call("PUT", f"{API}/users/{key}.json", json={"user": told})
    if manager := sent.record.get("manager_id"):
        body = await page(http, "users", {"only": key})
        membership = next(str(each["account_membership_id"]) for each in records(body) if str(each["id"]) == key)
        told = {"account_membership": {"manager_id": manager}}
        await http.call("PUT", f"{API}/account_memberships/{membership}.json", json=told)
    return key


async def by_address(http: Http, address: str) -> list[str]:
    """Their ids of whoever has this address. They keep it in small letters; what comes back is compared."""
    asked = {"email_address": address.lower()}
    return [
        str(user["id"])
        async for body in pages(http, "users", asked)
        for user in records(body)
        if str(user["email_address"]).casefold() == address.casefold()
    ]


async def learn(http: Http, ids: set[str], people: dict[str, str]) -> None:
    """The addresses of these users, added to those learnt so far."""
    if ids:
        told = await page(http, "users", {"only": ",".join(sorted(ids))})
        people |= {str(each["id"]): str(each["email_address"]) for each in records(told)}


async def put_on(http: Http, user: str) -> list[str]:
    """Their ids of all allocations of this user. An allocation names a place in a project, and that its user."""
    places = [
        str(place["id"])
        async for body in pages(http, "workspace_resources", {"user_id": user})
        for place in records(body)
        if str(place["user_id"]) == user
    ]
    return [
        str(each["id"])
        for place in places
        async for body in pages(http, "workspace_allocations", {"workspace_resource_id": place})
        for each in records(body)
        if str(each["workspace_resource_id"]) == place
    ]


async def _invited(http: Http, record: Record) -> str:
    told = {name: value for name, value in record.items() if name != "manager_id"}
    answer = await http.call("POST", f"{API}/account_invitations.json", json={"account_invitation": told})
    (invitation,) = records(answer.body)
    if not invitation.get("invitee_id"):
        raise Unknown(f"Kantata invited {record.get('email_address')}, and does not show the user yet")
    return str(invitation["invitee_id"])
