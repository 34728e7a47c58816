"""How somebody becomes a user: an administrator invites them."""

from throughline.sandbox.kantata.schema.people import ACCOUNT_MEMBERSHIPS
from throughline.sandbox.kantata.schema.shape import Collection, belongs, words

ACCOUNT_INVITATIONS = Collection(
    name="account_invitations",
    singular="account_invitation",
    model="AccountInvitation",
    attributes=words("id full_name email_address headline pending permission bill_rate_in_cents cost_rate_in_cents"),
    create=words("full_name email_address headline permission bill_rate_in_cents cost_rate_in_cents default_role_id"),
    update=words("permission bill_rate_in_cents cost_rate_in_cents default_role_id"),
    links={
        "inviter": belongs("users", "inviter_id"),
        "invitee": belongs("users", "invitee_id"),
        "default_role": belongs("roles", "default_role_id"),
    },
    required=("full_name", "email_address"),
    choices=ACCOUNT_MEMBERSHIPS.choices,
    defaults={
        "headline": "",
        "pending": True,
        "permission": "Collaborator",
        "bill_rate_in_cents": None,
        "cost_rate_in_cents": None,
        "default_role_id": None,
        "inviter_id": None,
        "invitee_id": None,
    },
    filters=("email_address",),
    deletable=False,
)

COLLECTIONS = (ACCOUNT_INVITATIONS,)
