"""`why`: for each field of an engagement's things, who said it, when, and which line of the policy decided."""

from dataclasses import asdict

from throughline.cli.exits import Exit
from throughline.cli.opened import asked
from throughline.cli.printing import after, document, out, table
from throughline.cli.trace import one_behind
from throughline.cli.where import HERE, Where
from throughline.hub import engagements, origins
from throughline.hub.origins import Thing
from throughline.hub.telling import short, words


async def why(any_id: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """Say why each value is what it is: who said it, when, which policy line decided, what was refused.

    Parameters
    ----------
    any_id
        Any id of ours, or of any system, as `trace` takes it.
    json
        One JSON document instead of tables.
    """
    async with asked(where.settings()) as machine:
        id_ = await one_behind(machine, any_id, where)
        things = await origins.of(machine, await engagements.one(machine, id_))
    if json:
        document("why", {"engagement": id_, "things": [asdict(each) for each in things]})
        return Exit.DONE
    for thing in things:
        _tell(thing)
    captures = [field.capture for thing in things for field in thing.fields if field.capture is not None]
    after(*(where.again(f"captures show {each}") for each in captures[:1]), where.again(f"trace {id_}"))
    return Exit.DONE


def _tell(thing: Thing) -> None:
    out.print(f"\n[bold]{words(thing.kind)}[/] [dim]{thing.id}, version {thing.version}[/]", soft_wrap=True)
    table(
        ("field", "value", "said by", "when", "exchange", "decided by", "refused"),
        [
            (
                each.field, "" if each.value is None else short(each.value), each.system,
                f"{each.at:%Y-%m-%d %H:%M:%S}" if each.at else "", each.capture, each.rule,
                ", ".join(f"{no.system} said {short(no.value)}" for no in each.refused),
            )
            for each in thing.fields
        ],
        flexible=1,
    )  # fmt: skip
