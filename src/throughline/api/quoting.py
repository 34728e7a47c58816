"""Answers while somebody quotes, over HTTP: asked and answered at once, nothing sent and nothing kept."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from throughline.api.asking import TheMachine
from throughline.api.problems import Wrong
from throughline.api.shapes import Shape
from throughline.core.quoting import Answer
from throughline.core.rights import Right, needs
from throughline.hub import quoting

router = APIRouter(tags=["process"])


class Fact(Shape):
    """Something an answer rests on."""

    name: str = Field(examples=["credit limit"])
    source: str = Field(examples=["netsuite"])
    as_of: datetime | None = Field(description="When its source was last asked; null when nobody knows.")
    age_seconds: float | None


class Answered(Shape):
    """One question: credit, price, template or provision."""

    question: str = Field(examples=["credit"])
    answer: Answer
    why: list[str]
    facts: list[Fact]


class QuoteAnswers(Shape):
    """Everything that can be said of a deal before it is won; what nobody knows is unknown, never guessed."""

    deal: str = Field(examples=["opportunity-k6b5cdsjqj"])
    name: str
    customer: str
    at: datetime
    answers: list[Answered]


@router.get("/quote-answers/{any_id}")
@needs(Right.RATES)
async def get_quote_answers(
    machine: TheMachine, any_id: Annotated[str, Path(examples=["006Hs00001AbCdEIAV"])]
) -> QuoteAnswers:
    """May it be sold on credit, do its prices hold, is there a template, and would it become a contract and a project?

    The last is worked out by planning the deal as if it were won now; systems are asked, nothing is sent.
    """
    try:
        found = await quoting.of(machine, any_id)
    except quoting.NoSuchDeal as error:
        raise Wrong("not_found", str(error)) from error
    answers = [
        Answered(
            question=each.question,
            answer=each.said.answer,
            why=list(each.said.why),
            facts=[Fact.model_validate(fact) for fact in each.facts],
        )
        for each in found.answers
    ]
    return QuoteAnswers(deal=found.deal, name=found.name, customer=found.customer, at=found.at, answers=answers)
