"""The page that says why each value is what it is, from the origins of an engagement's things."""

from collections.abc import Sequence

from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.pieces import Moment
from throughline.console.shell import Crumb
from throughline.console.values import Valued, ValueRow, ValuesPage
from throughline.core.ownership import HUB
from throughline.hub.engagements import Engagement
from throughline.hub.origins import Origin, Thing
from throughline.hub.telling import short, words


def page(setting: Setting, engagement: Engagement, things: Sequence[Thing]) -> ValuesPage:
    name, here = engagement.deal.get("name") or engagement.id, f"/engagements/{engagement.id}"
    fields = [field for thing in things for field in thing.fields]
    refused = sum(bool(field.refused) for field in fields)
    disputed = f", {wording.counted(refused, 'field')} with a value that was refused" if refused else ""
    return ValuesPage(
        shell=shell(
            setting, f"Values of {name}", "engagements", Crumb("Engagements", "/engagements"), Crumb(name, here),
            Crumb("Why this value"),
        ),
        name=name,
        summary=f"{wording.counted(len(fields), 'field')} of {wording.counted(len(things), 'thing')}{disputed}.",
        fragment_url=f"{here}/values/fragment",
        things=tuple(_valued(each, setting) for each in things),
        csv_url=f"{here}/values.csv",
        back_url=here,
        cli=f"throughline why {engagement.id}",
    )  # fmt: skip


def rows(things: Sequence[Thing], setting: Setting) -> list[ValueRow]:
    return [row for thing in things for row in _valued(thing, setting).rows]


def _valued(thing: Thing, setting: Setting) -> Valued:
    roles = {system.name: system.roles[0].value for system in setting.firm.systems}
    return Valued(
        key=thing.id,
        title=words(thing.kind),
        our_id=thing.id,
        systems=tuple(dict.fromkeys(roles[system] for system in thing.keys if system in roles)),
        note=f"version {thing.version:,}",
        rows=tuple(_row(thing, each, roles) for each in thing.fields),
    )


def _row(thing: Thing, origin: Origin, roles: dict[str, str]) -> ValueRow:
    return ValueRow(
        thing=thing.id,
        field=words(origin.field),
        value=_shown(origin.value),
        system=roles.get(origin.system, HUB if origin.system else ""),
        at=_moment(origin),
        rule=origin.rule,
        refused=tuple(
            f"{roles.get(each.system, each.system).upper()} said {_shown(each.value)}" for each in origin.refused
        ),
        unread=origin.unread,
        capture=f"exchange {origin.capture}" if origin.capture is not None else "",
        capture_cli=f"throughline captures show {origin.capture}" if origin.capture is not None else "",
    )


def _moment(origin: Origin) -> Moment | None:
    return Moment(origin.at.isoformat(), f"{origin.at:%Y-%m-%d %H:%M:%S}") if origin.at else None


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return wording.counted(len(value), "entry", "entries")
    return (
        "" if value is None else {True: "yes", False: "no"}.get(value, "") if isinstance(value, bool) else short(value)
    )
