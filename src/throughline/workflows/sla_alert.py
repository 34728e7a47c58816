"""SLA alert: a clock that is near its end, or past it, is told to the channels the firm has named for that."""

from throughline.core.clocks.hops import hop
from throughline.core.entities import Message, MessageId
from throughline.core.events import SlaAtRisk, SlaBreached
from throughline.core.roles import Role
from throughline.core.workflow import Flow, workflow

type Alert = SlaAtRisk | SlaBreached


def by_clock(alert: Alert) -> str:
    return f"{alert.clock}/{alert.type}/{alert.due_at:%Y%m%dT%H%M%S}"


@workflow("sla-alert", on=(SlaAtRisk, SlaBreached), lane=by_clock)
async def sla_alert(flow: Flow, alert: Alert) -> None:
    for channel in flow.firm.policies.alerts.channels:
        name = f"{alert.type}-of-{alert.clock}-at-{alert.due_at:%Y%m%dT%H%M%S}-in-{channel}"
        message = Message(id=MessageId(name), channel=channel, text=said(alert), about=alert.engagement)
        # One channel that does not answer keeps nothing from the others.
        async with flow.part(f"tell {channel}"):
            await flow.put(message, into=Role.CHAT)


def said(alert: Alert) -> str:
    """What is late or nearly, since when, and where to look."""
    title, due = hop(alert.hop).title, f"{alert.due_at:%d %b %H:%M} UTC"
    what = "is late: it was due" if isinstance(alert, SlaBreached) else "is due soon:"
    return f"{title} of {alert.name} {what} {due}. Look: throughline trace {alert.engagement}"
