"""A change order before the person who must agree to it: now and then, and what each answer does."""

from typing import Any

from throughline.console.from_hub.holds import comparison, effect_of
from throughline.core.changes.preview import AS_AGREED, WITH_IT
from throughline.demo import FIRM
from throughline.hub.firm import load

SHOWN = [
    {"record": AS_AGREED, "contract value": "48,000.00 GBP", "billed": "0.00 GBP"},
    {"record": WITH_IT, "contract value": "60,000.00 GBP", "billed": "0.00 GBP"},
]


def hold(candidates: list[dict[str, str]]) -> dict[str, Any]:
    return {"kind": "question", "part": "gate", "system": None, "why": "Approve it?", "candidates": candidates}


def test_what_is_agreed_stands_beside_what_would_be() -> None:
    shown: Any = hold(SHOWN)

    told = comparison(shown, load(FIRM))

    assert told
    assert [(each.title, each.id) for each in told.candidates] == [("As agreed", ""), ("With the change", "")]
    assert [(each.values, each.differs) for each in told.fields] == [
        (("48,000.00 GBP", "60,000.00 GBP"), True),
        (("0.00 GBP", "0.00 GBP"), False),
    ]


def test_an_answer_to_a_change_says_that_something_is_changed_and_nothing_created() -> None:
    change: Any = hold(SHOWN)
    deal: Any = hold([])

    assert effect_of("approve", change).startswith("The change goes on: contract, billing plan, project")
    assert effect_of("decline", change) == "The change ends here. Nothing is changed; the CRM is told."
    assert effect_of("approve", deal).startswith("The handoff goes on")
