"""What surrounds every page, from the state of the whole."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from throughline.console.from_hub import wording
from throughline.console.guard import SOMEBODY
from throughline.console.shell import Crumb, Shell, navigation
from throughline.core.firm import Firm
from throughline.core.rights import Right, Who
from throughline.hub.admission import is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a request knows before it asks for its page: who asks, when, and the counts beside the sections."""

    firm: Firm
    now: datetime
    who: Who
    csrf_token: str
    engagements: int
    open_holds: int
    breaks: int = 0
    live: bool = True

    @property
    def person(self) -> str:
        """Who is signed in, "" for nobody."""
        return "" if self.who.name == SOMEBODY else self.who.name


def shell(setting: Setting, title: str, section: str, *crumbs: Crumb, cli: str = "") -> Shell:
    pretend = all(is_loopback(urlsplit(system.url).netloc) for system in setting.firm.systems)
    return Shell(
        title=title,
        section=section,
        crumbs=crumbs,
        nav=navigation(
            engagements=f"{setting.engagements:,}",
            holds=f"{setting.open_holds:,}",
            breaks=f"{setting.breaks:,}",
            systems=str(len(setting.firm.systems)) if setting.who.may(Right.ESTATE) else None,
            audit=setting.who.may(Right.AUDIT),
            people=setting.who.may(Right.PEOPLE),
        ),
        environment="Sandbox" if pretend else setting.firm.name,
        environment_detail="local" if pretend else "",
        environment_tone="wait" if pretend else "acc",
        live_url="/live" if setting.live else "",
        now=wording.now_is(setting.now),
        csrf_token=setting.csrf_token,
        person=setting.person,
        sign_out_url="/sign-out" if setting.person else "",
        cli=cli,
    )
