"""Projects, their tasks, the clients they are for, and the templates they begin from."""

from throughline.sandbox.kantata.schema.shape import FIELD_VALUES, REFERENCES, Collection, belongs, many, words

WORKSPACES = Collection(
    name="workspaces",
    singular="workspace",
    model="Workspace",
    event="workspace",
    attributes=words(
        "id title account_id archived description due_date effective_due_date budgeted change_orders_enabled updated_at"
        " created_at consultant_role_name client_role_name can_create_line_items default_rate currency_symbol"
        " currency_base_unit can_invite has_budget_access price price_in_cents budget_used over_budget currency"
        " start_date status stories_are_fixed_fee_by_default require_expense_approvals require_time_approvals"
        " percentage_complete access_level exclude_archived_stories_percent_complete tasks_default_non_billable"
        " rate_card_id posts_require_privacy_decision has_active_timesheet_submissions permissions"
        " expenses_in_burn_rate total_expenses_in_cents percent_of_budget_used budget_used_in_cents budget_remaining"
        " external_link target_margin revenue_recognition_method require_notes_on_time_entries time_trackable stage"
    ),
    create=words(
        "title creator_role budgeted description currency price start_date due_date consultant_role_name"
        " client_role_name access_level project_tracker_template_id change_orders_enabled expenses_in_burn_rate"
        " posts_require_privacy_decision stories_are_fixed_fee_by_default rate_card_id custom_fields"
        " require_expense_approvals require_time_approvals project_template_start_date status_key workspace_group_ids"
        " primary_workspace_group_id approver_id approver_ids target_margin tasks_default_non_billable external_link"
        " revenue_recognition_method primary_maven_id participations exclude_archived_stories_percent_complete stage"
        " require_notes_on_time_entries time_trackable"
    ),
    update=words(
        "title budgeted description archived access_level price start_date due_date posts_require_privacy_decision"
        " tasks_default_non_billable expenses_in_burn_rate rate_card_id client_role_name consultant_role_name"
        " stories_are_fixed_fee_by_default currency target_margin approver_id approver_ids change_orders_enabled"
        " status_key workspace_group_ids primary_workspace_group_id external_link revenue_recognition_method"
        " exclude_archived_stories_percent_complete stage require_notes_on_time_entries time_trackable"
    ),
    extras=words("creator_role participations custom_fields project_tracker_template_id project_template_start_date"),
    links={
        "creator": belongs("users", "creator_id"),
        "primary_maven": belongs("users", "primary_maven_id"),
        "approver": belongs("users", "approver_id", shown=False),
        "approvers": many("users", "approver_ids"),
        "primary_workspace_group": belongs("workspace_groups", "primary_workspace_group_id", shown=False),
        "workspace_groups": many("workspace_groups", "workspace_group_ids"),
        "participants": many("users", "participant_ids", "derived"),
        "participations": many("participations", "participation_ids", "workspace_id"),
        "next_uncompleted_milestone": many("stories", "next_uncompleted_milestone_id", "derived"),
        "timesheet_submissions": many("timesheet_submissions", "timesheet_submission_ids", "workspace_id"),
        "workspace_resources": many("workspace_resources", "workspace_resource_ids", "workspace_id", needs="user_id"),
        "workspace_resources_with_unnamed": many(
            "workspace_resources", "workspace_resources_with_unnamed_ids", "workspace_id"
        ),
        **REFERENCES,
        **FIELD_VALUES,
    },
    required=("title",),
    choices={"creator_role": ("maven", "buyer"), "access_level": ("invitation", "open", "admin", "admins")},
    defaults={
        "archived": False,
        "budgeted": True,
        "change_orders_enabled": False,
        "description": None,
        "due_date": None,
        "start_date": None,
        "consultant_role_name": "Consultants",
        "client_role_name": "Clients",
        "access_level": "invitation",
        "stories_are_fixed_fee_by_default": False,
        "require_expense_approvals": True,
        "require_time_approvals": True,
        "exclude_archived_stories_percent_complete": False,
        "tasks_default_non_billable": False,
        "posts_require_privacy_decision": False,
        "expenses_in_burn_rate": True,
        "target_margin": None,
        "rate_card_id": None,
        "price_in_cents": None,
        "external_link": None,
        "revenue_recognition_method": None,
        "require_notes_on_time_entries": False,
        "time_trackable": True,
        "stage": "project",
        "status_key": 120,
        "approver_ids": [],
        "workspace_group_ids": [],
    },
    optional=("stage",),
    searched=("id", "title", "description"),
    filters=("budgeted", "currency", "title", "require_time_approvals"),
)

STORIES = Collection(
    name="stories",
    singular="story",
    model="Story",
    event="story",
    attributes=words(
        "id billable title description story_type priority state position archived updated_at created_at due_date"
        " start_date sub_story_count budget_estimate_in_cents budget_used_in_cents time_estimate_in_minutes"
        " logged_billable_time_in_minutes logged_nonbillable_time_in_minutes fixed_fee percentage_complete checklist"
        " weight time_trackable cost_budget_in_cents"
    ),
    create=words(
        "title story_type workspace_id description parent_id start_date archived due_date assignee_ids"
        " budget_estimate_in_cents cost_budget_in_cents time_estimate_in_minutes billable percentage_complete state"
        " sub_stories fixed_fee checklist weight priority time_trackable assignments"
    ),
    update=words(
        "title story_type description parent_id start_date archived due_date assignee_ids budget_estimate_in_cents"
        " cost_budget_in_cents time_estimate_in_minutes billable percentage_complete state fixed_fee weight priority"
        " time_trackable"
    ),
    extras=words("assignee_ids sub_stories assignments"),
    links={
        "workspace": belongs("workspaces", "workspace_id"),
        "creator": belongs("users", "creator_id"),
        "parent": belongs("stories", "parent_id"),
        "root": belongs("stories", "root_id"),
        "assignees": many("users", "assignee_ids", "derived"),
        "sub_stories": many("stories", "sub_story_ids", "parent_id"),
        "current_assignments": many("assignments", "current_assignment_ids", "story_id", needs="current"),
        "story_state_changes": many("story_state_changes", "story_state_change_ids", "story_id"),
        **REFERENCES,
        **FIELD_VALUES,
    },
    required=words("title story_type workspace_id"),
    choices={"story_type": ("task", "deliverable", "milestone"), "state": ("not started", "started", "completed")},
    defaults={
        "description": None,
        "parent_id": None,
        "root_id": None,
        "start_date": None,
        "due_date": None,
        "archived": False,
        "budget_estimate_in_cents": None,
        "cost_budget_in_cents": None,
        "time_estimate_in_minutes": None,
        "billable": True,
        "fixed_fee": False,
        "percentage_complete": 0,
        "state": "not started",
        "checklist": [],
        "weight": None,
        "priority": None,
        "time_trackable": True,
    },
    searched=("title", "description"),
    filters=("story_type", "state", "title", "archived"),
    owners=("workspace_id", "parent_id"),
)

WORKSPACE_GROUPS = Collection(
    name="workspace_groups",
    singular="workspace_group",
    model="WorkspaceGroup",
    event="workspace_group",
    attributes=words("id name company contact_name email phone_number address website notes"),
    create=words("name company add_workspace_ids contact_name email phone_number address website notes"),
    update=words(
        "name company add_workspace_ids remove_workspace_ids contact_name email phone_number address website notes"
    ),
    extras=("add_workspace_ids", "remove_workspace_ids"),
    links={
        "workspaces": many("workspaces", "workspace_ids", "workspace_group_ids"),
        **REFERENCES,
        **FIELD_VALUES,
    },
    required=("name",),
    defaults={
        "company": False,
        "contact_name": None,
        "email": None,
        "phone_number": None,
        "address": None,
        "website": None,
        "notes": None,
    },
    searched=("name",),
    filters=("name", "company"),
    order="name:asc",
)

PROJECT_TEMPLATES = Collection(
    name="project_templates",
    singular="project_template",
    model="ProjectTemplate",
    attributes=words("id title shared is_budgeted budget item_count duration currency description raw_json"),
    create=words("title description raw_json shared is_budgeted budget currency duration"),
    update=words("title description raw_json shared is_budgeted budget currency duration"),
    links={"user": belongs("users", "user_id")},
    required=("title",),
    defaults={
        "description": None,
        "raw_json": None,
        "shared": False,
        "is_budgeted": False,
        "budget": None,
        "currency": "USD",
        "duration": None,
    },
    optional=("raw_json",),
    searched=("title",),
    filters=("title",),
)

COLLECTIONS = (WORKSPACES, STORIES, WORKSPACE_GROUPS, PROJECT_TEMPLATES)
