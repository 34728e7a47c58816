"""The login page: who is there, and do they have the key."""

from dataclasses import dataclass

from throughline.console.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage:
    """`action` takes POST `csrf_token`, `person`, `key` and `next`, where to go then. `wrong` says what failed."""

    shell: Shell
    action: str
    next: str
    wrong: str = ""
