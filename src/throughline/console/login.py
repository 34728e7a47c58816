"""The login page: who is there, and do they have the key."""

from dataclasses import dataclass

from throughline.console.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedInPage:
    """Leads on to `next`: a browser that another site has sent here shows its session only to a page of ours."""

    shell: Shell
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage:
    """`action` takes POST `csrf_token`, `person`, `key` and `next`, where to go then. `wrong` says what failed.

    `service_url` leads to the firm's sign-in service, "" when it has none.
    """

    shell: Shell
    action: str
    next: str
    wrong: str = ""
    service_url: str = ""
