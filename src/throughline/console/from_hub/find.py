"""The page of the box, from what was found."""

from collections.abc import Sequence
from shlex import quote
from urllib.parse import urlencode

from throughline.console.find import FindPage, FoundRow
from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.pieces import EmptyPlace
from throughline.console.shell import Crumb
from throughline.hub.search import Found
from throughline.hub.telling import words

EMPTY = EmptyPlace(
    "Find anything", "Type any id of any system, a name or its beginning, an invoice or order number, or an amount."
)


def page(setting: Setting, query: str, found: Sequence[Found]) -> FindPage:
    said = f"?{urlencode({'q': query})}" if query else ""
    return FindPage(
        shell=shell(setting, f"Find {query}" if query else "Find", "", Crumb("Find")),
        summary=summary(query, found),
        fragment_url=f"/find/fragment{said}",
        query=query,
        rows=tuple(row(each, n) for n, each in enumerate(found)),
        empty=EmptyPlace(f"Nothing is known under {query}", "Check it, or type the beginning of a name.")
        if query
        else EMPTY,
        csv_url=f"/find.csv{said}" if found else "",
        cli=f"throughline find {quote(query)}" if query else "",
    )


def summary(query: str, found: Sequence[Found]) -> str:
    if not query:
        return "Any id of any system, a name, an invoice or order number, or an amount."
    return f"{wording.counted(len(found), 'match', 'matches')}. What fits best comes first." if found else "No match."


def row(each: Found, place: int) -> FoundRow:
    return FoundRow(
        key=each.engagement or f"{each.kind}-{place}",
        href=f"/engagements/{each.engagement}" if each.engagement else "",
        name=each.name,
        customer=each.customer,
        value=wording.money_of(each.amount),
        state=words(each.state),
        holds=each.open_holds,
        by=each.by,
        won=wording.at(each.began) if each.began else None,
    )
