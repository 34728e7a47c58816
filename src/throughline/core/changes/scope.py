"""From what delivery asks for to a change order: one line with the task's amount, hours and days."""

from decimal import Decimal

from throughline.core.entities import ChangeOrder, ChangeOrderId, ChangeOrderLine, ChangeOrigin, Project, ScopeChange


def as_change_order(scope: ScopeChange, project: Project) -> ChangeOrder:
    """Under the id it was asked for by; it is sold by no deal of its own, and is told of on the contract's."""
    line = ChangeOrderLine(
        key=scope.id,
        description=scope.name,
        role=scope.role,
        quantity_delta=Decimal(1),
        unit_price=scope.amount,
        amount_delta=scope.amount,
        hours_delta=scope.hours,
    )
    made = next((each for each in project.versions if each.change_order == scope.id), None)
    later = scope.ends if scope.ends and (project.ends is None or scope.ends > project.ends) else None
    return ChangeOrder(
        id=ChangeOrderId(scope.id),
        name=scope.name,
        amends=project.opportunity,
        project=project.id,
        origin=ChangeOrigin.DELIVERY,
        state=scope.state,
        currency=scope.amount.currency if scope.amount else None,
        amount_delta=scope.amount,
        effective_from=scope.starts,
        # Once the project has the change, its end is no longer the one the task went beyond.
        new_end=made.ends if made else later,
        lines=(line,),
    )
