"""`dead-letters`: what could not be taken in or gone through with."""

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, clock, document, mark, out, table, talk
from throughline.cli.where import HERE, Where
from throughline.store import dead_letters


async def list_(*, system: str | None = None, kind: str | None = None, cause: str | None = None, limit: int = 50,
                json: bool = False, where: Where = HERE) -> int:  # fmt: skip
    """What failed and is not mended, newest first.

    Parameters
    ----------
    system
        Only what came from one system.
    kind
        Only one kind of entity.
    cause
        Only one cause: unreadable, refused, unwell or defect.
    limit
        How many at most.
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        rows = await dead_letters.listed(machine.pool, system=system, kind=kind, cause=cause, limit=limit)
    if json:
        document("dead-letters", [dict(row) for row in rows])
        return Exit.DONE
    if not rows:
        talk.print("There are no dead letters.")
        return Exit.DONE
    table(
        ("", "dead letter", "cause", "tries", "last", "why"),
        [(mark(r["state"]), r["id"], r["cause"], str(r["attempts"]), clock(r["last_at"]), r["why"]) for r in rows],
        flexible=5,
    )
    after(where.again(f"dead-letters show {rows[0]['id']}"), where.again("replay --dry-run"))
    return Exit.DONE


async def show(letter: str, /, *, json: bool = False, where: Where = HERE) -> int:
    """One of them: what came, why it failed, and where in the program.

    Parameters
    ----------
    letter
        The dead letter's id.
    json
        One JSON document instead of text.
    """
    async with asked(where.settings()) as machine:
        row = await dead_letters.one(machine.pool, letter)
    if row is None:
        raise Stop(f"There is no dead letter {letter}. See: throughline dead-letters list", Exit.FOUND)
    if json:
        document("dead-letter", dict(row))
        return Exit.DONE
    out.print(f"{row['id']}, {row['state']}: {row['why']}", markup=False, soft_wrap=True)
    for name, said in (
        ("cause", row["cause"]),
        ("system", row["system"]),
        ("about", " ".join(filter(None, (row["kind"], row["key"])))),
        ("tried", f"{row['attempts']} times, first {clock(row['first_at'])}, last {clock(row['last_at'])}"),
        ("again at", clock(row["due_at"]) if row["due_at"] else ""),
        ("closed", f"{clock(row['closed_at'])}, {row['closed_how']}" if row["closed_at"] else ""),
        ("input", str(row["input"]) if row["input"] else ""),
    ):
        if said:
            out.print(f"  {name:<9} {said}", markup=False, soft_wrap=True)
    out.print(f"\n{row['trace'].rstrip()}", markup=False, soft_wrap=True)
    seen = where.again(f"captures show {row['capture']}") if row["capture"] else where.again(f"replay {letter}")
    after(seen, where.again(f"replay {letter} --dry-run"))
    return Exit.DONE
