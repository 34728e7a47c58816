"""The clocks of one engagement, as the clockwork keeps them: the same ones the figures are made of."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from throughline.console.from_hub import wording
from throughline.console.from_hub.frame import Setting
from throughline.console.from_hub.holds import NEARLY
from throughline.console.from_hub.overview import agreed
from throughline.console.pieces import Clock
from throughline.core.clocks.hops import BY_NAME
from throughline.hub.clocks.listed import Listed

WHOLE = 100


def clocks(found: Sequence[Listed], setting: Setting) -> tuple[Clock, ...]:
    """Those with an agreed time, in the order they began; of an invoice or a month by its name as well."""
    return tuple(clock for each in found if (clock := _clock(each, setting)))


def _clock(each: Listed, setting: Setting) -> Clock | None:
    sla = setting.firm.policies.slas.get(each.hop)
    if sla is None or each.state in {"untimed", "given_up"}:
        return None
    name = BY_NAME[each.hop].title + ("" if each.subject == each.engagement else f", {each.name}")
    if each.state == "paused":
        return Clock(name=name, text="stands still while a hold is open", tone="wait", percent=0)
    if each.due is None:
        return None
    if each.ended is None:
        return _running(name, each.began, each.due, setting.now, agreed(sla))
    if each.state == "missed":
        return Clock(name=name, text=f"missed by {wording.span(each.ended - each.due)}", tone="risk", percent=WHOLE)
    took, whole = timedelta(seconds=each.spent_seconds or 0), each.due - each.began
    percent = max(min(int((each.ended - each.began) / whole * WHOLE), WHOLE), 1) if whole else WHOLE
    return Clock(name=name, text=f"met, {wording.lasted(took)} of {agreed(sla)}", tone="ok", percent=percent)


def _running(name: str, began: datetime, due: datetime, now: datetime, whole: str) -> Clock:
    if now > due:
        return Clock(name=name, text=f"{wording.span(now - due)} over {whole}", tone="risk", percent=WHOLE)
    percent = int((now - began) / (due - began) * WHOLE) if due > began else WHOLE
    tone = "warn" if percent >= NEARLY else "ok"
    return Clock(name=name, text=f"{wording.span(due - now)} left of {whole}", tone=tone, percent=percent)
