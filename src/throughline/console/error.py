"""The error page: what happened, why, and what to do next."""

from dataclasses import dataclass

from throughline.console.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage:
    """`code` is the HTTP status as text, `what` the heading, `why` and `fix` a sentence each.

    `reference` is the correlation id to quote, "" for none. `back_href` and `back_text` lead to a page that works.
    """

    shell: Shell
    code: str
    what: str
    why: str
    fix: str
    back_href: str
    back_text: str
    reference: str = ""
