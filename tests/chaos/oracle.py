"""What really came of each deal, read from the simulators' own records: one of everything, or what is wrong."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from throughline.sandbox.estate import Estate

TASKS, ROLES = 8, 4
ONE_OF_EACH = {
    "customers": 1, "contracts": 1, "billing plans": 1, "clients": 1, "projects": 1, "tasks": TASKS,
    "different tasks": TASKS, "demands": ROLES, "different demands": ROLES, "kick-offs": 1,
}  # fmt: skip
HANDED_OFF = {"Handoff_Gate__c": "done", "Handoff_Finance__c": "done", "Handoff_Delivery__c": "done"}


@dataclass(frozen=True, slots=True)
class Came:
    """Of one deal: how many of each thing there are, and what the CRM was told."""

    there: dict[str, int]
    handoff: dict[str, Any]
    keys: dict[str, str]

    @property
    def kick_offs(self) -> int:
        return self.there["kick-offs"]

    def wrong(self, *, kick_offs: int | None = 1, handed_off: bool = True) -> dict[str, Any]:
        """What is not as it should be; nothing, when all is well."""
        wanted = {**ONE_OF_EACH, "kick-offs": self.kick_offs if kick_offs is None else kick_offs}
        wrong: dict[str, Any] = {name: n for name, n in self.there.items() if n != wanted[name]}
        if handed_off:
            said = {**HANDED_OFF, **self.keys}
            wrong |= {name: self.handoff.get(name) for name, value in said.items() if self.handoff.get(name) != value}
        return wrong


def what_came(estate: Estate, sold: Mapping[str, str]) -> dict[str, Came]:
    """For each deal and its customer, by name: counted in one go over everything there is."""
    salesforce, netsuite, kantata, slack = (
        estate.simulators[name].shelf for name in ("salesforce", "netsuite", "kantata", "slack")
    )
    opportunities = {each["Name"]: each for each in salesforce.all("Opportunity").values()}
    customers = _by(netsuite.all("customer").values(), "companyName")
    orders = _by(netsuite.all("salesOrder").values(), "memo")
    plans = _by(netsuite.all("billingSchedule").values(), "name")
    clients = _by(kantata.all("workspace_groups").values(), "name")
    projects = _by(kantata.all("workspaces").values(), "title")
    stories = _by(kantata.all("stories").values(), "workspace_id")
    resources = _by(kantata.all("workspace_resources").values(), "workspace_id")
    posts = Counter(each["text"].partition(" for ")[0] for each in slack.all("messages").values())
    came: dict[str, Came] = {}
    for deal, customer in sold.items():
        tasks = [each["title"] for project in projects[deal] for each in stories[project["id"]]]
        demands = [
            each["role_id"] for project in projects[deal] for each in resources[project["id"]] if not each["user_id"]
        ]
        there = {
            "customers": len(customers[customer]),
            "contracts": len(orders[deal]),
            "billing plans": len(plans[f"{deal}, fixed fee"]),
            "clients": len(clients[customer]),
            "projects": len(projects[deal]),
            "tasks": len(tasks),
            "different tasks": len(set(tasks)),
            "demands": len(demands),
            "different demands": len(set(demands)),
            "kick-offs": posts[deal],
        }
        keys = {
            name: str(found[0]["id"])
            for name, found in (
                ("Handoff_Customer__c", customers[customer]),
                ("Handoff_Contract__c", orders[deal]),
                ("Handoff_Project__c", projects[deal]),
            )
            if found
        }
        came[deal] = Came(there, opportunities[deal], keys)
    return came


def twice(estate: Estate) -> dict[str, int]:
    """Every mark of ours that more than one record of a system carries."""
    netsuite, kantata = estate.simulators["netsuite"].shelf, estate.simulators["kantata"].shelf
    marks = Counter(
        f"netsuite {kind} {each['externalId']}"
        for kind in ("customer", "salesOrder", "billingSchedule")
        for each in netsuite.all(kind).values()
        if each.get("externalId")
    )
    marks.update(
        f"kantata {each['service_model']} {each['service_model_ref']}"
        for each in kantata.all("external_references").values()
    )
    return {mark: n for mark, n in marks.items() if n > 1}


def _by(records: Any, field: str) -> defaultdict[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in records:
        found[str(each.get(field))].append(each)
    return found
