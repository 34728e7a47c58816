"""Who works here: users, their memberships in the account, roles, and the departments of the firm."""

from throughline.sandbox.kantata.schema.shape import FIELD_VALUES, REFERENCES, Collection, belongs, words

USERS = Collection(
    name="users",
    singular="user",
    model="User",
    event="user",
    attributes=words("id full_name photo_path email_address headline disabled account_id account_permission"),
    update=words("full_name headline email_address"),
    by_hand=words("disabled account_permission role_id photo_path account_membership_id"),
    links={
        "role": belongs("roles", "role_id"),
        "account_membership": belongs("account_memberships", "account_membership_id"),
        **REFERENCES,
        **FIELD_VALUES,
    },
    required=("full_name", "email_address"),
    defaults={"photo_path": "/images/default_profile_photo.png", "headline": "", "disabled": False, "role_id": None},
    searched=("full_name", "email_address"),
    filters=("email_address", "full_name"),
    order="full_name:asc",
    deletable=False,
)

ACCOUNT_MEMBERSHIPS = Collection(
    name="account_memberships",
    singular="account_membership",
    model="AccountMembership",
    event="account_membership",
    attributes=words(
        "disabled_at permission is_administrator is_project_lead is_punch_clock_user can_create_workspace"
        " can_view_reports can_log_in is_owner bill_rate_in_cents cost_rate_in_cents billability_target updated_at"
        " created_at"
    ),
    update=words("bill_rate_in_cents cost_rate_in_cents default_role_id permission billability_target manager_id"),
    by_hand=words("user_id is_owner disabled_at"),
    links={
        "user": belongs("users", "user_id"),
        "default_role": belongs("roles", "default_role_id"),
        "manager": belongs("users", "manager_id"),
    },
    choices={
        "permission": (
            "Account Administrator",
            "Reports Viewer With Cost",
            "Reports Viewer",
            "Project Lead",
            "Project Creator",
            "Collaborator",
            "Punch Clock User",
        )
    },
    defaults={
        "disabled_at": None,
        "permission": "Collaborator",
        "is_owner": False,
        "bill_rate_in_cents": None,
        "cost_rate_in_cents": None,
        "billability_target": None,
        "default_role_id": None,
        "manager_id": None,
    },
    filters=("permission",),
    deletable=False,
)

ROLES = Collection(
    name="roles",
    singular="role",
    model="Role",
    event="role",
    attributes=words("id name"),
    create=("name",),
    update=("name",),
    links={**REFERENCES},
    required=("name",),
    searched=("name",),
    filters=("name",),
    order="name:asc",
)

ORGANIZATIONS = Collection(
    name="organizations",
    singular="organization",
    model="Organization",
    event="organization",
    attributes=words("id name type parent_id ancestor_ids"),
    create=words("name parent_id"),
    update=words("name parent_id"),
    by_hand=("type",),
    required=("name",),
    defaults={"type": "Department", "parent_id": None},
    filters=("name", "type", "parent_id"),
    order="name:asc",
)

COLLECTIONS = (USERS, ACCOUNT_MEMBERSHIPS, ROLES, ORGANIZATIONS)
