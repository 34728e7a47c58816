"""How the effect of a change order is shown to whoever must agree to it: now and then, side by side, with amounts."""

from throughline.core.changes.effect import Effect
from throughline.core.changes.work import Staffing
from throughline.core.entities import BillingPlan, Contract, Project
from throughline.core.money import Money, plain

type Shown = dict[str, str]
AS_AGREED, WITH_IT = "as agreed", "with the change"
MOST_WORDS = 255


def side_by_side(effect: Effect) -> tuple[Shown, Shown]:
    """Two records with the same fields: as it is agreed, and as it would be."""
    before = effect.before
    now = {"record": AS_AGREED, **_contract(before.contract), **_plan(before.plan), **_project(before.project)}
    then = {"record": WITH_IT, **_contract(effect.contract), **_plan(effect.plan), **_project(effect.project)}
    for line in effect.contract.lines:
        held = next((each for each in before.contract.lines if each.key == line.key), None)
        if held != line:
            name = f"line {line.description or line.product or line.key}"
            now[name] = f"{held.quantity:f} at {held.amount}" if held else "none"
            then[name] = f"{line.quantity:f} at {line.amount}"
    for each in effect.forecast:
        if each.before != each.after:
            now[f"revenue {each.period}"], then[f"revenue {each.period}"] = str(each.before), str(each.after)
    for each in effect.staffing:
        now[f"hours of {each.role}"], then[f"hours of {each.role}"] = "as planned", _more(each)
    now["billed"] = then["billed"] = str(before.billed)
    return now, then


def in_a_line(effect: Effect) -> str:
    """The same for the opportunity page, where there is one line for it."""
    made = effect.version
    said = [f"{signed(effect.amount)}: contract {made.before} to {made.value}"]
    if effect.contract.ends:
        said.append(f"until {effect.contract.ends}")
    said += [f"{each.role} {_more(each)} h" for each in effect.staffing]
    return ", ".join(said)[:MOST_WORDS]


def signed(amount: Money) -> str:
    return f"+{amount}" if amount.amount > 0 else str(amount)


def _more(needed: Staffing) -> str:
    return f"{'+' if needed.hours > 0 else ''}{plain(needed.hours)}"


def _contract(contract: Contract) -> Shown:
    return {"contract value": str(contract.value), "contract ends": str(contract.ends or "open")}


def _plan(plan: BillingPlan) -> Shown:
    if not plan.instalments:
        return {"billing plan": f"{plan.total}, as it is worked" if plan.total else "as it is worked"}
    last = max(each.due for each in plan.instalments)
    return {"billing plan": f"{plan.total} in {len(plan.instalments)}, the last on {last}"}


def _project(project: Project) -> Shown:
    baseline = f"{len(project.versions) + 1}, until {project.ends or 'open'}"
    return {"project budget": str(project.budget), "baseline": baseline}
