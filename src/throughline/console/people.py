"""The people pages: who may come in and as what, one of them, and a key that was just made."""

from dataclasses import dataclass

from throughline.console.pieces import EmptyPlace, Moment
from throughline.console.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One thing that can be ticked: its value, its word, what it means ("" when its word says it), and if it is."""

    value: str
    label: str
    meaning: str = ""
    on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """One person. `companies` is "All" or the codes of those they are limited to; `seen` is None until they come."""

    key: str
    href: str
    roles: tuple[str, ...]
    companies: str
    keys: str
    sessions: str
    seen: Moment | None
    added: Moment
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One key. `owner` is "" for a program's own; `remove_url` takes POST `csrf_token`."""

    key: str
    name: str
    owner: str
    rights: tuple[str, ...]
    companies: str
    used: Moment | None
    expires: Moment
    over: bool
    remove_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage:
    """Everybody, and every key.

    `add_url` takes POST `csrf_token`, `person`, several `roles` and `legal_entities`; `key_url` takes `csrf_token`,
    `name`, `days` and several `rights`. `fragment_url` answers with `render_fragment(page)`.
    """

    shell: Shell
    summary: str
    fragment_url: str
    add_url: str
    key_url: str
    rows: tuple[PersonRow, ...]
    keys: tuple[KeyRow, ...]
    roles: tuple[Tick, ...]
    companies: tuple[Tick, ...]
    rights: tuple[Tick, ...]
    cli: str
    empty: EmptyPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPage:
    """One person: what they are, and what can be done.

    Each of the addresses takes POST `csrf_token`; `change_url` several `roles` and `legal_entities`, `key_url` `name`
    and `days`. They are "" where the person is who looks: nobody changes their own roles.
    """

    shell: Shell
    fragment_url: str
    person: PersonRow
    roles: tuple[Tick, ...]
    companies: tuple[Tick, ...]
    keys: tuple[KeyRow, ...]
    change_url: str
    sign_out_url: str
    remove_url: str
    key_url: str
    cli: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMadePage:
    """A key with its secret, this once. `back_href` leads to where it is listed."""

    shell: Shell
    name: str
    secret: str
    back_href: str
