"""Creating, updating, deleting: wrapping, forms, validation, references, and what follows from a write."""

from tests.sandbox.kantata.conftest import Api, Record


def _fields(errors: list[Record]) -> dict[str, str]:
    return {each["field"]: each["message"] for each in errors}


async def test_a_project_needs_a_title_and_a_role_for_its_creator(api: Api) -> None:
    status, errors = await api.refused("POST", "/workspaces", {"workspace": {"description": "x"}})

    assert status == 422
    assert {each["type"] for each in errors} == {"validation"}
    assert _fields(errors) == {
        "title": "Please give your project a title",
        "creator_role": "Please select a role for this project",
    }
    status, errors = await api.refused("POST", "/workspaces", {"workspace": {"title": "x", "creator_role": "boss"}})
    assert (status, list(_fields(errors))) == (422, ["creator_role"])


async def test_price_is_given_in_units_and_read_in_cents_and_in_words(api: Api) -> None:
    made = await api.project(currency="GBP", price="25000.50")
    none = await api.project()

    assert (made["price_in_cents"], made["price"], made["currency_base_unit"]) == (2_500_050, "£25,000", 100)
    assert (none["price_in_cents"], none["price"], none["currency"]) == (None, "TBD", "USD")
    assert (await api.project(price=19.99))["price_in_cents"] == 1999
    assert (await api.refused("POST", "/workspaces", {"workspace": {"price": "dear"}}))[0] == 422


async def test_a_price_is_never_a_float(api: Api) -> None:
    body = b'{"workspace": {"title": "x", "creator_role": "maven", "price": 1234567890123456.78}}'
    headers = {"Authorization": "Bearer kantata-sandbox-token", "Content-Type": "application/json"}

    async with api.client.post("/api/v1/workspaces", data=body, headers=headers) as answer:
        (made,) = (await answer.json())["workspaces"].values()

    assert made["price_in_cents"] == 123_456_789_012_345_678


async def test_the_currency_never_changes_and_the_rate_card_must_share_it(api: Api) -> None:
    cards = {each["currency"]: each["id"] for each in await api.listed("/rate_cards")}
    made = await api.project(rate_card_id=int(cards["EUR"]))

    assert (made["currency"], made["rate_card_id"]) == ("EUR", int(cards["EUR"]))
    path = f"/workspaces/{made['id']}"
    _, errors = await api.refused("PUT", path, {"workspace": {"currency": "USD"}})
    assert list(_fields(errors)) == ["currency"]
    _, errors = await api.refused("PUT", path, {"workspace": {"rate_card_id": cards["GBP"]}})
    assert list(_fields(errors)) == ["rate_card_id"]
    body = {"workspace": {"title": "x", "creator_role": "maven", "currency": "USD", "rate_card_id": cards["GBP"]}}
    assert list(_fields((await api.refused("POST", "/workspaces", body))[1])) == ["rate_card_id"]


async def test_what_cannot_be_set_is_ignored_without_a_word(api: Api) -> None:
    made = await api.project(account_id=1, budget_used_in_cents=5, nonsense="x", archived=True)

    assert (made["account_id"], made["budget_used_in_cents"], made["archived"]) == (7001001, 0, False)
    assert "nonsense" not in made


async def test_an_unwrapped_or_broken_body_is_a_bad_request(api: Api) -> None:
    assert (await api.refused("POST", "/workspaces", {"title": "x"}))[0] == 400
    headers = {"Authorization": "Bearer kantata-sandbox-token", "Content-Type": "application/json"}
    async with api.client.post("/api/v1/workspaces", data=b'{"workspace":', headers=headers) as answer:
        assert (answer.status, (await answer.json())["errors"][0]["type"]) == (400, "system")


async def test_rails_forms_are_read_like_json(api: Api) -> None:
    groups = [each["id"] for each in await api.listed("/workspace_groups")]
    form = [
        ("workspace[title]", "Form"),
        ("workspace[creator_role]", "maven"),
        ("workspace[budgeted]", "false"),
        ("workspace[workspace_group_ids][]", groups[0]),
        ("workspace[workspace_group_ids][]", groups[1]),
        ("workspace[external_reference][service_name]", "hub"),
        ("workspace[external_reference][service_model]", "Project"),
        ("workspace[external_reference][service_model_ref]", "p-1"),
    ]
    headers = {"Authorization": "Bearer kantata-sandbox-token"}
    path = "/api/v1/workspaces?include=workspace_groups,external_references"

    async with api.client.post(path, data=form, headers=headers) as answer:
        body = await answer.json()

    (made,) = body["workspaces"].values()
    assert (made["title"], made["budgeted"], made["workspace_group_ids"]) == ("Form", False, groups)
    assert body["external_references"][made["external_reference_ids"][0]]["service_model_ref"] == "p-1"


async def test_a_form_can_carry_rows(api: Api) -> None:
    project = await api.project()
    form = [
        ("stories[][title]", "One"),
        ("stories[][story_type]", "task"),
        ("stories[][workspace_id]", project["id"]),
        ("stories[][title]", "Two"),
        ("stories[][story_type]", "milestone"),
        ("stories[][workspace_id]", project["id"]),
    ]
    headers = {"Authorization": "Bearer kantata-sandbox-token"}

    async with api.client.post("/api/v1/stories", data=form, headers=headers) as answer:
        body = await answer.json()

    assert [body["stories"][each["id"]]["title"] for each in body["results"]] == ["One", "Two"]


async def test_a_bulk_create_is_all_or_nothing(api: Api) -> None:
    project = await api.project()
    row = {"workspace_id": project["id"], "date_performed": "2026-03-02", "time_in_minutes": 60}

    status, body = await api.call("POST", "/time_entries", {"time_entries": [row, row]})
    assert (status, body["count"], len(body["results"])) == (200, 2, 2)
    status, _ = await api.refused("POST", "/time_entries", {"time_entries": [row, {**row, "date_performed": "soon"}]})
    assert status == 422
    assert (await api.get(f"/time_entries?workspace_id={project['id']}"))["count"] == 2
    assert (await api.refused("POST", "/time_entries", {"time_entries": [row] * 101}))[0] == 400


async def test_references_must_exist_and_belong_together(api: Api) -> None:
    here, there = await api.project(), await api.project()
    story = await api.make("story", "/stories", title="T", story_type="task", workspace_id=there["id"])
    entry = {"workspace_id": here["id"], "date_performed": "2026-03-02", "time_in_minutes": 60}

    _, errors = await api.refused("POST", "/time_entries", {"time_entry": {**entry, "workspace_id": 1}})
    assert _fields(errors) == {"workspace_id": "Workspace must exist"}
    _, errors = await api.refused("POST", "/time_entries", {"time_entry": {**entry, "story_id": story["id"]}})
    assert list(_fields(errors)) == ["story_id"]
    child = {"title": "c", "story_type": "task", "workspace_id": here["id"], "parent_id": story["id"]}
    assert list(_fields((await api.refused("POST", "/stories", {"story": child}))[1])) == ["parent_id"]
    body = {"workspace": {"title": "x", "creator_role": "maven", "workspace_group_ids": [77]}}
    assert list(_fields((await api.refused("POST", "/workspaces", body))[1])) == ["workspace_group_ids"]


async def test_a_story_has_a_known_type_a_title_and_a_project(api: Api) -> None:
    _, errors = await api.refused("POST", "/stories", {"story": {"story_type": "epic"}})

    assert set(_fields(errors)) == {"title", "workspace_id", "story_type"}


async def test_a_task_cannot_be_put_beneath_itself(api: Api) -> None:
    project = await api.project()
    top = await api.make("story", "/stories", title="Top", story_type="task", workspace_id=project["id"])
    low = {"title": "Low", "story_type": "task", "workspace_id": project["id"], "parent_id": top["id"]}
    low = await api.make("story", "/stories", **low)

    _, errors = await api.refused("PUT", f"/stories/{top['id']}", {"story": {"parent_id": low["id"]}})

    assert list(_fields(errors)) == ["parent_id"]
    assert low["root_id"] == top["id"]


async def test_tasks_bring_their_sub_tasks_and_assignees(api: Api) -> None:
    project = await api.project()
    people = [each["id"] for each in await api.listed("/users?per_page=3")]
    story = await api.make(
        "story",
        "/stories?include=assignees,sub_stories",
        title="Phase",
        story_type="deliverable",
        workspace_id=project["id"],
        assignee_ids=people[:2],
        sub_stories=[{"title": "Step"}],
    )

    assert story["assignee_ids"] == people[:2]
    assert len(story["sub_story_ids"]) == 1
    path = f"/stories/{story['id']}?include=assignees"
    _, body = await api.call("PUT", path, {"story": {"assignee_ids": people[1:]}})
    assert body["stories"][story["id"]]["assignee_ids"] == people[1:]


async def test_demand_is_a_resource_with_a_role_and_nobody(api: Api) -> None:
    project = await api.project()
    role = (await api.listed("/roles?name=Architect"))[0]["id"]
    _, errors = await api.refused(
        "POST", "/workspace_resources", {"workspace_resource": {"workspace_id": project["id"]}}
    )
    assert list(_fields(errors)) == ["role_id"]

    first = await api.make("workspace_resource", "/workspace_resources", workspace_id=project["id"], role_id=role)
    other = await api.make("workspace_resource", "/workspace_resources", workspace_id=project["id"], role_id=role)
    span = {"start_date": "2026-04-01", "end_date": "2026-04-30", "minutes": 4800}
    await api.make("workspace_allocation", "/workspace_allocations", resource_id=first["id"], **span)
    (seen,) = await api.listed(f"/workspace_resources?only={first['id']}&include_unnamed=true")

    assert (first["user_id"], first["label"], other["label"]) == (None, "Architect 1", "Architect 2")
    assert (seen["total_allocated_minutes"], seen["earliest_allocation_date"]) == (4800, "2026-04-01")
    backwards = {"workspace_allocation": {"resource_id": first["id"], **span, "end_date": "2026-03-01"}}
    assert (await api.refused("POST", "/workspace_allocations", backwards))[0] == 422


async def test_naming_a_resource_brings_the_person_into_the_project(api: Api) -> None:
    project = await api.project()
    user = (await api.listed("/users?email_address=consultant.09@halyard.example"))[0]["id"]

    made = await api.make(
        "workspace_resource",
        "/workspace_resources?include=participation",
        workspace_id=project["id"],
        user_id=user,
    )

    assert made["participation_id"]
    assert made["role_id"]
    assert user in [each["user_id"] for each in await api.listed(f"/participations?workspace_id={project['id']}")]


async def test_time_takes_its_rate_from_the_card_of_the_project(api: Api) -> None:
    card = next(each for each in await api.listed("/rate_cards") if each["currency"] == "GBP")
    role = (await api.listed("/roles?name=Partner"))[0]["id"]
    project = await api.project(rate_card_id=card["id"], price=1000)
    worked = {"workspace_id": project["id"], "date_performed": "2026-03-02", "time_in_minutes": 90}

    entry = await api.make("time_entry", "/time_entries", **worked, role_id=role)
    after = (await api.listed(f"/workspaces?only={project['id']}"))[0]

    assert (entry["rate_in_cents"], entry["currency"], entry["approved"]) == (30_500, "GBP", False)
    assert (after["budget_used_in_cents"], after["budget_used"], after["percent_of_budget_used"]) == (
        45_750,
        "£457",
        45,
    )
    assert (after["budget_remaining"], after["over_budget"]) == ("£542", False)


async def test_money_is_whole_cents(api: Api) -> None:
    project = await api.project()
    row = {"workspace_id": project["id"], "title": "M", "date_to_invoice": "2026-05-01"}

    made = await api.make("billing_milestone", "/billing_milestones", **row, amount_in_cents="1250000")
    _, errors = await api.refused(
        "POST", "/billing_milestones", {"billing_milestone": {**row, "amount_in_cents": 10.5}}
    )

    assert (made["amount_in_cents"], made["currency"], made["billing_type"]) == (1_250_000, "USD", "fixed_date")
    assert _fields(errors) == {"amount_in_cents": "Amount in cents must be an integer"}


async def test_expenses_say_whether_they_are_billable(api: Api) -> None:
    project = await api.project()
    made = await api.make(
        "expense",
        "/expenses",
        workspace_id=project["id"],
        date="2026-03-01",
        category="Travel",
        amount_in_cents=12_345,
        billable=False,
    )

    assert (made["is_billable"], made["currency"], made["currency_symbol"]) == (False, "USD", "$")
    _, errors = await api.refused("POST", "/expenses", {"expense": {"notes": "x"}})
    assert set(_fields(errors)) == {"workspace_id", "date", "category", "amount_in_cents"}


async def test_an_update_that_changes_nothing_leaves_no_trace(api: Api) -> None:
    made = await api.project()
    api.simulator.clock.advance(60)

    await api.call("PUT", f"/workspaces/{made['id']}", {"workspace": {"title": made["title"]}})

    assert (await api.listed(f"/workspaces?only={made['id']}"))[0]["updated_at"] == made["updated_at"]
    assert (await api.get("/subscribed_events?event_types=workspace:updated"))["count"] == 0


async def test_a_deleted_project_takes_everything_of_it_along(api: Api) -> None:
    mark = {"service_name": "hub", "service_model": "P", "service_model_ref": "1"}
    project = await api.project(external_reference=mark)
    story = await api.make("story", "/stories", title="T", story_type="task", workspace_id=project["id"])
    await api.make(
        "time_entry", "/time_entries", workspace_id=project["id"], date_performed="2026-03-02", time_in_minutes=5
    )
    user = (await api.listed("/users"))[0]["id"]
    await api.make("assignment", "/assignments", story_id=story["id"], assignee_id=user)

    status, _ = await api.call("DELETE", f"/workspaces/{project['id']}")

    assert status == 204
    assert (await api.call("GET", f"/stories/{story['id']}"))[0] == 404
    for name in ("stories", "time_entries", "participations"):
        assert (await api.get(f"/{name}?workspace_id={project['id']}"))["count"] == 0
    assert (await api.get(f"/assignments?story_id={story['id']}"))["count"] == 0
    assert (await api.get("/external_references?service_name=hub"))["count"] == 0
    assert (await api.call("DELETE", f"/workspaces/{project['id']}"))[0] == 404


async def test_what_kantata_does_not_let_an_api_create_has_no_address(api: Api) -> None:
    for singular, path in (("user", "/users"), ("account_membership", "/account_memberships")):
        assert (await api.refused("POST", path, {singular: {"full_name": "x"}}))[0] == 404
    assert (await api.refused("POST", "/subscribed_events", {"subscribed_event": {"event_type": "x"}}))[0] == 404


async def test_a_template_fills_a_new_project_with_tasks(api: Api) -> None:
    template = (await api.listed("/project_templates?title=Fixed fee"))[0]
    assert template["item_count"] == 3

    made = await api.project(project_tracker_template_id=template["id"], start_date="2026-04-01")
    stories = await api.listed(f"/stories?workspace_id={made['id']}&order=position:asc")

    assert [each["title"] for each in stories] == ["Discovery", "Delivery", "Acceptance"]
    assert (stories[0]["due_date"], stories[2]["story_type"]) == ("2026-04-21", "milestone")


async def test_a_lead_named_later_becomes_the_lead_of_the_project(api: Api) -> None:
    lead = (await api.listed("/users?email_address=pm.us@halyard.example"))[0]["id"]
    made = await api.project(primary_maven_id=lead)
    people = await api.listed(f"/participations?workspace_id={made['id']}")
    mine = next(each for each in people if each["user_id"] != lead)

    await api.call("PUT", f"/participations/{mine['id']}", {"participation": {"team_lead": True}})

    assert made["primary_maven_id"] == lead
    assert (await api.listed(f"/workspaces?only={made['id']}"))[0]["primary_maven_id"] == mine["user_id"]


async def test_a_new_card_set_version_copies_the_one_before(api: Api) -> None:
    card = next(each for each in await api.listed("/rate_cards") if each["currency"] == "EUR")
    fields = {"rate_card_set_id": card["rate_card_set_id"], "effective_date": "2026-07-01"}
    version = await api.make("rate_card_set_version", "/rate_card_set_versions?include=rate_card_versions", **fields)

    (copy,) = version["rate_card_version_ids"]
    lines = await api.listed(f"/rate_card_roles?rate_card_version_id={copy}")
    now = (await api.listed(f"/rate_cards?only={card['id']}&include=effective_rate_card_version"))[0]

    assert sorted(each["rate"] for each in lines) == [13_500, 15_000, 18_000, 21_000, 24_000, 34_500]
    assert now["effective_rate_card_version_id"] != copy, "it is not July yet"


async def test_a_new_card_has_a_version_to_hang_rates_on(api: Api) -> None:
    made = await api.make("rate_card_set", "/rate_card_sets", title="Framework")
    card = await api.make("rate_card", "/rate_cards", rate_card_set_id=made["id"], currency="GBP")
    version = (await api.listed(f"/rate_card_versions?rate_card_id={card['id']}"))[0]
    role = (await api.listed("/roles?name=Analyst"))[0]["id"]
    line = {"rate_card_version_id": version["id"], "role_id": role, "rate": 9900}

    await api.make("rate_card_role", "/rate_card_roles", **line)

    assert (await api.refused("POST", "/rate_card_roles", {"rate_card_role": line}))[0] == 422
    assert (
        await api.refused("POST", "/rate_cards", {"rate_card": {"rate_card_set_id": made["id"], "currency": "GBP"}})
    )[0] == 422
    used = next(each for each in await api.listed("/rate_cards") if each["uses"])
    assert (await api.refused("DELETE", f"/rate_cards/{used['id']}"))[0] == 422


async def test_an_approved_timesheet_approves_its_time_and_a_rejected_one_gives_it_back(api: Api) -> None:
    project = await api.project()
    row = {"workspace_id": project["id"], "date_performed": "2026-03-02", "time_in_minutes": 60, "rate_in_cents": 100}
    entries = [(await api.make("time_entry", "/time_entries", **row))["id"] for _ in range(2)]

    async def submit(entry: str) -> str:
        fields = {"workspace_id": project["id"], "line_item_ids": [entry]}
        return (await api.make("timesheet_submission", "/timesheet_submissions", **fields))["id"]

    yes, no = await submit(entries[0]), await submit(entries[1])
    assert (await api.call("PUT", f"/timesheet_submissions/{yes}/approve.json"))[0] == 200
    assert (await api.call("PUT", f"/timesheet_submissions/{no}/reject", {"description": "Wrong day"}))[0] == 200
    approved, rejected = await api.listed(f"/time_entries?only={','.join(entries)}&order=id:asc")

    assert (approved["approved"], approved["active_submission_id"]) == (True, yes)
    assert (rejected["approved"], rejected["active_submission_id"], rejected["recent_submission_id"]) == (
        False,
        None,
        no,
    )
    assert (await api.refused("PUT", f"/timesheet_submissions/{yes}/cancel"))[0] == 422


async def test_an_invoice_bills_time_once_until_it_is_cancelled(api: Api) -> None:
    project = await api.project()
    row = {
        "workspace_id": project["id"],
        "date_performed": "2026-03-02",
        "time_in_minutes": 90,
        "rate_in_cents": 20_000,
    }
    entry = await api.make("time_entry", "/time_entries", **row)
    bill = {"workspace_id": project["id"], "time_entry_ids": [entry["id"]], "expense_ids": [], "payment_schedule": 30}

    made = await api.make("invoice", "/invoices?include=time_entries", **bill)
    invoiced = (await api.listed(f"/time_entries?only={entry['id']}"))[0]

    assert (made["balance_in_cents"], made["currency"], made["time_entry_ids"]) == (30_000, "USD", [entry["id"]])
    assert (invoiced["is_invoiced"], invoiced["invoice_id"]) == (True, made["id"])
    assert (await api.refused("POST", "/invoices", {"invoice": bill}))[0] == 422
    assert (await api.call("PUT", f"/invoices/{made['id']}/cancel"))[0] == 200
    assert (await api.listed(f"/time_entries?only={entry['id']}"))[0]["is_invoiced"] is False
    assert (await api.call("POST", "/invoices", {"invoice": bill}))[0] == 200
