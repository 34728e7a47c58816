"""`runs`: stopping one for good."""

import getpass

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, document, out
from throughline.cli.where import HERE, Where
from throughline.hub import cancels
from throughline.hub.cancels import NoSuchRun, NotCancellable, Wish


async def cancel(run: str, /, *, reason: str, undo: bool = False, person: str | None = None, json: bool = False,
                 where: Where = HERE) -> int:  # fmt: skip
    """Stop a run for good; its holds close with the reason.

    Parameters
    ----------
    run
        The run's id.
    reason
        Why; kept in the journal, and said by the holds that close.
    undo
        Undo what it did as well, as its workflow says. What cannot be undone becomes a hold that names it.
    person
        Who cancels; the user who runs this command if not said.
    json
        One JSON document instead of a sentence.
    """
    async with asked(where.settings()) as machine:
        try:
            told = await cancels.cancel(machine, run, Wish(person or getpass.getuser(), reason, undo))
        except NoSuchRun as error:
            raise Stop(str(error), Exit.FOUND) from error
        except NotCancellable as error:
            raise Stop(str(error), Exit.CONFLICT) from error
    if json:
        document("run-action", told)
        return Exit.DONE
    how = "is cancelled" if told["state"] == "cancelled" else "is cancelled as soon as the pass under way has ended"
    undone = f" {told['undone_by']} undoes it." if told["undone_by"] else ""
    out.print(f"{run} {how}: {reason}.{undone}", markup=False, soft_wrap=True)
    after(where.again(f"trace {told['correlation']}"))
    return Exit.DONE
