"""Somebody joins the firm: a user, and a membership that says what they may do."""

from throughline.sandbox.kantata.firm import Person
from throughline.sandbox.kantata.records import Records
from throughline.sandbox.kantata.schema import COLLECTIONS

ADMINISTRATOR = "administrator@halyard.example"


def hire(records: Records, person: Person, *, actor: str) -> str:
    """The id of the user they are now."""
    role = records.ledger.reader().by("roles", "name", person.role)[0]["id"]
    user = {
        "full_name": person.name,
        "email_address": person.email,
        "headline": person.role,
        "role_id": role,
        "account_permission": person.permission,
    }
    id_ = records.create(COLLECTIONS["users"], [user], actor, by_hand=True)[0]["id"]
    member = {
        "user_id": id_,
        "permission": person.permission,
        "default_role_id": role,
        "is_owner": person.email == ADMINISTRATOR,
    }
    membership = records.create(COLLECTIONS["account_memberships"], [member], actor, by_hand=True)[0]
    records.update(COLLECTIONS["users"], id_, {"account_membership_id": membership["id"]}, actor, by_hand=True)
    return id_
