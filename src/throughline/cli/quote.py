"""`quote`: what can be said of a deal before it is won."""

from dataclasses import asdict
from datetime import timedelta

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import document, out, span, table
from throughline.cli.where import HERE, Where
from throughline.core.quoting import Answer
from throughline.hub import quoting
from throughline.hub.quoting import Answered, Fact, NoSuchDeal


async def quote(any_id: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """Say of a deal whether credit, prices and template are fine, and whether it would provision.

    Parameters
    ----------
    any_id
        The deal, by any id of ours or of any system.
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        try:
            found = await quoting.of(machine, any_id)
        except NoSuchDeal as error:
            raise Stop(str(error), Exit.FOUND) from error
    if json:
        document("quote-answers", asdict(found))
    else:
        out.print(f"{found.name}, {found.customer}", markup=False, soft_wrap=True)
        table(("", "answer", "why", "as of"), [_row(each) for each in found.answers], flexible=2)
    fine = all(each.said.answer is Answer.YES for each in found.answers)
    return Exit.DONE if fine else Exit.FOUND


def _row(each: Answered) -> tuple[str, str, str, str]:
    return each.question, each.said.answer.value, "; ".join(each.said.why), _age(each.facts)


def _age(facts: tuple[Fact, ...]) -> str:
    """As old as the oldest of what it rests on."""
    told = [each for each in facts if each.as_of is not None and each.age_seconds is not None]
    if len(told) < len(facts):
        return "not known"
    oldest = max(told, key=lambda each: each.age_seconds or 0)
    return f"{oldest.name}, {span(timedelta(seconds=oldest.age_seconds or 0))} ago"
