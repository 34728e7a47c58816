"""The people pages, from who may come in and which keys there are."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting, shell
from throughline.console.people import KeyMadePage, KeyRow, PeoplePage, PersonPage, PersonRow, Tick
from throughline.console.pieces import EmptyPlace
from throughline.console.shell import Crumb
from throughline.core.rights import FOR, MEANING, PersonRole, Right
from throughline.store.database import Row

EMPTY = EmptyPlace(
    "Nobody is written down yet",
    "Whoever is on this machine is its admin. From the first person on, everybody has to sign in.",
    "throughline people add you@example.com --role admin",
)


def page(setting: Setting, found: Sequence[Row], keys: Sequence[Row]) -> PeoplePage:
    said = f"{wording.counted(len(found), 'person', 'people')}, {wording.counted(len(keys), 'key')}."
    return PeoplePage(
        shell=shell(setting, "People", "people", Crumb("People")),
        summary=said if found else "Nobody has to sign in: whoever is on this machine may do everything.",
        fragment_url="/people/fragment",
        add_url="/people",
        key_url="/access-keys",
        rows=tuple(row(each, setting) for each in found),
        keys=tuple(key_row(each, setting) for each in keys),
        roles=role_ticks(()),
        companies=company_ticks(setting, ()),
        rights=tuple(Tick(value=each, label=each.capitalize(), meaning=MEANING[each]) for each in Right),
        cli="throughline people add anna@example.com --role operator",
        empty=EMPTY,
    )


def one(setting: Setting, found: Row, keys: Sequence[Row]) -> PersonPage:
    name, here = found["name"], f"/people/{quote(found['name'])}"
    oneself = name == setting.who.name
    return PersonPage(
        shell=shell(setting, name, "people", Crumb("People", "/people"), Crumb(name)),
        fragment_url=f"{here}/fragment",
        person=row(found, setting),
        roles=role_ticks(found["roles"]),
        companies=company_ticks(setting, found["legal_entities"] or ()),
        keys=tuple(key_row(each, setting) for each in keys if each["person"] == name),
        change_url="" if oneself else f"{here}/change",
        sign_out_url=f"{here}/sign-out",
        remove_url="" if oneself else f"{here}/remove",
        key_url=f"{here}/key",
        cli=f"throughline people role {name} {' '.join(f'--role {each}' for each in found['roles'])}",
    )


def made(setting: Setting, *, name: str, secret: str, back: str) -> KeyMadePage:
    crumbs = (Crumb("People", "/people"), Crumb("A new key"))
    return KeyMadePage(shell=shell(setting, "A new key", "people", *crumbs), name=name, secret=secret, back_href=back)


def row(found: Row, setting: Setting) -> PersonRow:
    return PersonRow(
        key=found["name"],
        href=f"/people/{quote(found['name'])}",
        roles=tuple(each.capitalize() for each in found["roles"]),
        companies=_companies(found["legal_entities"]),
        keys=str(found["keys"]),
        sessions=str(found["sessions"]),
        seen=wording.age(found["seen_at"], setting.now) if found["seen_at"] else None,
        added=wording.at(found["added_at"]),
        added_by=found["added_by"],
    )


def key_row(found: Row, setting: Setting) -> KeyRow:
    return KeyRow(
        key=found["id"],
        name=found["name"],
        owner=found["person"] or "",
        rights=("everything",) if len(found["rights"]) == len(Right) else tuple(found["rights"]),
        companies=_companies(found["legal_entities"]),
        used=wording.age(found["used_at"], setting.now) if found["used_at"] else None,
        expires=wording.on(found["expires_at"]),
        over=setting.now >= found["expires_at"],
        remove_url=f"/access-keys/{found['id']}/remove",
    )


def role_ticks(has: Iterable[str]) -> tuple[Tick, ...]:
    held = set(has)
    return tuple(Tick(value=role, label=role.capitalize(), meaning=FOR[role], on=role in held) for role in PersonRole)


def company_ticks(setting: Setting, has: Iterable[str]) -> tuple[Tick, ...]:
    held = set(has)
    return tuple(
        Tick(value=each.code, label=each.code, meaning=each.name, on=each.code in held)
        for each in setting.firm.legal_entities
    )


def _companies(limits: Sequence[str] | None) -> str:
    return "All" if limits is None else ", ".join(limits)
