"""A deed: one thing a person can do, with what it will do and the command that does the same."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A form: POST to `url` with `csrf_token`, `reason` and its one `field` ("" for none), labelled `label`.

    `effect` says what it will do. `offers` are values for the field; the field is free text without them. `ticks` are
    (id, words) to be ticked as `id`. `also` is a second field of free text.
    """

    key: str
    verb: str
    icon: str
    url: str
    effect: str
    cli: str
    field: str = ""
    label: str = ""
    offers: tuple[tuple[str, str], ...] = ()
    ticks: tuple[tuple[str, str], ...] = ()
    primary: bool = False
    also: str = ""
    also_label: str = ""
    kind: str = "text"
