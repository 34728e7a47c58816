"""`archive`: what was taken out of the database by the firm's retention, and whether its files are what they were."""

from typing import Any

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, document, mark, out, table, talk
from throughline.cli.where import HERE, Where
from throughline.hub.retention import certificates, reading
from throughline.hub.retention.files import Damaged
from throughline.hub.retention.reading import NoSuchArchive, NotHere
from throughline.store import archives
from throughline.store.database import Row


async def list_(*, kind: str | None = None, limit: int = 50, json: bool = False, where: Where = HERE) -> int:
    """What left the database, newest first.

    Parameters
    ----------
    kind
        captures, webhooks, calls or events.
    limit
        How many at most.
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        rows = await archives.listed(machine.pool, kind=kind, limit=limit)
    if json:
        document("archives", [certificates.said(row) for row in rows])
        return Exit.DONE
    if not rows:
        talk.print("Nothing was archived yet: nothing is, unless `retention_days` in policies.yaml says so.")
        return Exit.DONE
    table(
        ("archive", "since", "until", "rows", "size", "digest"),
        [
            (r["id"], f"{r['since']:%Y-%m-%d}", f"{r['until']:%Y-%m-%d}", f"{r['rows']:,}",
             f"{r['bytes'] / 2**20:,.1f} MiB", r["digest"])
            for r in rows
        ],
        flexible=5,
    )  # fmt: skip
    after(where.again(f"archive show {rows[0]['id']}"), where.again("archive verify"))
    return Exit.DONE


async def show(archive: str, /, *, limit: int = 0, json: bool = False, where: Where = HERE) -> int:
    """One archive's certificate, and what is in it.

    Parameters
    ----------
    archive
        The archive's name.
    limit
        So many of its oldest rows as well.
    json
        One JSON document instead of text.
    """
    async with asked(where.settings()) as machine:
        try:
            row = await reading.one(machine, archive)
            rows = await reading.first_rows(machine, row, limit=limit) if limit else []
        except NoSuchArchive as error:
            raise Stop(f"{error} See: throughline archive list", Exit.FOUND) from error
        except (NotHere, Damaged) as error:
            raise Stop(f"{error} See: throughline archive verify {archive}", Exit.UNAVAILABLE) from error
    if json:
        document("archive", {**certificates.said(row), "oldest": rows})
        return Exit.DONE
    for name, value in _certificate(row).items():
        out.print(f"  {name:<13} {value}", markup=False, soft_wrap=True)
    if rows:
        table(("number", "at", "what"), [_what(each) for each in rows], flexible=2)
    after(where.again(f"archive verify {archive}"))
    return Exit.DONE


def _certificate(row: Row) -> dict[str, Any]:
    said = certificates.said(row)
    policy = said.pop("policy")
    return {**said, "policy": f"{policy['days']} days, by version {policy['firm_version']} of the firm's folder"}


def _what(each: dict[str, Any]) -> tuple[Any, ...]:
    if "seq" in each:
        return each["seq"], each["at"], f"{each['type']} {each['subject']}"
    return each["id"], each["at"], f"{each['system']} {each['method']} {each['url']}"


async def verify(*archives_: str, json: bool = False, where: Where = HERE) -> int:
    """Read archives whole, and compare each with its certificate.

    Parameters
    ----------
    archives_
        Their names; all of them if none is said.
    json
        One JSON document instead of a list.
    """
    async with asked(where.settings()) as machine:
        try:
            named = [await reading.one(machine, each) for each in archives_]
        except NoSuchArchive as error:
            raise Stop(f"{error} See: throughline archive list", Exit.FOUND) from error
        verdicts = [
            await reading.verified(machine, row)
            for row in named or await archives.listed(machine.pool, limit=reading.MOST_VERIFIED)
        ]
    wrong = sum(not each.fine for each in verdicts)
    if json:
        document("archive-verification", verdicts)
    else:
        for each in verdicts:
            out.print(mark("done" if each.fine else "failed"), f"{each.archive}: {each.why}", soft_wrap=True)
        out.print(f"{len(verdicts)} looked at, {wrong} wrong", soft_wrap=True)
    return Exit.FOUND if wrong else Exit.DONE
