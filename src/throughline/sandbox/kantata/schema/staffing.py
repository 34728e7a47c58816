"""Who does the work: assignments to tasks, resources named or not, allocations of time, and participants."""

from throughline.sandbox.kantata.schema.shape import FIELD_VALUES, REFERENCES, Collection, belongs, many, words

ASSIGNMENTS = Collection(
    name="assignments",
    singular="assignment",
    model="Assignment",
    event="assignment",
    attributes=words("id created_at updated_at current estimated_minutes allocated_minutes resource_id"),
    create=words("story_id assignee_id current estimated_minutes resource_id"),
    update=words("assignee_id current estimated_minutes resource_id"),
    links={"story": belongs("stories", "story_id"), "assignee": belongs("users", "assignee_id"), **REFERENCES},
    required=("story_id", "assignee_id"),
    defaults={"current": True, "estimated_minutes": None, "resource_id": None},
    owners=("story_id",),
)

WORKSPACE_RESOURCES = Collection(
    name="workspace_resources",
    singular="workspace_resource",
    model="WorkspaceResource",
    event="workspace_resource",
    attributes=words(
        "id label role_name full_name workspace_title role_initials display_label allocations_count account_role_name"
        " role_rate resource_bill_rate resource_cost_rate assignments_count deletable total_allocated_minutes"
        " earliest_allocation_date latest_allocation_date is_foreign_user role_available_on_rate_card created_at"
        " updated_at"
    ),
    create=words("workspace_id user_id role_id"),
    update=words("label user_id role_id cost_rate bill_rate"),
    links={
        "workspace": belongs("workspaces", "workspace_id"),
        "user": belongs("users", "user_id"),
        "role": belongs("roles", "role_id"),
        "participation": many("participations", "participation_id", "derived"),
        **REFERENCES,
        **FIELD_VALUES,
    },
    required=("workspace_id",),
    defaults={"user_id": None, "role_id": None, "cost_rate": None, "bill_rate": None},
    optional=("resource_bill_rate", "resource_cost_rate"),
    owners=("workspace_id",),
)

WORKSPACE_ALLOCATIONS = Collection(
    name="workspace_allocations",
    singular="workspace_allocation",
    model="WorkspaceAllocation",
    event="workspace_allocation",
    attributes=words("id start_date end_date hard minutes notes created_at updated_at"),
    create=words("resource_id start_date end_date minutes hard notes"),
    update=words("start_date end_date minutes hard notes"),
    links={
        "workspace_resource": belongs("workspace_resources", "workspace_resource_id"),
        "workspace": belongs("workspaces", "workspace_id"),
        "creator": belongs("users", "creator_id"),
        "updater": belongs("users", "updater_id"),
        **REFERENCES,
    },
    required=words("resource_id start_date end_date minutes"),
    defaults={"hard": False, "notes": None},
    owners=("workspace_resource_id", "workspace_id"),
)

PARTICIPATIONS = Collection(
    name="participations",
    singular="participation",
    model="Participation",
    event="participation",
    attributes=words(
        "id role is_team_lead active_role rate_in_cents cost_in_cents can_invite access_level is_foreign_participant"
        " can_schedule_their_hours can_schedule_team_hours"
    ),
    create=words("workspace_id role user_id can_invite can_schedule_their_hours can_schedule_team_hours access_level"),
    update=words(
        "team_lead cost_in_cents rate_in_cents workspace_role_id can_invite can_schedule_their_hours"
        " can_schedule_team_hours access_level"
    ),
    by_hand=("is_team_lead",),
    links={
        "user": belongs("users", "user_id"),
        "workspace": belongs("workspaces", "workspace_id"),
        "workspace_role": belongs("roles", "workspace_role_id", shown=False),
        **REFERENCES,
    },
    required=("workspace_id", "user_id"),
    choices={"role": ("maven", "buyer")},
    defaults={
        "role": "maven",
        "is_team_lead": False,
        "rate_in_cents": None,
        "cost_in_cents": None,
        "can_invite": False,
        "access_level": "edit_tasks",
        "can_schedule_their_hours": True,
        "can_schedule_team_hours": False,
        "workspace_role_id": None,
    },
    owners=("workspace_id",),
)

COLLECTIONS = (ASSIGNMENTS, WORKSPACE_RESOURCES, WORKSPACE_ALLOCATIONS, PARTICIPATIONS)
