"""Figures for Prometheus, counted from the tables when it asks."""

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from starlette.responses import PlainTextResponse

from throughline.api.asking import TheMachine
from throughline.core.rights import Right, needs
from throughline.hub import figures
from throughline.hub.figures import Figures

router = APIRouter(tags=["system"])


@router.get("/metrics", response_class=PlainTextResponse)
@needs(Right.FOLLOW)
async def get_metrics(machine: TheMachine, request: Request) -> PlainTextResponse:
    """Lanes, runs, holds, effects, subscriptions, calls and webhooks, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Told(await figures.gathered(machine, request.app.state.tally)))
    return PlainTextResponse(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """One look, as the library wants it: it asks for metrics when it prints them."""

    figures: Figures

    def collect(self) -> Iterable[Metric]:
        told = self.figures
        yield GaugeMetricFamily("throughline_lanes_due", "Lanes that are due and free.", value=told.due_lanes)
        yield GaugeMetricFamily(
            "throughline_lane_oldest_due_seconds", "How long the oldest due lane has waited.", told.oldest_due_seconds
        )
        yield _gauge("throughline_runs", "Runs by state.", "state", told.runs)
        yield _gauge("throughline_holds_open", "Open holds by owner.", "owner", told.open_holds)
        at_risk = {currency: float(amount) for currency, amount in told.at_risk.items()}
        yield _gauge("throughline_money_at_risk", "Money that open holds hold up.", "currency", at_risk)
        yield _gauge("throughline_effects", "Effects by state.", "state", told.effects)
        yield _gauge("throughline_subscriptions", "Subscriptions by state.", "state", told.subscriptions)
        yield _gauge(
            "throughline_subscription_behind_seconds",
            "How long ago the oldest event happened that has not arrived.",
            "subscription",
            told.behind_seconds,
        )
        calls = CounterMetricFamily("throughline_calls", "Calls to systems.", labels=("system", "outcome"))
        hooks = CounterMetricFamily("throughline_webhooks", "Webhooks received.", labels=("system", "outcome"))
        for (system, direction, outcome), count in sorted(told.exchanges.items()):
            (calls if direction == "out" else hooks).add_metric((system, outcome), count)
        yield calls
        yield hooks


def _gauge(name: str, help_: str, label: str, values: "dict[str, int] | dict[str, float]") -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family
