"""`captures`: what was exchanged with the systems, verbatim but for secrets."""

from typing import Any

from rich.text import Text

from throughline.cli.exits import Exit, Stop
from throughline.cli.opened import asked
from throughline.cli.printing import after, clock, document, out, table, talk
from throughline.cli.where import HERE, Where
from throughline.hub.machine import Machine
from throughline.hub.retention import reading
from throughline.hub.retention.reading import NotHere
from throughline.hub.story import path_of
from throughline.store import captures


async def list_(*, system: str | None = None, state: str | None = None, engagement: str | None = None,
                limit: int = 50, json: bool = False, where: Where = HERE) -> int:  # fmt: skip
    """The newest exchanges.

    Parameters
    ----------
    system
        Only one system's.
    state
        done, failed, new or refused.
    engagement
        Only those of one engagement.
    limit
        How many at most.
    json
        One JSON document instead of a table.
    """
    async with asked(where.settings()) as machine:
        rows = await captures.listed(machine.pool, system=system, state=state, correlation=engagement, limit=limit)
    if json:
        document("captures", [dict(row) for row in rows])
        return Exit.DONE
    if not rows:
        talk.print("Nothing was exchanged yet." if not (system or state or engagement) else "No exchange is like that.")
        return Exit.DONE
    table(
        ("capture", "at", "system", "", "status", "outcome", "took", "call"),
        [
            (r["id"], clock(r["at"]), r["system"], r["direction"], r["status"], r["outcome"],
             f"{r['took_ms']:.0f} ms" if r["took_ms"] is not None else "", f"{r['method']} {path_of(r['url'])}")
            for r in rows
        ],
        flexible=7,
    )  # fmt: skip
    after(where.again(f"captures show {rows[0]['id']}"))
    return Exit.DONE


async def show(capture: int, /, *, json: bool = False, where: Where = HERE) -> int:
    """One exchange, whole.

    Parameters
    ----------
    capture
        The capture's number.
    json
        One JSON document instead of text.
    """
    async with asked(where.settings()) as machine:
        row = await _found(machine, capture)
    if row is None:
        raise Stop(f"There is no capture {capture}. See: throughline captures list", Exit.FOUND)
    if json:
        document("capture", dict(row))
        return Exit.DONE
    head = Text.assemble((f"{row['method']} {row['url']}", "bold"), f"  {row['status'] or ''}  {row['outcome']}")
    out.print(head, soft_wrap=True)
    out.print(f"{row['system']}, {row['direction']}, {clock(row['at'])}, {row['correlation'] or ''}\n", markup=False)
    _part("sent", row["request_headers"], row["request_body"])
    _part("received", row["answer_headers"], row["answer_body"])
    if row["correlation"]:
        after(where.again(f"trace {row['correlation']}"))
    return Exit.DONE


async def _found(machine: Machine, capture: int) -> dict[str, Any] | None:
    try:
        return await reading.capture(machine, capture)
    except NotHere as error:
        raise Stop(f"{error} Say where the archive folder is with THROUGHLINE_ARCHIVE.", Exit.UNAVAILABLE) from error


def _part(name: str, headers: dict[str, str], body: bytes) -> None:
    out.print(f"[bold]{name}[/]")
    for header, value in headers.items():
        out.print(f"  {header}: {value}", markup=False, soft_wrap=True)
    out.print(bytes(body).decode("utf-8", "replace"), markup=False, soft_wrap=True)
